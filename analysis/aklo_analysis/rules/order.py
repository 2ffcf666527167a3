"""The calls of main threads in their order, life by life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.slices import bounds, first_at

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """`calls`: rows of `frames.syscalls`, by life and time; `ts_ns`: when they began. Those of
    life `n` are from `slices[n]` to `slices[n + 1]`."""

    calls: Int64
    ts_ns: Int64
    slices: Int64

    def around(self, life: Int64, at_ns: Int64) -> tuple[Int64, Int64]:
        """The calls before and after an instant outside calls of each life: rows of
        `frames.syscalls`, or `UNKNOWN`."""
        low, high = self.slices[life], self.slices[life + 1]
        place = first_at(self.ts_ns, low, high, at_ns)
        calls = np.append(self.calls, UNKNOWN)
        return np.where(place > low, calls[place - 1], UNKNOWN), np.where(
            place < high, calls[place], UNKNOWN
        )

    @property
    def previous(self) -> Int64:
        """For each place in `calls` the call before it in the same life, or `UNKNOWN`."""
        found = np.append(np.int64(UNKNOWN), self.calls[:-1])[: len(self.calls)]
        found[self.slices[:-1][np.diff(self.slices) > 0]] = UNKNOWN
        return found


def order(frames: Frames, calls: pd.DataFrame, lives: Lives) -> Order:
    """`calls` as `derive` gives them."""
    ts_ns = frames.syscalls["ts_ns"].to_numpy()
    rows = np.flatnonzero(calls["leader"].to_numpy())
    rows = rows[np.argsort(ts_ns[rows], kind="stable")]
    rows = rows[np.argsort(lives.of_calls[rows], kind="stable")]
    return Order(rows, ts_ns[rows], bounds(lives.of_calls[rows], len(lives.table)))
