"""Quantities as people write them: `500ms`, `1.5h`, `100MB`, `5%`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

DAY_NS: Final = 86_400 * 10**9
DURATIONS_NS: Final = {
    **{"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000},
    **{"m": 60_000_000_000, "h": 3_600_000_000_000, "d": DAY_NS},
}
SIZES: Final = {
    **{"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12},
    **{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40},
}
SHARES: Final = ("%",)
MOST: Final = 1 << 62
"""Nothing that is measured is more."""

_NUMBER: Final = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?)\s?([A-Za-zµ%]*)", re.ASCII)


def duration_ns(text: str) -> int:
    """`10s`, `500ms`, `1.5h`, `0`. Raises ValueError."""
    return round(_scaled(text, DURATIONS_NS))


def duration_text(ns: int) -> str:
    """The same in the largest unit of which it is a whole number."""
    fitting = [unit for unit, size in DURATIONS_NS.items() if unit != "us" and ns % size == 0]
    return f"{ns // DURATIONS_NS[fitting[-1]]}{fitting[-1]}" if ns else "0"


def size_text(size: int) -> str:
    """The same in the largest unit of which it is a whole number, those of 1,024 first."""
    units = [*SIZES][:0:-1]
    fitting = [unit for unit in units if size % SIZES[unit] == 0 and size >= SIZES[unit]]
    return f"{size // SIZES[fitting[0]]}{fitting[0]}" if fitting else f"{size}B" if size else "0"


def size_bytes(text: str) -> int:
    """`100MB`, `64MiB`, `512B`. Raises ValueError."""
    return round(_scaled(text, SIZES))


def share(text: str) -> float:
    """`5%` as 0.05: the number that is nearest to it. Raises ValueError."""
    digits, _ = _parts(text, SHARES)
    return float(f"{digits}e-2")


def _scaled(text: str, units: Mapping[str, int]) -> float:
    """The number in the unit that stands for 1."""
    digits, unit = _parts(text, units)
    value = float(digits) * units.get(unit, 1)
    if value > MOST:
        raise ValueError(text)
    return value


def _parts(text: str, units: Collection[str]) -> tuple[str, str]:
    """The number and its unit; only 0 needs none."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found[2] not in units and (found[2] or float(found[1]))):
        raise ValueError(text)
    return found[1], found[2]
