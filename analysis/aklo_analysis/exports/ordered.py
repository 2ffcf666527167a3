"""The rows of a table in the order of time, piece by piece.

Tables are nearly in that order. What comes late, after a later row of an earlier piece, is looked
for first and kept; then each piece is sorted together with the late rows that belong into it. So
memory holds one piece and the late rows, whatever the size of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aklo_analysis.frames import Source

TIME: Final = "ts_ns"
Int64 = npt.NDArray[np.int64]


def in_order(trace: Source, name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of a table that has `ts_ns`, as tables of these columns, one of which it is.
    Rows of the same instant keep their order, but for late ones. Raises CorruptTrace."""
    late = _late_rows(trace, name, columns)
    late_ns = _times(late) if late is not None else np.zeros(0, np.int64)
    taken, newest_ns = 0, np.iinfo(np.int64).min
    for piece in trace.pieces(name, [*columns]):
        times = _times(piece)
        on_time = times >= newest_ns
        newest_ns = max(newest_ns, int(times.max(initial=newest_ns)))
        end = int(np.searchsorted(late_ns, newest_ns, "right"))
        parts = [piece.filter(pa.array(on_time))]
        if late is not None:
            parts.append(late.slice(taken, end - taken))
        taken = end
        yield _sorted(parts)


def _late_rows(trace: Source, name: str, columns: Sequence[str]) -> pa.Table | None:
    """In order; None if there are none."""
    if not any(late.any() for late in _is_late(trace, name)):
        return None
    pieces = zip(trace.pieces(name, [*columns]), _is_late(trace, name), strict=True)
    return _sorted([piece.filter(pa.array(late)) for piece, late in pieces if late.any()])


def _is_late(trace: Source, name: str) -> Iterator[npt.NDArray[np.bool_]]:
    """For each piece which of its rows are earlier than one of an earlier piece."""
    newest_ns = np.iinfo(np.int64).min
    for piece in trace.pieces(name, [TIME]):
        times = _times(piece)
        yield times < newest_ns
        newest_ns = max(newest_ns, int(times.max(initial=newest_ns)))


def _times(table: pa.Table) -> Int64:
    found: Int64 = table.column(TIME).to_numpy()
    return found


def _sorted(parts: Sequence[pa.Table]) -> pa.Table:
    """Parts have dictionaries of their own."""
    table = pa.concat_tables(parts).unify_dictionaries()
    times = _times(table)
    if np.all(times[1:] >= times[:-1]):
        return table
    return table.take(pa.array(np.argsort(times, kind="stable")))
