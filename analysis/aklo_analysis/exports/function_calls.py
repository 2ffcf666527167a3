"""The calls of shell functions one by one, in the order of their beginnings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from aklo_analysis.exports.ordered import in_order
from aklo_analysis.frames import Source

COLUMNS: Final = ("ts_ns", "dur_ns", "proc_id", "image_id", "tid", "function", "file")


class FunctionCall(NamedTuple):
    """A row of `calls`; what is not known is None."""

    ts_ns: int
    dur_ns: int | None
    proc_id: int
    image_id: int | None
    tid: int
    function: str | None
    file: str | None


def function_calls(trace: Source) -> Iterator[FunctionCall]:
    """Of a recording with --function-calls. Raises CorruptTrace."""
    for piece in in_order(trace, "calls", COLUMNS):
        columns = (piece.column(name).to_pylist() for name in COLUMNS)
        yield from map(FunctionCall._make, zip(*columns, strict=True))
