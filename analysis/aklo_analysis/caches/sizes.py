"""How much room the entries of a cache take, as far as a trace shows it.

What was read and written shows how large a file is: up to where the last of it ended. What replaces
an entry by renaming has the size that is read later. Entries that nobody touched are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.steps import OPEN, READ, REMOVE, WRITE, Step
from aklo_analysis.nullable import optional_int

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Ranges = Mapping[int, tuple[int | None, int]]
"""Of a call that moved something, where in the file that began, if it is known, and how much."""


@dataclass(frozen=True, slots=True)
class Size:
    """`most_bytes`: the most that the known entries took at a time, with the files beside them;
    `growth_bytes`: how much more they took at the end than at the beginning."""

    entries: int
    most_bytes: int
    growth_bytes: int


def size(steps: Iterable[list[Step]], ranges: Ranges) -> Size:
    """`steps` of each entry of a cache."""
    changes: list[tuple[int, int]] = []
    entries = begin_bytes = 0
    for of_entry in steps:
        entries += 1
        for companion in (False, True):
            file = _File()
            for step in of_entry:
                if step.companion == companion:
                    file.take(step, ranges)
            begin_bytes += file.begin_bytes
            changes += file.changes
    now_bytes = most_bytes = begin_bytes
    for _, change in sorted(changes, key=lambda change: change[0]):
        now_bytes += change
        most_bytes = max(most_bytes, now_bytes)
    return Size(entries, most_bytes, now_bytes - begin_bytes)


def ranges(case: Case, steps: Iterable[list[Step]]) -> Ranges:
    """Those of the steps that moved something."""
    rows = [s.call for found in steps for s in found if s.kind in (READ, WRITE)]
    if not rows:
        return {}
    offset = case.frames.column("offset").iloc[rows].tolist()
    moved = case.calls["bytes"].to_numpy(np.int64)[rows].tolist()
    found = zip(rows, map(optional_int, offset), moved, strict=True)
    return {row: (begin, count) for row, begin, count in found if count}


class _File:
    """How large a file is, step by step."""

    def __init__(self) -> None:
        self.begin_bytes = 0
        self.changes: list[tuple[int, int]] = []
        self._bytes = self._end_bytes = 0
        self._is_new = False

    def take(self, step: Step, ranges: Ranges) -> None:
        if step.kind == REMOVE:
            self._become(step, 0)
            self._is_new = True
        elif step.call in ranges:
            self._move(step, *ranges[step.call])
        elif step.kind in (OPEN, WRITE):  # it is opened, and the position at the beginning
            self._end_bytes = 0

    def _move(self, step: Step, begin: int | None, count: int) -> None:
        """Where it is not known where a call began, it went on where the last one ended; but one
        that reads can have gone back before, and says nothing of what is known already."""
        if begin is None:
            if step.kind == READ and self._is_new:
                return
            begin = self._end_bytes
        self._end_bytes = begin + count
        if step.kind == READ:
            self._seen(step, self._end_bytes)
        else:
            self._become(step, self._end_bytes if begin == 0 else max(self._end_bytes, self._bytes))
            self._is_new = True

    def _seen(self, step: Step, end: int) -> None:
        """What is read of a file that nobody wrote was there from the beginning."""
        if end <= self._bytes:
            return
        if self._is_new:
            self._become(step, end)
        else:
            self.begin_bytes = self._bytes = end

    def _become(self, step: Step, count: int) -> None:
        self.changes.append((step.at_ns, count - self._bytes))
        self._bytes = count
