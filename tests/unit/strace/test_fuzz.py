"""Spoilt logs: nothing raises, and every line is counted."""

from __future__ import annotations

import io
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.errors import TraceError
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.sources import LogSource

from .lines import any_line
from .readable import Readable, readable

GOLDEN = Path(__file__).parents[2] / "golden" / "strace"
times = st.sampled_from(["1700000000.000002 ", ""])
TEXTS = [path.read_bytes() for path in sorted(GOLDEN.glob("*.log"))]


def read(raw: bytes) -> Readable:
    source = LogSource(stream=io.BytesIO(raw))
    return readable(read_logs([source], workers=0, start_date=date(2024, 5, 1)))


def accounted(found: Readable) -> int:
    statistics = found.statistics
    notes = sum(statistics.non_events.values()) + statistics.unparsed_lines
    return notes + statistics.whole_lines + statistics.unfinished_lines + statistics.resumed_lines


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_a_log_with_bytes_changed_is_read_to_its_end(text: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(text)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(spoilt) - 1))
        length = data.draw(st.integers(0, 30))
        spoilt[at : at + length] = data.draw(st.binary(max_size=30))
    found = read(bytes(spoilt))
    lines = spoilt.count(b"\n") + (not spoilt.endswith(b"\n"))
    assert found.statistics.lines == accounted(found) == lines


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["7 ", "8 ", "99999 ", ""]), st.sampled_from(["1.5 ", ""]), any_line
        ),
        min_size=1,
        max_size=12,
    )
)
def test_odd_lines_in_any_order_are_read_to_the_end(rows: list[tuple[str, str, str]]) -> None:
    text = "7 1700000000.000001 getpid() = 7\n" + "".join(
        pid + time + line.replace("\n", "") + "\n" for pid, time, line in rows
    )
    found = read(text.encode())
    assert found.statistics.lines == accounted(found) == len(rows) + 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_read_to_the_end(raw: bytes) -> None:
    begins_as_compressed = raw.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
    with pytest.raises(TraceError) if begins_as_compressed else nullcontext():
        found = read(raw)
        assert found.statistics.lines == accounted(found)
