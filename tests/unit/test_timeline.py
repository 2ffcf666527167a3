"""A property of processes in time: whole columns at once say what asking one by one says."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.timeline import UNKNOWN, Timeline

PROCS = range(1, 5)
UNHEARD_OF = 9


@dataclass
class Naive:
    """Every value that each process ever had."""

    values: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def start(self, proc: int, ts_ns: int, parent: int | None) -> None:
        value = UNKNOWN if parent is None else self.at(parent, ts_ns)
        self.values[proc] = [(ts_ns, value)]

    def change(self, proc: int, ts_ns: int, value: int) -> None:
        self.values.setdefault(proc, []).append((ts_ns, value))

    def at(self, proc: int, ts_ns: int) -> int:
        """A process has its first value from before we heard of it."""
        values = self.values.get(proc, [])
        held = [value for since, value in values if since <= ts_ns]
        return held[-1] if held else values[0][1] if values else UNKNOWN


STARTS = st.tuples(st.just("start"), st.sampled_from(PROCS), st.none() | st.sampled_from(PROCS))
CHANGES = st.tuples(st.just("change"), st.sampled_from(PROCS), st.integers(0, 3))
WAITS = st.integers(0, 3)


@given(
    st.lists(st.tuples(WAITS, STARTS | CHANGES), max_size=30),
    st.lists(st.tuples(st.integers(0, 90), st.sampled_from([*PROCS, UNHEARD_OF])), max_size=20),
)
def test_it_says_what_a_list_of_values_says(
    happenings: list[tuple[int, tuple[str, int, int | None]]], asked: list[tuple[int, int]]
) -> None:
    timeline, naive, now = Timeline(), Naive(), 0
    for wait, (what, proc, value) in happenings:
        now += wait
        for each in (timeline, naive):
            getattr(each, what)(proc, now, value)
    asked.sort()
    expected = [naive.at(proc, ts_ns) for ts_ns, proc in asked]
    assert [timeline.at(proc, ts_ns) for ts_ns, proc in asked] == expected
    times = np.array([ts_ns for ts_ns, _ in asked], np.int64)
    procs = np.array([proc for _, proc in asked], np.int32)
    assert timeline.of(procs, times).tolist() == expected


def test_a_child_has_what_its_parent_had_at_the_fork() -> None:
    timeline = Timeline()
    timeline.start(1, 0, None)
    timeline.change(1, 10, 5)
    timeline.start(2, 20, 1)
    timeline.change(1, 30, 6)
    assert [timeline.at(2, 25), timeline.at(2, 40), timeline.at(1, 40)] == [5, 5, 6]


def test_a_call_that_began_long_ago_finds_the_old_value() -> None:
    timeline = Timeline()
    timeline.start(1, 0, None)
    for ts_ns in range(10, 100, 10):
        timeline.change(1, ts_ns, ts_ns)
    assert timeline.of(np.array([1, 1], np.int32), np.array([15, 85], np.int64)).tolist() == [
        10,
        80,
    ]


def test_a_process_is_known_for_one_batch_after_its_end() -> None:
    timeline = Timeline()
    timeline.start(1, 0, None)
    timeline.change(1, 1, 7)
    timeline.end(1)
    timeline.forget_ended()
    assert timeline.at(1, 2) == 7
    timeline.forget_ended()
    assert timeline.at(1, 2) == UNKNOWN
