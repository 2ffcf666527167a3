"""Flame graphs of few nodes, and of two traces: nothing gets lost in them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import FUNCTION, PROCESSES, PROGRAM, WALL, Flame, Frame, totals
from aklo_analysis.flame_difference import AFTER, BEFORE, differential, key_of
from aklo_analysis.flame_pruning import Pruned, Stacks, pruned
from aklo_analysis.report import build

from .sample import sample_trace
from .synthetic_trace import SyntheticTrace
from .test_conservation import traces

FRAMES = (Frame("sh", PROGRAM), Frame("f", FUNCTION, "/s.sh"), Frame("sed", PROGRAM))


@st.composite
def trees(draw: st.DrawFn) -> Stacks:
    """Nodes whose parents have smaller numbers."""
    count = draw(st.integers(1, 30))
    parent = [draw(st.integers(UNKNOWN, node - 1)) for node in range(count)]
    values = st.lists(st.integers(0, 50), min_size=count, max_size=count)
    frame = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    own = {name: np.array(draw(values), np.int64) for name in ("a", "b")}
    return Stacks(FRAMES, np.array(frame, np.int64), np.array(parent, np.int64), own)


def small_tree() -> Stacks:
    """sh 1 -> (f 2 -> sed 9, f 1), sed 3"""
    return Stacks(
        FRAMES,
        np.array([0, 1, 2, 1, 2], np.int64),
        np.array([UNKNOWN, 0, 1, 0, UNKNOWN], np.int64),
        {"a": np.array([1, 2, 9, 1, 3], np.int64)},
    )


def test_the_largest_stay_and_the_others_are_summed_up_where_they_were() -> None:
    found = pruned(small_tree(), 3)
    assert found.frame.tolist() == [0, 1, 2, UNKNOWN, UNKNOWN]
    assert found.parent.tolist() == [UNKNOWN, 0, 1, UNKNOWN, 0]
    assert found.merged.tolist() == [0, 0, 0, 1, 1]
    assert found.own["a"].tolist() == [1, 2, 9, 3, 1]


def kept(found: Pruned) -> int:
    return int((found.merged == 0).sum())


@given(trees(), st.integers(0, 12))
def test_no_value_is_lost_and_parents_come_first(stacks: Stacks, nodes: int) -> None:
    found = pruned(stacks, nodes)
    for name, own in stacks.own.items():
        assert found.own[name].sum() == own.sum()
    assert (found.parent < np.arange(len(found.parent))).all()
    assert kept(found) <= nodes
    assert len(found.parent) <= 2 * nodes + 1
    assert found.merged.sum() + kept(found) == len(stacks.parent)


@given(trees())
def test_with_room_for_all_it_is_the_same(stacks: Stacks) -> None:
    found = pruned(stacks, 99)
    assert found.parent.tolist() == stacks.parent.tolist()
    assert found.frame.tolist() == stacks.frame.tolist()
    assert not found.merged.any()


def test_totals_are_with_all_above() -> None:
    stacks = small_tree()
    assert totals(stacks.parent, stacks.own["a"]).tolist() == [13, 11, 9, 1, 3]


def flame_of(trace: SyntheticTrace) -> Flame:
    return build(trace).flame


def test_the_same_way_is_one_node_with_both_values() -> None:
    before, changed = sample_trace(), sample_trace()
    for row in changed.rows["processes"][1:4]:
        row["end_ns"] += 1
    changed.rows["images"][-1]["exe"] = "/usr/bin/awk"
    changed.rows["images"][-1]["argv"] = ["awk"]
    found = differential(flame_of(before), flame_of(changed), [PROCESSES])
    names = [found.frames[place].name for place in found.frame.tolist()]
    sums = {
        name: (
            int(found.own[key_of(BEFORE, PROCESSES)][node]),
            int(found.own[key_of(AFTER, PROCESSES)][node]),
        )
        for node, name in enumerate(names)
        if name in ("sed", "awk")
    }
    assert sums == {"sed": (8, 7), "awk": (0, 1)}


@given(traces(), traces())
def test_both_sides_keep_their_sums(before: SyntheticTrace, after: SyntheticTrace) -> None:
    first, second = flame_of(before), flame_of(after)
    found = differential(first, second, [WALL])
    assert found.own[key_of(BEFORE, WALL)].sum() == first.own[WALL].sum()
    assert found.own[key_of(AFTER, WALL)].sum() == second.own[WALL].sum()
    assert (found.parent < np.arange(len(found.parent))).all()
