"""Calls over time, by how long they took, in so many columns for ever.

When the columns are full, either each two become one, so that all of a recording of days is there
and a column stands for longer; or what is oldest goes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aklo_analysis.dashboard.seen import Int64, Seen

COLUMNS: Final = 240
CLASSES: Final = 48
"""By powers of two of nanoseconds: the last begins at 39 hours."""
FINEST_NS: Final = 100_000_000


class Axis:
    """`heat[c, t]`: calls of column t that took from 2**c ns to less than 2**(c + 1); of those
    that wait there are none. `calls`, `failed`: of all."""

    def __init__(self, width_ns: int = FINEST_NS, *, doubles: bool) -> None:
        self._doubles = doubles
        self.width_ns = width_ns
        self.start_ns: int | None = None
        self.used = 0
        self.heat = np.zeros((CLASSES, COLUMNS), np.int64)
        self.calls = np.zeros(COLUMNS, np.int64)
        self.failed = np.zeros(COLUMNS, np.int64)

    def add(self, seen: Seen) -> None:
        if not len(seen):
            return
        if self.start_ns is None:
            self.start_ns = int(seen.ts_ns.min())
        self._make_room(int(seen.ts_ns.max()))
        columns = (seen.ts_ns - self.start_ns) // self.width_ns
        is_there = columns >= 0
        columns = np.minimum(columns[is_there], COLUMNS - 1)
        self.used = max(self.used, int(columns.max(initial=0)) + 1)
        self.calls += np.bincount(columns, minlength=COLUMNS)
        self.failed += np.bincount(columns[seen.failed[is_there]], minlength=COLUMNS)
        timed = (seen.dur_ns[is_there] >= 0) & ~seen.waits[is_there]
        took_ns = np.maximum(seen.dur_ns[is_there][timed], 1)
        classes = np.minimum(np.frexp(took_ns.astype(np.float64))[1] - 1, CLASSES - 1)
        np.add.at(self.heat, (classes, columns[timed]), 1)

    def reach(self, at_ns: int) -> None:
        """Go on to that moment, also if nothing was called."""
        if self.start_ns is not None:
            self._make_room(at_ns)
            self.used = max(self.used, min((at_ns - self.start_ns) // self.width_ns + 1, COLUMNS))

    def _make_room(self, end_ns: int) -> None:
        assert self.start_ns is not None
        if self._doubles:
            while (end_ns - self.start_ns) // self.width_ns >= COLUMNS:
                self._double()
            return
        beyond = (end_ns - self.start_ns) // self.width_ns - COLUMNS + 1
        if beyond > 0:
            self._forget(beyond)

    def _double(self) -> None:
        for name in ("heat", "calls", "failed"):
            before: Int64 = getattr(self, name)
            pairs = before.reshape(*before.shape[:-1], -1, 2).sum(axis=-1)
            setattr(self, name, np.concatenate([pairs, np.zeros_like(pairs)], axis=-1))
        self.used = -(-self.used // 2)
        self.width_ns *= 2

    def _forget(self, count: int) -> None:
        assert self.start_ns is not None
        for name in ("heat", "calls", "failed"):
            before: Int64 = getattr(self, name)
            gone = min(count, COLUMNS)
            kept = np.zeros_like(before)
            kept[..., : COLUMNS - gone] = before[..., gone:]
            setattr(self, name, kept)
        self.start_ns += count * self.width_ns
        self.used = max(self.used - count, 0)
