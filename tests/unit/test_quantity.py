"""Quantities as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.quantity import MOST, duration_ns, duration_text, share, size_bytes, size_text


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10s", 10**10),
        ("500ms", 5 * 10**8),
        ("500 ms", 5 * 10**8),
        ("1.5h", 5_400_000_000_000),
        ("3us", 3000),
        ("3µs", 3000),
        ("7ns", 7),
        ("2d", 172_800_000_000_000),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_durations(text: str, ns: int) -> None:
    assert duration_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "count"), [("1KB", 1000), ("1KiB", 1024), ("1.5MiB", 1_572_864), ("7B", 7), ("0", 0)]
)
def test_sizes(text: str, count: int) -> None:
    assert size_bytes(text) == count


def test_shares() -> None:
    assert share("5%") == pytest.approx(0.05)
    assert share("0") == 0


@given(st.integers(0, 10**4))
def test_a_share_is_the_number_nearest_to_what_is_written(hundredths: int) -> None:
    assert share(f"{hundredths // 100}.{hundredths % 100:02}%") == hundredths / 10**4


@pytest.mark.parametrize("text", ["", "5", "s", "1e3s", "-1s", "1 0s", "1S", "١s", "9" * 19 + "d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^" + text + "$"):
        duration_ns(text)


@given(st.integers(0, 10**18))
def test_a_duration_is_written_as_it_is_read(ns: int) -> None:
    assert duration_ns(duration_text(ns)) == pytest.approx(ns, rel=1e-9)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (7, "7B"), (1 << 30, "1GiB"), (1536, "1536B"), (3 << 20, "3MiB"), (5000, "5KB")],
)
def test_a_size_is_written_in_the_largest_unit(size: int, text: str) -> None:
    assert size_text(size) == text


@given(st.integers(0, 1 << 50))
def test_a_size_is_written_as_it_is_read(size: int) -> None:
    assert size < MOST
    assert size_bytes(size_text(size)) == size
