"""Runs come in turn, and a warm one always after one that fills the caches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from aklo_trace.benchmarking.plan import arms, plan


@pytest.mark.parametrize("has_cold", [True, False])
def test_each_arm_has_as_many_runs(has_cold: bool) -> None:
    found = [*plan(5, 2, has_cold)]
    assert [one.number for one in found[:2]] == [None, None]
    assert not any(one.arm.is_cold or one.arm.is_traced for one in found[:2])
    count = Counter(one.arm for one in found[2:])
    assert count == dict.fromkeys(arms(has_cold), 5)


def test_rounds_begin_in_turn_and_a_warm_run_follows_one_that_filled_the_caches() -> None:
    found = [*plan(8, 1, has_cold=True)][1:]
    rounds = [[one.arm for one in found if one.number == number] for number in range(1, 9)]
    assert {one[0] for one in rounds} == {*arms(True)}
    assert all(len({*one}) == 4 for one in rounds)
    for before, after in pairwise(found):
        assert before.arm != after.arm or before.number != after.number


def test_names_say_what_is_run() -> None:
    assert [arm.name for arm in arms(False)] == ["warm, untraced", "warm, traced"]
