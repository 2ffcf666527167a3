"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.units import count, counted, duration, share, size


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0"),
        (1, "1ns"),
        (999, "999ns"),
        (1_000, "1.00µs"),
        (12_345, "12.3µs"),
        (99_960, "100µs"),
        (999_600, "1.00ms"),
        (9_996_000, "10.0ms"),
        (1_234_567_890, "1.23s"),
        (119_940_000_000, "120s"),
        (125_000_000_000, "2m05s"),
        (11_220_000_000_000, "3h07m"),
        (-1_500, "-1.50µs"),
    ],
)
def test_duration(ns: int, text: str) -> None:
    assert duration(ns) == text


@given(st.integers(1, 119_999_999_999))
def test_a_duration_never_shows_four_digits_before_the_point(ns: int) -> None:
    number = duration(ns).rstrip("nµms")
    assert len(number) <= 4
    assert duration(ns).removeprefix(number) in ("ns", "µs", "ms", "s")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (512, "512B"),
        (1536, "1.50KiB"),
        ((1 << 20) - 1, "1.00MiB"),
        (10 << 20, "10.0MiB"),
        (5 << 40, "5.00TiB"),
    ],
)
def test_size(number: int, text: str) -> None:
    assert size(number) == text


def test_count() -> None:
    assert count(1_375_980) == "1,375,980"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, ""), (1, 1000, "<1%"), (1, 2, "50%"), (5, 5, "100%"), (1, 0, ""), (999, 1000, "99%")],
)
def test_share(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_shares_of_a_whole_never_add_up_to_more_than_it(parts: list[int]) -> None:
    percents = [share(part, sum(parts)).rstrip("%") for part in parts]
    assert sum(int(percent) for percent in percents if percent.isdecimal()) <= 100


def test_one_thing_is_not_in_the_plural() -> None:
    assert counted(1, "process", "processes") == "1 process"
    assert counted(0, "program") == "0 programs"
    assert counted(2_000, "process", "processes") == "2,000 processes"
