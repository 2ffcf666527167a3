"""Percentiles are durations that occurred, by nearest rank; a histogram has every call."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.distribution import Distribution, Durations, histogram


def test_percentiles_of_one_to_a_hundred() -> None:
    found = Distribution.of(np.arange(100, 0, -1))
    assert found == Distribution(50, 95, 99, 100, (1, 2, 4, 8, 16, 32, 37))


def test_one_duration_is_every_percentile() -> None:
    assert Distribution.of(np.array([7])) == Distribution(7, 7, 7, 7, (0, 0, 1))


def test_no_time_is_in_the_first_bucket() -> None:
    assert histogram(np.array([0, 0, 1, 2, 3, 4])) == (3, 2, 1)


def test_no_durations_have_no_distribution() -> None:
    assert Distribution.of(np.array([], dtype=np.int64)) is None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2**62)), max_size=60))
def test_groups_are_kept_apart(rows: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in rows], dtype=np.int16)
    durations_ns = np.array([ns for _, ns in rows], dtype=np.int64)
    expected = [Distribution.of(durations_ns[codes == group]) for group in range(5)]
    found = Durations.by(codes, durations_ns, 5)
    assert [found.of(group) for group in range(5)] == expected
    assert found.of(1, 3) == Distribution.of(durations_ns[(codes >= 1) & (codes <= 3)])


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=300))
def test_enough_durations_do_not_exceed_a_percentile(values: list[int]) -> None:
    found = Distribution.of(np.array(values, dtype=np.int64))
    assert found is not None
    for percent, limit in (50, found.p50_ns), (95, found.p95_ns), (99, found.p99_ns):
        assert limit in values
        assert sum(value <= limit for value in values) * 100 >= percent * len(values)
        assert sum(value < limit for value in values) * 100 < percent * len(values)
    assert found.max_ns == max(values)


near_a_power = st.builds(
    lambda power, more: max(2**power + more, 0), st.integers(0, 62), st.integers(-2, 2)
)


@given(st.lists(st.integers(0, 2**62) | near_a_power, min_size=1, max_size=300))
def test_a_duration_is_in_the_bucket_of_its_highest_bit(values: list[int]) -> None:
    found = histogram(np.array(values, dtype=np.int64))
    bits = [max(value.bit_length() - 1, 0) for value in values]
    assert found == tuple(map(bits.count, range(max(bits) + 1)))
