"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.units import count, duration, share, size


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0"),
        (1, "1 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (12_345, "12.3 µs"),
        (99_960, "100 µs"),
        (999_600, "1.00 ms"),
        (9_996_000, "10.0 ms"),
        (1_234_567_890, "1.23 s"),
        (119_940_000_000, "120 s"),
        (125_000_000_000, "2 min 05 s"),
        (11_220_000_000_000, "3 h 07 min"),
        (-1_500, "-1.50 µs"),
    ],
)
def test_duration(ns: int, text: str) -> None:
    assert duration(ns) == text


@given(st.integers(1, 119_999_999_999))
def test_a_duration_never_shows_four_digits_before_the_point(ns: int) -> None:
    number, _, unit = duration(ns).partition(" ")
    assert len(number) <= 4
    assert unit in ("ns", "µs", "ms", "s")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (512, "512 B"), (1536, "1.50 KiB"), (10 << 20, "10.0 MiB"), (5 << 40, "5.00 TiB")],
)
def test_size(number: int, text: str) -> None:
    assert size(number) == text


def test_count() -> None:
    assert count(1_375_980) == "1,375,980"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0 %"), (1, 1000, "<1 %"), (1, 2, "50 %"), (5, 5, "100 %"), (1, 0, "")],
)
def test_share(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text
