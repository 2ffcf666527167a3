"""Chance is told from change, and by how much."""

from __future__ import annotations

from random import Random

from aklo_analysis.compare import significance
from aklo_analysis.compare.significance import can_tell, interval


def test_samples_too_small_to_tell_anything() -> None:
    assert not can_tell(3, 3)
    assert can_tell(4, 4)
    assert not can_tell(1, 30)
    assert not can_tell(0, 5)


def test_what_is_apart_is_significant_and_what_is_not_is_not() -> None:
    low, high = [100, 101, 102, 103, 104, 105], [200, 201, 202, 203, 204, 205]
    apart, same = significance.tested([(low, high), (low, [one + 0.5 for one in low])])
    assert apart.is_significant
    assert apart.interval is not None
    assert 95 <= apart.interval.low <= 100 <= apart.interval.high <= 105
    assert not same.is_significant


def test_many_tests_of_chance_alone_find_nothing() -> None:
    """Without the correction some 10 of 200 would be found."""
    chance = Random(7)
    pairs = [[[chance.gauss(100, 5) for _ in range(8)] for _ in range(2)] for _ in range(200)]
    assert sum(one.is_significant for one in significance.tested([(a, b) for a, b in pairs])) == 0


def test_constant_samples_do_not_fail() -> None:
    (found,) = significance.tested([([5] * 5, [5] * 5)])
    assert found.p == 1
    assert significance.tested([]) == []


def test_an_interval_of_few_values_says_nothing() -> None:
    assert interval([1, 2, 3, 4], [5, 6, 7, 8, 9]) is None
