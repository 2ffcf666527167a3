"""Places in shell code, by `site_id`."""

from __future__ import annotations

from typing import Final, NamedTuple

from aklo_analysis.frames import Source, frame
from aklo_analysis.nullable import objects
from aklo_analysis.stacks import NO_FILES
from aklo_trace import schema


class Place(NamedTuple):
    """`stack`: the functions that led there, outermost first, without the script itself."""

    function: str | None = None
    script: str | None = None
    line: int | None = None
    stack: tuple[str, ...] = ()


NOWHERE: Final = Place()


def places_of(trace: Source) -> dict[int | None, Place]:
    sites = frame(trace, schema.SITES, ("site_id", "function", "file", "line", "stack", "lines"))
    names = ("site_id", "function", "file", "line", "stack", "lines")
    rows = zip(*(objects(sites[name]).tolist() for name in names), strict=True)
    return {
        number: Place(function, None if file in NO_FILES else file, line, _functions(stack, lines))
        for number, function, file, line, stack, lines in rows
    }


def _functions(stack: tuple[str, ...], called_from: tuple[int | None, ...]) -> tuple[str, ...]:
    """Bash calls the script itself main: it was not called from any line."""
    is_script = stack[:1] == ("main",) and called_from[:1] == (None,)
    return stack[1:] if is_script else stack
