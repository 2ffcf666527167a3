"""What the dashboard adds up stays right, and does not grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_analysis.dashboard.axis import COLUMNS, FINEST_NS, Axis
from aklo_analysis.dashboard.cube import OTHERS, SUMS, Cube
from aklo_analysis.dashboard.seen import DIMENSIONS

from .seeing import HOSTILE, START_NS, sample_state, seen

MS = 1_000_000
names = st.sampled_from(["a", "b", "c", "d", "e"])
calls = st.tuples(st.integers(0, 10**12), st.integers(0, 10**10), names, names, names)


@given(st.lists(st.lists(calls, max_size=8), max_size=8))
@settings(max_examples=25)
def test_sums_are_kept_however_little_room_there_is(parts: list[list[tuple]]) -> None:  # type: ignore[type-arg]
    roomy, cube = Cube(), Cube(most=8)
    for part in parts:
        roomy.add(seen(*part))
        cube.add(seen(*part))
    assert len(cube) <= 8
    assert cube.total == roomy.total
    for dimension in DIMENSIONS:
        rows = cube.rows(dimension, {})
        for name in SUMS:
            assert sum(getattr(row, name) for row in rows) == cube.total[name]


def test_programs_stay_told_apart_when_files_no_longer_are() -> None:
    cube = Cube(most=16)
    for number in range(500):
        cube.add(seen((number, 10, "f", f"/tmp/{number}", "open")))
    assert len(cube) <= 16
    (program,) = cube.rows("program", {})
    assert program.calls == 500
    assert OTHERS in {row.name for row in cube.rows("file", {})}


def test_a_row_can_be_looked_into_and_searched_for() -> None:
    cube = sample_state().cube
    into = cube.rows("file", {"function": "lookup"})
    assert [(row.name, row.calls) for row in into] == [("/x/a.parsed", 40)]
    assert {row.name for row in cube.rows("function", {}, "LOOK")} == {"lookup"}
    assert cube.rows("function", {"file": "none"}) == []
    waited = next(row for row in cube.rows("file", {}) if row.name == "(pipe)")
    assert (waited.work_ns, waited.wait_ns) == (0, 40 * 9 * MS)


def test_what_was_long_ago_is_not_now() -> None:
    cube = Cube()
    cube.add(seen((0, MS, "old", "", "read")))
    cube.add(seen((60_000 * MS, MS, "new", "", "read")))
    recent = {row.name: row.recent for row in cube.rows("function", {})}
    assert recent["new"] > 0.99 > 0.01 > recent["old"]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=30))
def test_an_axis_that_doubles_keeps_every_call(times: list[int]) -> None:
    axis = Axis(doubles=True)
    for at in sorted(times):
        axis.add(seen((at, 5, "f", "", "read")))
    assert axis.calls.sum() == axis.heat.sum() == len(times)
    assert axis.used <= COLUMNS
    assert (max(times) - min(times)) // axis.width_ns < COLUMNS
    assert axis.width_ns == FINEST_NS or (max(times) - min(times)) * 2 // axis.width_ns >= COLUMNS


def test_an_axis_that_scrolls_forgets_what_is_oldest() -> None:
    axis = Axis(FINEST_NS, doubles=False)
    for column in range(COLUMNS + 10):
        axis.add(seen((column * FINEST_NS, 5, "f", "", "read"), failed=column == COLUMNS))
    assert axis.calls.sum() == COLUMNS
    assert axis.failed[COLUMNS - 10] == 1
    axis.reach(START_NS + 10 * COLUMNS * FINEST_NS)
    assert (axis.calls.sum(), axis.used) == (0, COLUMNS)
    axis.add(seen((0, 5, "late", "", "read")))  # from before what is shown
    assert axis.calls.sum() == 0


def test_durations_are_in_the_class_of_their_power_of_two() -> None:
    axis = Axis(doubles=True)
    took = [0, 1, 2, 3, 1023, 1024, 2**47, 2**60, -1]
    axis.add(seen(*((0, ns, "f", "", "read") for ns in took)))
    counts = axis.heat.sum(axis=1)
    assert [counts[0], counts[1], counts[9], counts[10], counts[47]] == [2, 2, 1, 1, 2]
    assert axis.calls.sum() == len(took)


def test_entries_of_caches_are_there_or_absent() -> None:
    state = sample_state()
    (parsed,) = (cache for cache in state.entries if cache.name == "parsed")
    assert (parsed.there, parsed.absent) == (20, 10)  # after an absent one it was made
    assert parsed.ratio == pytest.approx(2 / 3)
    assert all(cache.ratio is None for cache in state.entries if cache.name != "parsed")


def test_what_takes_too_long_is_an_alert_and_the_rest_is_summed() -> None:
    state = sample_state()
    assert [(one.call, one.file) for one in state.slow] == [("fsync", "/x/big")]
    assert state.slow_count == 1
    assert state.rate() > 0
    assert (state.processes, state.ended) == (361, 120)
    assert HOSTILE in {row.name for row in state.cube.rows("file", {})}
    assert np.count_nonzero(state.whole.calls) == 41
