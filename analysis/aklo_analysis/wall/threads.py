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
from aklo_analysis.nullable import known_values
from aklo_analysis.wall.slices import bounds
from aklo_trace.schema import SyscallFlag

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Threads:
    """Of each thread its `process`, when that began and ended, and the `parent`: the main thread
    of the process that forked it, or `UNKNOWN`. `calls` are rows of `frames.syscalls`, sorted by
    thread and time, from `begin_ns` to `end_ns`, and never two at once; those of thread `n` are
    from `slices[n]` to `slices[n + 1]`. `of_calls` is the thread of each of them. `others`: the
    keys of the threads that are not main ones, sorted, as their numbers are."""

    process: Int64
    first_ns: Int64
    last_ns: Int64
    parent: Int64
    calls: Int64
    of_calls: Int64
    begin_ns: Int64
    end_ns: Int64
    slices: Int64
    others: Int64

    def number(self, frames: Frames, process: Int64, tid: Int64) -> Int64:
        """The thread of a process, given by its row, with that tid; or `UNKNOWN`."""
        keys = process << 32 | tid
        place = np.searchsorted(self.others, keys)
        known = (tid >= 0) & (np.append(self.others, UNKNOWN)[place] == keys)
        other = np.where(known, len(self.process) - len(self.others) + place, UNKNOWN)
        main = np.append(frames.processes["pid"].to_numpy(np.int64), UNKNOWN)[process] == tid
        return np.where(process == UNKNOWN, UNKNOWN, np.where(main, process, other))


def threads(frames: Frames, calls: pd.DataFrame, lives: Lives) -> Threads:
    """`calls` as `derive` gives them."""
    count = len(frames.processes)
    rows = np.flatnonzero(calls["process"].to_numpy() != UNKNOWN)
    others = _others(frames, calls, rows)
    process = np.concatenate([np.arange(count), others >> 32])
    numbers = _numbers(frames, calls, rows, others)
    order = _by_time(numbers, frames.syscalls["ts_ns"].to_numpy()[rows])
    rows, numbers = rows[order], numbers[order]
    first_ns, last_ns = _existence(lives, count)
    parent = positions(frames.processes, "proc_id", frames.processes["parent_proc_id"])
    return Threads(
        process=process,
        first_ns=first_ns[process],
        last_ns=last_ns[process],
        parent=np.concatenate([parent.astype(np.int64), others >> 32]),
        calls=rows,
        of_calls=numbers,
        begin_ns=frames.syscalls["ts_ns"].to_numpy()[rows],
        end_ns=_ends(frames, calls, rows, numbers, last_ns[process]),
        slices=bounds(numbers, len(process)),
        others=others,
    )


def _others(frames: Frames, calls: pd.DataFrame, rows: Int64) -> Int64:
    """The keys of threads that are not main ones: those that made calls, and those that had no
    CPU for a time, or woke others then."""
    rows = rows[~calls["leader"].to_numpy()[rows]]
    process = [calls["process"].to_numpy(np.int64)[rows]]
    tids = [frames.syscalls["tid"].to_numpy(np.int64)[rows]]
    pids = np.append(frames.processes["pid"].to_numpy(np.int64), UNKNOWN)
    for proc_id, tid in ("proc_id", "tid"), ("waker_proc_id", "waker_tid"):
        of = positions(frames.processes, "proc_id", frames.offcpu[proc_id]).astype(np.int64)
        number = known_values(frames.offcpu[tid], UNKNOWN)
        other = (of != UNKNOWN) & (pids[of] != number) & (number >= 0)
        process.append(of[other])
        tids.append(number[other])
    return np.unique(np.concatenate(process) << 32 | np.concatenate(tids))


def _numbers(frames: Frames, calls: pd.DataFrame, rows: Int64, others: Int64) -> Int64:
    """The thread of the call in each row."""
    numbers = calls["process"].to_numpy(np.int64)[rows]
    some = np.flatnonzero(~calls["leader"].to_numpy()[rows])
    keys = numbers[some] << 32 | frames.syscalls["tid"].to_numpy(np.int64)[rows[some]]
    numbers[some] = len(frames.processes) + np.searchsorted(others, keys)
    return numbers


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
