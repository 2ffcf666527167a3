"""What is limited: times, counts, shares, sizes, and how severe findings are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aklo_analysis import units
from aklo_analysis.rules.finding import SEVERITIES
from aklo_trace.quantity import duration_ns, share, size_bytes

Amount = int | float
LEVELS: Final = tuple(name for name, _ in reversed(SEVERITIES))
"""Of findings, the least severe first."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """`unit` is that of its amounts. `read` takes what stands in a configuration, and raises
    ValueError for what is not `allowed`; `shown` is for people."""

    unit: str
    allowed: str
    read: Callable[[int | float | str], Amount]
    shown: Callable[[Amount], str]


def _duration(given: int | float | str) -> int:
    """A number without a unit is in milliseconds, as aklo has it."""
    return duration_ns(given if isinstance(given, str) and not _is_number(given) else f"{given}ms")


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _count(given: int | float | str) -> int:
    return int(given) if isinstance(given, str) else _whole(given)


def _whole(given: int | float) -> int:
    if given != int(given):
        raise ValueError(given)
    return int(given)


def _size(given: int | float | str) -> int:
    return size_bytes(given if isinstance(given, str) and not _is_number(given) else f"{given}B")


def _share(given: int | float | str) -> float:
    return share(str(given))


def _level(given: int | float | str) -> int:
    return LEVELS.index(str(given))


def _percent(amount: Amount) -> str:
    return f"{100 * amount:.3g}%"


DURATION: Final = Quantity(
    "ns", "a time such as 500ms or 2s", _duration, lambda ns: units.duration(int(ns))
)
COUNT: Final = Quantity("count", "a whole number", _count, lambda n: units.count(int(n)))
SIZE: Final = Quantity("bytes", "a size such as 64MiB", _size, lambda n: units.size(int(n)))
SHARE: Final = Quantity("ratio", "a share such as 5%", _share, _percent)
SEVERITY: Final = Quantity(
    "severity", f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}", _level, lambda n: LEVELS[int(n)]
)
