"""What each segment of the critical path is: its doing."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.causes import BASH
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import known_values, objects
from aklo_analysis.program import base_name
from aklo_analysis.wall.beginnings import beginnings
from aklo_analysis.wall.doings import CODES, OF_ACTIVITY
from aklo_analysis.wall.segments import Segments
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import Waits
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
) -> Codes:
    """For each segment its place in `DOINGS`."""
    table, thread = lives.table, found.thread
    in_shell = np.append(_shells(frames), False)[table["image"].to_numpy()][found.life]
    codes = np.where(in_shell, CODES["shell_cpu"], CODES["program_cpu"]).astype(np.int8)
    of_calls = _of_calls(frames, calls, threads, waits)
    codes[found.in_call] = of_calls[found.place[found.in_call]]
    begins = found.start_ns < beginnings(frames, calls, threads, lives)[found.life]
    executed = table["executed"].to_numpy()[found.life]
    codes[begins] = np.where(executed[begins], CODES["startup"], CODES["process"])
    there = (found.start_ns >= threads.first_ns[thread]) & (
        found.start_ns < threads.last_ns[thread]
    )
    codes[~there] = CODES["process"]
    return codes


def _shells(frames: Frames) -> Bools:
    """Which images are shells."""
    names = [
        base_name(exe) in (BASH, *BOURNE) if exe else False for exe in objects(frames.images["exe"])
    ]
    found: Bools = frames.images["shell"].notna().to_numpy() | np.array(names, dtype=bool)
    return found


def _of_calls(frames: Frames, calls: pd.DataFrame, threads: Threads, waits: Waits) -> Codes:
    """The doing of each call of `threads`: a wait for a child that is there is over, as far as
    it is a part of the path, and what polls does what its thread does next."""
    rows = threads.calls
    doing = np.array([CODES[OF_ACTIVITY.get(a.key, "other")] for a in ACTIVITIES], np.int8)
    activity = calls["activity"].cat.codes.to_numpy()[rows]
    codes = doing[activity]
    result = known_values(frames.syscalls["ret"], -1)[rows]
    known = np.zeros(len(calls), dtype=bool)
    known[waits.calls] = True
    quick = known[rows] | (result == 0) | calls["failed"].to_numpy()[rows]
    codes[(activity == ACTIVITY["wait_child"]) & quick] = CODES["process"]
    polls = activity == ACTIVITY["wait_io"]
    following = np.roll(activity, -1)
    same = np.append(threads.of_calls[1:] == threads.of_calls[:-1], False)[: len(rows)]
    reads = polls & same & np.isin(following, [ACTIVITY[key] for key in POLLED]) & (result > 0)
    codes[reads] = doing[following[reads]]
    codes[polls & (result == 0)] = CODES["sleep"]
    return codes
