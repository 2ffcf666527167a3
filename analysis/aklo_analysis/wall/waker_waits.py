"""When threads waited and for whom, from what was recorded of those that had no CPU.

Until a thread is woken it waits, for the thread that wakes it; from then on it waits for a CPU.
What is recorded as its waker can also be the thread within whose call an interrupt woke it, as that
of a timer or a disk: so it counts only where what a thread does can end such a wait.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import known_values
from aklo_analysis.wall.call_waits import INTERRUPTED, on_pipes, waits_by_calls
from aklo_analysis.wall.slices import last_before
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import CPU_WAIT, STOPPED, WAITING, Waits
from aklo_trace.schema import OffCpuFlag, ProcessFlag, SyscallFlag

ACTIVITY: Final = {activity.key: code for code, activity in enumerate(ACTIVITIES)}
Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BY_THREADS: Final = (
    *("wait_child", "wait_signal", "pipe_read", "pipe_write", "lock", "ipc"),
    *("process", "exec", "exit"),
)
"""Activities whose waits a thread ends; the last three wait for a child, or for own threads."""
BY_PEERS: Final = ("network", "terminal_read", "terminal_write", "wait_io")
"""Those whose waits an interrupt can end as well."""
GIVES: Final = (
    *("network", "pipe_write", "terminal_write", "write", "write_unknown", "copy"),
    *("close", "exit", "signal"),
)
"""What a thread does when it was it that ended one of these."""


LONG_NS: Final = 1_000_000
"""A thread that waits for so long has no CPU, and that is recorded but for rare times."""


@dataclass(frozen=True)
class _Stretches:
    """Times in which threads had no CPU. `place`: of the call that it was in among those of
    `Threads`, or `UNKNOWN`."""

    thread: Int64
    begin_ns: Int64
    ready_ns: Int64
    end_ns: Int64
    waker: Int64
    stopped: Bools
    place: Int64


def waits_by_wakers(
    frames: Frames, calls: pd.DataFrame, threads: Threads, filtered: bool
) -> list[Waits]:
    """`calls` as `derive` gives them; `filtered`: some of them were not recorded."""
    found = _stretches(frames, threads)
    some = ~found.stopped & _ends_by_threads(frames, calls, threads, found, filtered)
    target = np.where(some & (found.waker != found.thread), found.waker, UNKNOWN)
    call = np.append(threads.calls, UNKNOWN)[found.place]
    nobody, no_cpu = np.full_like(target, UNKNOWN), np.full_like(target, CPU_WAIT)
    state = np.where(found.stopped, STOPPED, WAITING)
    asleep = Waits(found.thread, found.begin_ns, found.ready_ns, target, state, call)
    ready = Waits(found.thread, found.ready_ns, found.end_ns, nobody, no_cpu, call)
    return [asleep, ready, *_untold(frames, calls, threads, found)]


def _stretches(frames: Frames, threads: Threads) -> _Stretches:
    rows = frames.offcpu
    process, waker = (
        positions(frames.processes, "proc_id", rows[name]).astype(np.int64)
        for name in ("proc_id", "waker_proc_id")
    )
    thread = threads.number(frames, process, rows["tid"].to_numpy(np.int64))
    waker = threads.number(frames, waker, known_values(rows["waker_tid"], UNKNOWN))
    begin_ns, dur_ns = rows["ts_ns"].to_numpy(np.int64), rows["dur_ns"].to_numpy(np.int64)
    end_ns = np.maximum(begin_ns + dur_ns, begin_ns)
    ready_ns = rows["ready_ns"].to_numpy(np.int64, na_value=np.iinfo(np.int64).max)
    some = np.flatnonzero(thread != UNKNOWN)
    return _Stretches(
        thread[some],
        begin_ns[some],
        np.clip(ready_ns, begin_ns, end_ns)[some],
        end_ns[some],
        waker[some],
        (rows["flags"].to_numpy()[some] & OffCpuFlag.STOPPED) != 0,
        _call_at(threads, thread[some], begin_ns[some]),
    )


def _call_at(threads: Threads, thread: Int64, at_ns: Int64) -> Int64:
    """The place of the call that each thread was in at a time, or `UNKNOWN`."""
    last = _last_call(threads, thread, at_ns)
    return np.where(np.append(threads.end_ns, 0)[last] > at_ns, last, UNKNOWN)


def _last_call(threads: Threads, thread: Int64, at_ns: Int64) -> Int64:
    """The place of the last call that each thread began by a time, or `UNKNOWN`."""
    low, high = threads.slices[thread], threads.slices[thread + 1]
    return last_before(threads.begin_ns, low, high, at_ns + 1)


def _ends_by_threads(
    frames: Frames, calls: pd.DataFrame, threads: Threads, found: _Stretches, filtered: bool
) -> Bools:
    """Which of them were waits that the waker ended. Where only some calls were recorded, that
    in others is taken for one."""
    rows = np.append(threads.calls, UNKNOWN)
    woken = rows[found.place]
    waking = rows[_last_call(threads, np.maximum(found.waker, 0), found.ready_ns)]
    error = np.append(known_values(frames.syscalls["errno"]), 0)[woken]
    flags = np.append(frames.syscalls["flags"].to_numpy(), 0)[woken]
    fifo = np.append(on_pipes(frames, calls), False)[woken]
    interrupted = (error == errno.EINTR) | (error >= INTERRUPTED)
    interrupted |= (flags & SyscallFlag.UNFINISHED) != 0
    ended = _are(calls, woken, *BY_THREADS) | (_are(calls, woken, "open") & fifo)
    ended |= _are(calls, woken, *BY_PEERS) & _are(calls, waking, *GIVES)
    ended |= _are(calls, woken, "sleep") & interrupted
    ended |= filtered & (woken == UNKNOWN)
    found_them: Bools = ended & (error != errno.ETIMEDOUT)
    return found_them


def _are(calls: pd.DataFrame, rows: Int64, *activities: str) -> Bools:
    """Which of these calls, or `UNKNOWN`, have one of the activities."""
    codes = np.append(calls["activity"].cat.codes.to_numpy(), UNKNOWN)[rows]
    return np.isin(codes, [ACTIVITY[key] for key in activities])


def _untold(
    frames: Frames, calls: pd.DataFrame, threads: Threads, found: _Stretches
) -> Iterator[Waits]:
    """Waits of which the calls alone tell: those that had not ended when the recording did, as
    nobody was woken from them; and long ones whose stretch without a CPU is missing."""
    rows = threads.calls
    flags = frames.syscalls["flags"].to_numpy()[rows]
    runs_on = frames.processes["flags"].to_numpy() & ProcessFlag.END_UNSEEN != 0
    unended = runs_on[threads.process[threads.of_calls]] & (flags & SyscallFlag.UNFINISHED != 0)
    told = np.zeros(len(rows) + 1, bool)
    told[found.place] = True
    missing = ~told[:-1] & (threads.end_ns - threads.begin_ns >= LONG_NS)
    wanted = unended | (missing & _are(calls, rows, *BY_THREADS))
    if not wanted.any():
        return
    whole = waits_by_calls(frames, calls, threads)
    whole = whole.at(np.isin(whole.call, rows[wanted]))
    since_ns = np.zeros(len(threads.process), np.int64)
    np.maximum.at(since_ns, found.thread, found.end_ns)
    begin_ns = np.maximum(whole.begin_ns, since_ns[whole.thread])
    goes_on = np.isin(whole.call, rows[unended])
    yield replace(whole, begin_ns=np.where(goes_on, begin_ns, whole.begin_ns))
