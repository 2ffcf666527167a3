"""The threads of a trace, each with its calls in order of time.

Thread `n` is the main thread of the process in row `n` of `frames.processes`; other threads
have the numbers behind these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.slices import bounds
from aklo_trace.schema import SyscallFlag

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Threads:
    """Of each thread its `process`, when that began and ended, and the `parent`: the main thread
    of the process that forked it, or `UNKNOWN`. `calls` are rows of `frames.syscalls`, sorted by
    thread and time, from `begin_ns` to `end_ns`, and never two at once; those of thread `n` are
    from `slices[n]` to `slices[n + 1]`. `of_calls` is the thread of each of them."""

    process: Int64
    first_ns: Int64
    last_ns: Int64
    parent: Int64
    calls: Int64
    of_calls: Int64
    begin_ns: Int64
    end_ns: Int64
    slices: Int64

    @property
    def count(self) -> int:
        return len(self.process)


def threads(frames: Frames, calls: pd.DataFrame, lives: Lives) -> Threads:
    """`calls` as `derive` gives them."""
    count = len(frames.processes)
    rows = np.flatnonzero(calls["process"].to_numpy() != UNKNOWN)
    numbers, process = _numbers(frames, calls, rows, count)
    order = _by_time(numbers, frames.syscalls["ts_ns"].to_numpy()[rows])
    rows, numbers = rows[order], numbers[order]
    first_ns, last_ns = _existence(lives, count)
    begin_ns = frames.syscalls["ts_ns"].to_numpy()[rows]
    end_ns = _ends(frames, calls, rows, numbers, last_ns[process])
    parent = positions(frames.processes, "proc_id", frames.processes["parent_proc_id"])
    parents = np.where(np.arange(len(process)) < count, np.append(parent, 0)[process], process)
    return Threads(
        process=process,
        first_ns=first_ns[process],
        last_ns=last_ns[process],
        parent=parents.astype(np.int64),
        calls=rows,
        of_calls=numbers,
        begin_ns=begin_ns,
        end_ns=end_ns,
        slices=bounds(numbers, len(process)),
    )


def _numbers(frames: Frames, calls: pd.DataFrame, rows: Int64, count: int) -> tuple[Int64, Int64]:
    """The thread of the call in each row, and the process of each thread."""
    process = calls["process"].to_numpy(np.int64)[rows]
    numbers = process.copy()
    others = np.flatnonzero(~calls["leader"].to_numpy()[rows])
    tids = frames.syscalls["tid"].to_numpy(np.int64)[rows[others]]
    codes, found = pd.factorize(process[others] << 32 | tids)
    numbers[others] = count + codes
    return numbers, np.concatenate([np.arange(count), found >> 32]).astype(np.int64)


def _by_time(numbers: Int64, ts_ns: Int64) -> Int64:
    """The order by thread, and then by time."""
    early = np.argsort(ts_ns, kind="stable")
    found: Int64 = early[np.argsort(numbers[early], kind="stable")]
    return found


def _existence(lives: Lives, count: int) -> tuple[Int64, Int64]:
    """When each process began and ended."""
    known = lives.table[~lives.table["stray"]]
    sums = known.groupby("process").agg({"start_ns": "min", "end_ns": "max"})
    sums = sums.reindex(range(count), fill_value=0)
    return sums["start_ns"].to_numpy(np.int64), sums["end_ns"].to_numpy(np.int64)


def _ends(
    frames: Frames, calls: pd.DataFrame, rows: Int64, numbers: Int64, last_ns: Int64
) -> Int64:
    """When each call ended, at the latest when the next one of its thread began. One that never
    returned lasts until then, or until the end of its process."""
    begin_ns = frames.syscalls["ts_ns"].to_numpy()[rows]
    dur_ns = (calls["work_ns"].to_numpy() + calls["wait_ns"].to_numpy())[rows]
    last = np.append(numbers[1:] != numbers[:-1], True)[: len(rows)]
    limit_ns = np.where(last, np.maximum(last_ns[numbers], begin_ns), np.roll(begin_ns, -1))
    unfinished = (frames.syscalls["flags"].to_numpy()[rows] & SyscallFlag.UNFINISHED) != 0
    return np.where(unfinished, limit_ns, np.minimum(begin_ns + dur_ns, limit_ns))
