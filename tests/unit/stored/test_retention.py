"""Which traces are to go, and why."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.quantity import DAY_NS
from aklo_trace.retention import Limits, Removal, removals
from aklo_trace.stored import FINISHED, INTERRUPTED, RECORDING, Stored
from aklo_trace.summary import Totals

NOW_NS = 1000 * DAY_NS
MIB = 1 << 20


def trace(
    name: str, days: float = 0, size: int = MIB, is_pinned: bool = False, state: str = FINISHED
) -> Stored:
    closed_ns = NOW_NS - int(days * DAY_NS)
    totals = Totals(*("aklo", "/", "dev", "ebpf", 0, 0, 0, None, True, None, 7, 0), size_bytes=size)
    return Stored(Path("/store", name), state, is_pinned, closed_ns, totals)


def gone(traces: list[Stored], limits: Limits, free: int | None = None) -> list[tuple[str, str]]:
    found = removals(traces, limits, NOW_NS, free)
    return [(removal.trace.name, removal.why) for removal in found]


def test_what_is_too_old_goes_oldest_first() -> None:
    traces = [trace("a", 7.5), trace("b", 6.5), trace("c", 30), trace("d", 0)]
    assert gone(traces, Limits(days=7)) == [("c", "older than 7 days"), ("a", "older than 7 days")]
    assert gone(traces, Limits(days=1))[-1] == ("b", "older than 1 day")
    assert gone(traces, Limits()) == []


def test_of_too_many_the_oldest_go() -> None:
    traces = [trace(name, days) for days, name in enumerate("abcd")]
    assert gone(traces, Limits(traces=2)) == [
        ("d", "more than 2 traces"),
        ("c", "more than 2 traces"),
    ]


def test_of_too_much_the_oldest_go() -> None:
    traces = [trace(name, days, size=4 * MIB) for days, name in enumerate("abcd")]
    assert gone(traces, Limits(bytes=9 * MIB)) == [
        ("d", "more than 9MiB of traces"),
        ("c", "more than 9MiB of traces"),
    ]


def test_in_want_of_room_as_many_go_as_make_it() -> None:
    traces = [trace(name, days, size=4 * MIB) for days, name in enumerate("abcd")]
    found = gone(traces, Limits(free_bytes=16 * MIB), 10 * MIB)
    assert found == [("d", "less than 16MiB free"), ("c", "less than 16MiB free")]
    assert gone(traces, Limits(free_bytes=16 * MIB), None) == []


def test_the_newest_stays_unless_it_is_too_old() -> None:
    traces = [trace("a", 9), trace("b", 8)]
    assert [name for name, _ in gone(traces, Limits(traces=1, bytes=1, free_bytes=1), 0)] == ["a"]
    assert [name for name, _ in gone(traces, Limits(days=7))] == ["a", "b"]


def test_what_is_pinned_or_recorded_stays_and_counts() -> None:
    traces = [
        trace("a", 9, is_pinned=True),
        trace("b", 8, state=RECORDING),
        trace("c", 3, state=INTERRUPTED, size=0),
        trace("d", 1),
    ]
    assert gone(traces[:2], Limits(days=7)) == []
    assert gone(traces, Limits(bytes=MIB)) == [("c", "more than 1MiB of traces")]


def test_a_clock_that_was_set_back_makes_nothing_old() -> None:
    assert gone([trace("a", -400)], Limits(days=1)) == []


TRACES = st.lists(
    st.builds(
        trace,
        st.uuids().map(str),
        st.floats(-1, 20),
        st.integers(0, 9 * MIB),
        st.booleans(),
        st.sampled_from([FINISHED, RECORDING, INTERRUPTED]),
    ),
    max_size=12,
)


@given(TRACES, st.integers(0, 9), st.integers(0, 9), st.integers(0, 30 * MIB))
def test_what_is_left_is_within_the_limits_or_may_not_go(
    traces: list[Stored], days: int, most: int, size: int
) -> None:
    limits = Limits(days, most, size)
    found = removals(traces, limits, NOW_NS, None)
    removed = {removal.trace.name for removal in found}
    left = [one for one in traces if one.name not in removed]
    by_age = sorted(left, key=lambda one: (one.closed_at_ns, one.name))
    if any(not one.is_pinned and one.state != RECORDING for one in by_age[:-1]):
        assert not most or len(left) <= most
        assert not size or sum(one.size_bytes() for one in left if one.totals) <= size
    assert all(not one.trace.is_pinned for one in found)
    times = [removal.trace.closed_at_ns for removal in found]
    assert times == sorted(times)
    assert all(isinstance(removal, Removal) and removal.why for removal in found)


def test_limits_are_said() -> None:
    assert Limits().said() == "kept for ever: no limit is set"
    assert Limits(1, 1, 1 << 30, 1000).said() == (
        "kept for 1 day, up to 1 trace, up to 1GiB, while 1KB are free"
    )
