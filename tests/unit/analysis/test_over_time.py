"""What is drawn over time: columns, the processes, and how long calls took."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.heat_map import heat_map
from aklo_analysis.over_time import Columns, whole_time
from aklo_analysis.rules.case import Case
from aklo_analysis.timeline import Timeline, timeline

from .sample import sample_trace
from .synthetic_trace import MS, START_NS, SyntheticTrace
from .test_conservation import traces


def timeline_of(trace: SyntheticTrace, bars: int) -> Timeline:
    return timeline(Case.of(trace), columns=10, bars=bars)


def family() -> SyntheticTrace:
    """A process with two children, one after the other, and a third that outlives it."""
    trace = SyntheticTrace(wall_ns=100 * MS)
    trace.image(trace.process(1, 0, 100 * MS, exit_status=0), 0, "/bin/sh", "sh", "x.sh")
    for pid, start, end in (2, 10, 30), (3, 30, 60), (4, 50, None):
        parent = {"parent_proc_id": 1, "ppid": 1}
        trace.process(pid, start * MS, None if end is None else end * MS, **parent)
    trace.call(4, "pause", 60 * MS, 60 * MS)
    return trace


def test_an_instant_has_one_column_and_those_outside_the_nearest() -> None:
    columns = Columns(1000, 100, 10)
    assert columns.edges_ns.tolist() == list(range(1000, 1101, 10))
    found = columns.of(np.array([0, 1000, 1009, 1010, 1099, 1100, 9999]))
    assert found.tolist() == [0, 0, 0, 1, 9, 9, 9]


spans = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)).map(sorted), max_size=20)


@given(spans, st.integers(1, 7))
def test_time_is_shared_among_the_columns_it_is_in(
    found: list[tuple[int, int]], count: int
) -> None:
    columns = Columns(50, 100, count)
    starts, ends = np.array([*zip(*found, strict=True)], np.int64).reshape(2, -1)
    expected = [
        sum(max(0, min(end, high) - max(start, low)) for start, end in found)
        for low, high in pairwise(columns.edges_ns.tolist())
    ]
    assert columns.shared(starts, ends).tolist() == expected


def test_sums_on_the_way_may_be_larger_than_any_number() -> None:
    many, day_ns = 100_000, 86_400_000_000_000
    starts = np.full(many, START_NS)
    found = Columns(START_NS, 3 * day_ns, 3).shared(starts, starts + 2 * day_ns)
    assert (found // day_ns).tolist() == [many, many, 0]


def test_children_stand_below_their_parents_and_beside_whom_they_meet() -> None:
    found = timeline_of(family(), bars=9)
    assert [(bar.pid, bar.lane) for bar in found.bars] == [(1, 0), (2, 1), (3, 1), (4, 2)]
    assert (found.lanes, found.others) == (3, 0)
    assert found.columns.ns == 120 * MS


def test_a_process_says_what_it_was() -> None:
    shell, _, _, last = timeline_of(family(), bars=9).bars
    assert (shell.program, shell.argv, shell.copied) == ("x.sh (sh)", ("sh", "x.sh"), False)
    assert (shell.start_ns, shell.ns, shell.ended, shell.exit_status) == (0, 100 * MS, True, 0)
    assert (last.start_ns, last.ns, last.ended, last.copied) == (50 * MS, 70 * MS, False, True)


def test_the_longest_are_drawn_and_the_others_counted_where_they_were() -> None:
    found = timeline_of(family(), bars=2)
    assert [bar.pid for bar in found.bars] == [1, 4]
    assert found.others == 2
    assert found.others_ns == tuple(ms * MS for ms in (2, 12, 12, 12, 12, 0, 0, 0, 0, 0))


@given(traces(), st.integers(0, 3))
def test_no_bar_covers_another_and_no_time_is_missing(trace: SyntheticTrace, bars: int) -> None:
    case = Case.of(trace)
    found, all_of_them = (timeline(case, 7, number) for number in (bars, 99))
    assert sum(bar.ns for bar in all_of_them.bars) == sum(found.others_ns) + sum(
        bar.ns for bar in found.bars
    )
    ends: dict[int, int] = {}
    for bar in all_of_them.bars:
        assert ends.get(bar.lane, 0) <= bar.start_ns
        ends[bar.lane] = bar.start_ns + bar.ns
    assert sum(map(sum, found.doings_ns.values())) == case.wall.wall_ns


@given(traces())
def test_every_call_with_a_duration_is_in_the_heat_map(trace: SyntheticTrace) -> None:
    case = Case.of(trace)
    found = heat_map(case, 7)
    timed = int((~case.calls["untimed"]).sum())
    assert sum(int(layer.counts.sum()) for layer in found.layers) == timed


def test_a_call_is_where_it_began_and_as_high_as_it_took() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS)
    trace.process(1, 0, 100 * MS)
    trace.call(1, "read", 25 * MS, 1024, fd=3, file_id=trace.file("/x"))
    trace.call(1, "nanosleep", 30 * MS, 70 * MS)
    sleep, read = sorted(heat_map(Case.of(trace), 10).layers, key=lambda one: one.activity.io)
    assert (sleep.activity.key, read.activity.key) == ("sleep", "read")
    assert np.argwhere(read.counts).tolist() == [[10, 2]]
    assert np.argwhere(sleep.counts).tolist() == [[26, 3]]


@pytest.mark.parametrize("trace", [SyntheticTrace(), sample_trace(), SyntheticTrace(wall_ns=0)])
def test_any_trace_can_be_drawn(trace: SyntheticTrace) -> None:
    case = Case.of(trace)
    assert whole_time(case, 3).ns > 0
    assert timeline(case, 3, 5).bars or not trace.rows["processes"]
    assert heat_map(case, 3).layers or not trace.rows["syscalls"]
