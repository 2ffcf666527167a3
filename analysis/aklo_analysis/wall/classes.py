"""What each segment of the critical path is: its doing."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import BASH
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import known_values, objects
from aklo_analysis.program import base_name
from aklo_analysis.wall.beginnings import beginnings
from aklo_analysis.wall.doings import CODES, OF_ACTIVITY
from aklo_analysis.wall.segments import Segments
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import CPU_WAIT, STOPPED, WAITING, Waits
from aklo_trace.shell_names import BOURNE

Int64 = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

ACTIVITY: Final = {activity.key: code for code, activity in enumerate(ACTIVITIES)}
POLLED: Final = ("pipe_read", "pipe_write", "network", "terminal_read", "terminal_write")
"""Activities of calls that say what was polled before."""


def doings_of(
    frames: Frames,
    calls: pd.DataFrame,
    threads: Threads,
    lives: Lives,
    waits: Waits,
    found: Segments,
    filtered: bool,
) -> Codes:
    """For each segment its place in `DOINGS`. `filtered`: only some calls were recorded."""
    table, waiting = lives.table, found.state == WAITING
    in_shell = np.append(_shells(frames), False)[table["image"].to_numpy()][found.life]
    codes = np.where(in_shell, CODES["shell_cpu"], CODES["program_cpu"]).astype(np.int8)
    codes[waiting] = CODES["fault"]
    in_call = np.flatnonzero(found.in_call)
    codes[in_call] = _of_calls(frames, calls, threads)[found.place[in_call]]
    codes[waiting & _for_nobody(calls, threads, waits, found)] = CODES["unseen"]
    begins = found.start_ns < beginnings(frames, calls, threads, lives)[found.life]
    executed = table["executed"].to_numpy()[found.life]
    codes[begins] = np.where(executed[begins], CODES["startup"], CODES["process"])
    first_ns, last_ns = threads.first_ns[found.thread], threads.last_ns[found.thread]
    codes[(found.start_ns < first_ns) | (found.start_ns >= last_ns)] = CODES["process"]
    if filtered:
        codes[waiting & ~found.in_call] = CODES["unrecorded"]
    for state, key in (CPU_WAIT, "cpu_wait"), (STOPPED, "stopped"):
        codes[found.state == state] = CODES[key]
    return codes


def _shells(frames: Frames) -> Bools:
    """Which images are shells."""
    names = [
        base_name(exe) in (BASH, *BOURNE) if exe else False for exe in objects(frames.images["exe"])
    ]
    found: Bools = frames.images["shell"].notna().to_numpy() | np.array(names, dtype=bool)
    return found


def _for_nobody(calls: pd.DataFrame, threads: Threads, waits: Waits, found: Segments) -> Bools:
    """Which segments are in a wait for a child that is not known."""
    known = np.zeros(len(calls) + 1, dtype=bool)
    known[waits.call[waits.target != UNKNOWN]] = True
    row = np.where(found.in_call, np.append(threads.calls, UNKNOWN)[found.place], UNKNOWN)
    for_child = np.append((calls["activity"] == "wait_child").to_numpy(), False)
    return for_child[row] & ~known[row]


def _of_calls(frames: Frames, calls: pd.DataFrame, threads: Threads) -> Codes:
    """The doing of each call of `threads`. What polls does what its thread does next."""
    rows = threads.calls
    doing = np.array([CODES[OF_ACTIVITY.get(a.key, "other")] for a in ACTIVITIES], np.int8)
    activity = calls["activity"].cat.codes.to_numpy()[rows]
    codes = doing[activity]
    result = known_values(frames.syscalls["ret"], UNKNOWN)[rows]
    polls = activity == ACTIVITY["wait_io"]
    following = np.roll(activity, -1)
    same = np.append(threads.of_calls[1:] == threads.of_calls[:-1], False)[: len(rows)]
    reads = polls & same & np.isin(following, [ACTIVITY[key] for key in POLLED]) & (result > 0)
    codes[reads] = doing[following[reads]]
    codes[polls & (result == 0)] = CODES["sleep"]
    return codes
