"""Rows come in the order of time, whatever the order of the table and wherever its pieces end."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.exports.calls import calls
from aklo_analysis.exports.ordered import in_order

from ..synthetic_trace import START_NS, SyntheticTrace


@given(st.lists(st.integers(0, 30)), st.integers(1, 5))
def test_all_rows_are_there_in_order(times: list[int], piece_rows: int) -> None:
    trace = SyntheticTrace(piece_rows=piece_rows)
    for number, at in enumerate(times):
        trace.call(number, "read", at, 1)
    found = [call.ts_ns - START_NS for call in calls(trace)]
    assert found == sorted(times)
    assert sorted(call.proc_id for call in calls(trace)) == list(range(len(times)))


def test_memory_holds_a_piece_and_what_is_late() -> None:
    """Of a long table with one late row in each hundred, no more is read at a time."""

    class Counting(SyntheticTrace):
        alive = 0

        def pieces(self, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
            for piece in super().pieces(name, columns):
                self.alive = max(self.alive, len(piece))
                yield piece

    trace = Counting(piece_rows=50)
    for at in range(0, 1000, 2):
        trace.call(1, "read", at if at % 100 else at // 2, 1)
    found = list(in_order(trace, "syscalls", ["ts_ns"]))
    assert max(map(len, found)) <= 50 + 10
    assert trace.alive == 50
