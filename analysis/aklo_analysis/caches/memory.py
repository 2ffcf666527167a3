"""What lookups took of memory: how much the heaps of shells grew meanwhile.

A heap grows by `brk`, which returns where it ends. How much a process maps besides is not in a
trace. A process that was forked goes on where the heap of its parent ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aklo_analysis.caches.answer import Answer
from aklo_analysis.caches.lookups import NEAR
from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.nullable import known_values

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much the heap of a shell grew, and when."""

    at_ns: int
    life: int
    bytes: int


def _growths(case: Case) -> list[Growth]:
    """All growth of the heaps of shells."""
    rows = np.flatnonzero(among(case.calls["syscall"], ("brk",)))
    at_ns = case.frames.syscalls["ts_ns"].to_numpy(np.int64)[rows]
    ends = known_values(case.frames.syscalls["ret"].iloc[rows], UNKNOWN)
    order = np.argsort(at_ns, kind="stable")
    columns = at_ns[order], ends[order], case.lives.of_calls[rows[order]]
    origin, shells = case.lives.table["origin"].tolist(), case.places.shells.tolist()
    copies = case.places.copies.tolist()
    last: dict[int, int] = {}
    found: list[Growth] = []
    for at, end, life in zip(*(column.tolist() for column in columns), strict=True):
        before = last.get(life, last.get(origin[life]) if copies[life] else None)
        last[life] = end
        if before is not None and end > before and shells[life]:
            found.append(Growth(at, life, end - before))
    return found


class Heaps:
    """The heaps of shells, looked at when somebody asks for them."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def grown(self, answers: Sequence[Answer]) -> int:
        """By how many bytes the heaps of those that looked up grew meanwhile. `answers` by
        time."""
        return _grown(self._case, self._growths, answers) if answers else 0

    @cached_property
    def _growths(self) -> list[Growth]:
        return _growths(self._case)


def _grown(case: Case, growth: Sequence[Growth], answers: Sequence[Answer]) -> int:
    starts_ns = [answer.start_ns for answer in answers]
    total = 0
    for one in growth:
        place = bisect_right(starts_ns, one.at_ns)
        near = answers[max(0, place - NEAR) : place]
        if any(a.end_ns >= one.at_ns and case.family.is_from(one.life, a.life) for a in near):
            total += one.bytes
    return total


def largest(case: Case, answers: Sequence[Answer]) -> int | None:
    """The peak resident memory of the largest process that looked up; None if it is not known."""
    lives = sorted({answer.life for answer in answers if answer.life != UNKNOWN})
    process = case.lives.table["process"].to_numpy()[lives]
    peaks = case.frames.processes["max_rss_bytes"].iloc[process[process != UNKNOWN]].dropna()
    return int(peaks.max()) if len(peaks) else None
