"""Which thread each wait was for, as far as the calls themselves tell.

A wait for a child is for the one that it returned. An empty pipe that is read is waited for
until its writer's next write, and the end of its input until the last writer has ended; a full
one that is written to, until its reader's next read; and a fifo that is opened, until its other
end is. What polls a descriptor waits for what its thread does next. Other waits are for nobody
whose thread is known.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES, MEDIUM_OF_KIND
from aklo_analysis.calls import UNKNOWN, categories
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import known_values
from aklo_analysis.wall.slices import latest
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import WAITING, Waits

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ACTIVITY: Final = {activity.key: code for code, activity in enumerate(ACTIVITIES)}
FOR_CHILDREN: Final = ("wait_child", "wait_signal")
FOR_PIPES: Final = ("pipe_read", "pipe_write", "open")
DUPLICATES: Final = ("dup", "dup2", "dup3")
STANDARD_INPUT: Final = 0
INTERRUPTED: Final = 512
"""From here on an errno is the kernel's own, of a call that a signal interrupted."""


@dataclass(frozen=True)
class _Calls:
    """Calls in the order of threads. `file` is a pipe, or `UNKNOWN`. `result` is what a call
    returned, 0 if nothing or not at all; `failed`: with an error that is no interruption.
    `duplicates`: it made a descriptor other than the standard input."""

    thread: Int64
    begin_ns: Int64
    end_ns: Int64
    activity: npt.NDArray[np.integer]
    file: Int64
    result: Int64
    finished: Bools
    failed: Bools
    duplicates: Bools

    def at(self, places: Any) -> _Calls:
        return _Calls(*(getattr(self, field.name)[places] for field in fields(self)))

    def are(self, *activities: str) -> Bools:
        return np.isin(self.activity, [ACTIVITY[key] for key in activities])


def waits_by_calls(frames: Frames, calls: pd.DataFrame, threads: Threads) -> Waits:
    """`calls` as `derive` gives them. Also the waits for children that are not known."""
    made = _made(frames, calls, threads)
    places, asked = _asked(made)
    target = np.full(len(places), UNKNOWN, np.int64)
    for some, found in _answers(frames, threads, made, asked):
        target[some] = found
    target[target == asked.thread] = UNKNOWN
    nobodys = asked.are("wait_child") & ~(asked.finished & (asked.result == 0))
    some = (target != UNKNOWN) | nobodys
    places = places[some]
    return Waits(
        thread=threads.of_calls[places],
        begin_ns=threads.begin_ns[places],
        end_ns=threads.end_ns[places],
        target=target[some],
        state=np.full(len(places), WAITING),
        call=threads.calls[places],
    )


def on_pipes(frames: Frames, calls: pd.DataFrame) -> Bools:
    """Which calls work on a pipe or fifo."""
    is_pipe = frames.files["kind"].astype("object").map(MEDIUM_OF_KIND) == "pipe"
    of_files = np.append(is_pipe.to_numpy(dtype=bool), [False, False])
    found: Bools = of_files[calls["file"].to_numpy()]
    return found


def _made(frames: Frames, calls: pd.DataFrame, threads: Threads) -> _Calls:
    rows = threads.calls
    file = calls["file"].to_numpy(np.int64)[rows]
    error = known_values(frames.syscalls["errno"])[rows]
    result = known_values(frames.syscalls["ret"], UNKNOWN)[rows]
    names, codes = categories(calls["syscall"])
    duplicate = np.array([name in DUPLICATES for name in names], dtype=bool)[codes[rows]]
    return _Calls(
        thread=threads.of_calls,
        begin_ns=threads.begin_ns,
        end_ns=threads.end_ns,
        activity=calls["activity"].cat.codes.to_numpy()[rows],
        file=np.where(on_pipes(frames, calls)[rows], file, UNKNOWN),
        result=np.maximum(result, 0),
        finished=(error == 0) & (result >= 0),
        failed=(error != 0) & (error != errno.EINTR) & (error < INTERRUPTED),
        duplicates=duplicate & (result != STANDARD_INPUT),
    )


def _asked(made: _Calls) -> tuple[Int64, _Calls]:
    """The calls that can have waited for another thread: their places, and what they waited
    to do, which for those that poll is the next call."""
    polls = made.are("wait_io") & (made.result > 0)
    can_wait = polls | made.are(*FOR_CHILDREN, *FOR_PIPES)
    places = np.flatnonzero(can_wait & (made.end_ns > made.begin_ns) & ~made.failed)
    following = np.minimum(places + 1, len(made.thread) - 1)
    goes_on = polls[places] & (made.thread[following] == made.thread[places])
    asked = made.at(np.where(goes_on, following, places))
    asked.begin_ns[:] = made.begin_ns[places]
    asked.end_ns[:] = made.end_ns[places]
    return places, asked


def _answers(
    frames: Frames, threads: Threads, made: _Calls, asked: _Calls
) -> Iterator[tuple[Bools, Int64]]:
    """Which calls are answered, and the threads that these waited for, or `UNKNOWN`."""
    for_children = asked.are(*FOR_CHILDREN)
    yield for_children, _child(frames, threads, asked.at(for_children))
    moved = asked.finished & (asked.result > 0)
    writes, reads, opens = (made.are(key) for key in ("pipe_write", "pipe_read", "open"))
    for some, others, within in (
        (asked.are("pipe_read") & moved, writes, True),
        (asked.are("pipe_read") & ~moved, writes | made.duplicates, False),
        (asked.are("pipe_write") & moved, reads, True),
        (asked.are("pipe_write") & ~moved, reads, False),
        (asked.are("open"), opens, True),
    ):
        events = made.at(np.flatnonzero(others & (made.file != UNKNOWN)))
        yield some, _partner(events, asked.at(some), within)


def _partner(events: _Calls, asked: _Calls, within: bool) -> Int64:
    """The thread of the last of the `events` on the pipe of each call that began before its
    end; if `within`, also no sooner than the call itself."""
    last = latest(events.file, events.begin_ns, asked.file, asked.end_ns)
    found = last != UNKNOWN
    if within:
        found &= np.append(events.begin_ns, 0)[last] >= asked.begin_ns
    return np.where(found, np.append(events.thread, UNKNOWN)[last], UNKNOWN)


def _child(frames: Frames, threads: Threads, asked: _Calls) -> Int64:
    """The main thread of the child that was waited for: by its pid, else the one that ended
    last, else, if the wait did not end in order, the one that was born last."""
    pid = frames.processes["pid"].to_numpy(np.int64)
    parent, count = threads.parent[: len(pid)], len(pid)
    born_ns, ended_ns = threads.first_ns[:count], np.append(threads.last_ns[:count], 0)
    of, end_ns = threads.process[asked.thread], asked.end_ns
    result = np.where(asked.are("wait_child"), asked.result & 0xFFFFFFFF, 0)
    named = latest(parent << 32 | pid, born_ns, of << 32 | result, end_ns + 1)
    ended = latest(parent, ended_ns[:count], of, end_ns + 1)
    ended = np.where(ended_ns[ended] > asked.begin_ns, ended, UNKNOWN)
    alive = latest(parent, born_ns, of, end_ns)
    alive = np.where(~asked.finished & (ended_ns[alive] >= end_ns), alive, UNKNOWN)
    found = np.where(named == UNKNOWN, np.where(ended == UNKNOWN, alive, ended), named)
    return found.astype(np.int64)
