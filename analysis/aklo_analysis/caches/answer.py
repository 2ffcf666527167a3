"""What became of one lookup in a cache, whatever the cache is made of."""

from __future__ import annotations

from dataclasses import dataclass

HIT, MISS, STALE = OUTCOMES = "hit", "miss", "stale"
"""A stale entry was there, and of no use: that is a miss, too."""

Frame = tuple[str, int | None]
Stack = tuple[Frame, ...]
"""Functions, outermost first, each with the line that it was called from."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome` is one of `OUTCOMES`; `life` whose lookup it was. It lasted from `start_ns` to
    `end_ns`. `work_ns`: what a miss took to make what is looked up, None if that is not known.
    `stack`: the functions around it, the one that looked up last; empty if they are not known.
    `is_apart`: the work came after the lookup, and is no part of its time."""

    outcome: str
    life: int
    start_ns: int
    end_ns: int
    work_ns: int | None
    stack: Stack
    is_apart: bool = False

    @property
    def ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def with_work_ns(self) -> int:
        """Its time, with the work if that came after it."""
        return self.ns + (self.work_ns or 0 if self.is_apart else 0)

    @property
    def is_hit(self) -> bool:
        return self.outcome == HIT
