"""Stretches of time that lie within each other, as the beginnings and ends of a track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FOREVER: Final = (1 << 63) - 1
"""The end of what ends with what is around it."""


class Track:
    """What is open on a track. Whatever is begun is within what is open then, and ends no later.
    Times that are given do not decrease. `now_ns`: that of the last event."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self.now_ns = -FOREVER

    @property
    def depth(self) -> int:
        return len(self._ends)

    def begin(self, ts_ns: int, end_ns: int) -> None:
        self._ends.append(min(end_ns, self._ends[-1]) if self._ends else end_ns)
        self.now_ns = max(self.now_ns, ts_ns)

    def pass_through(self, ts_ns: int) -> None:
        """Something without a duration is there."""
        self.now_ns = max(self.now_ns, ts_ns)

    def until(self, ts_ns: int) -> Iterator[int]:
        """The ends up to then, innermost first."""
        while self._ends and self._ends[-1] <= ts_ns:
            self.now_ns = max(self.now_ns, self._ends.pop())
            yield self.now_ns

    def close(self, depth: int, ts_ns: int) -> Iterator[int]:
        """End what is deeper: when its time has come, and `ts_ns` at the latest."""
        while len(self._ends) > depth:
            self.now_ns = max(self.now_ns, min(self._ends.pop(), ts_ns))
            yield self.now_ns
