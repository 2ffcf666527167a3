"""Which runs there are, and in which order.

Each round has all of them once. They begin with another one each time, so that what changes slowly,
as the clock of the CPU does, meets all alike; but a warm run always comes after one that has
filled the caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to run the command: with cold caches or warm ones, traced or not."""

    is_cold: bool
    is_traced: bool

    @property
    def name(self) -> str:
        """`cold, traced`"""
        temperature = "cold" if self.is_cold else "warm"
        return f"{temperature}, {'traced' if self.is_traced else 'untraced'}"


@dataclass(frozen=True, slots=True)
class Planned:
    """`number` counts from 1; those that warm up have none."""

    arm: Arm
    number: int | None


WARM: Final = (Arm(is_cold=False, is_traced=False), Arm(is_cold=False, is_traced=True))
COLD: Final = (Arm(is_cold=True, is_traced=False), Arm(is_cold=True, is_traced=True))
BOTH: Final = (COLD[0], WARM[1], COLD[1], WARM[0])


def arms(has_cold: bool) -> tuple[Arm, ...]:
    return BOTH if has_cold else WARM


def plan(runs: int, warmup: int, has_cold: bool) -> Iterator[Planned]:
    """`runs` of each arm, after `warmup` that are warm and not counted."""
    yield from (Planned(WARM[0], None) for _ in range(warmup))
    every = arms(has_cold)
    for number in range(1, runs + 1):
        first = (number - 1) % len(every)
        yield from (Planned(arm, number) for arm in (*every[first:], *every[:first]))
