"""The calls of main threads in their order, life by life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.slices import bounds

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """`calls`: rows of `frames.syscalls`, by life and time; `rank`: the number of each among all of
    them by time. Those of life `n` are from `slices[n]` to `slices[n + 1]`. `ts_ns`: when calls
    began, by time alone."""

    calls: Int64
    rank: Int64
    slices: Int64
    ts_ns: Int64

    def around(self, life: Int64, at_ns: Int64) -> tuple[Int64, Int64]:
        """The calls before and after an instant outside calls of each life: rows of
        `frames.syscalls`, or `UNKNOWN`."""
        count = len(self.calls) + 1
        lives = np.repeat(np.arange(len(self.slices) - 1), np.diff(self.slices))
        wanted = life * count + np.searchsorted(self.ts_ns, at_ns)
        place = np.searchsorted(lives * count + self.rank, wanted)
        calls = np.append(self.calls, UNKNOWN)
        return np.where(place > self.slices[life], calls[place - 1], UNKNOWN), np.where(
            place < self.slices[life + 1], calls[place], UNKNOWN
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
    rank = np.argsort(lives.of_calls[rows], kind="stable")
    slices = bounds(lives.of_calls[rows[rank]], len(lives.table))
    return Order(rows[rank], rank, slices, ts_ns[rows])
