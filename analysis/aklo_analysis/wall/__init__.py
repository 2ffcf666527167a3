"""Where the wall time went: each instant of it is charged once, along the critical path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import NOBODY, Causes
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.blame import blame
from aklo_analysis.wall.call_waits import waits_by_calls
from aklo_analysis.wall.child_waits import for_the_last
from aklo_analysis.wall.classes import doings_of
from aklo_analysis.wall.critical_path import critical_path
from aklo_analysis.wall.doings import CODES, DOINGS
from aklo_analysis.wall.segments import segments
from aklo_analysis.wall.threads import Threads, threads
from aklo_analysis.wall.unrecorded import cut
from aklo_analysis.wall.waits import Waits, in_order
from aklo_analysis.wall.waker_waits import waits_by_wakers
from aklo_trace.loss import Loss
from aklo_trace.meta import MEASURED, Meta

Int64 = npt.NDArray[np.int64]

KEYS: Final = pd.Index([doing.key for doing in DOINGS])


@dataclass(frozen=True)
class Wall:
    """`segments`: by time, without gaps or overlaps, from the target's start to its end, so that
    the sum of `ns` is `wall_ns`. One row per stretch of the critical path:

    ========  ========  ======================================================================
    start_ns  int64     when it began
    ns        int64     how long it took
    life      int64     row of `lives.table` that the user was waiting for, or `UNKNOWN`
    call      int64     row of `frames.syscalls` that it was in, or `UNKNOWN` outside calls
    cause     int64     number in `Causes`: the shell code to blame, for a program's time that
                        which started it
    doing     category  key of a `doings.Doing`
    ========  ========  ======================================================================

    `merged`: which classes this trace cannot tell apart, and why, in sentences. Without measured
    times there is no wall time: it is 0."""

    wall_ns: int
    segments: pd.DataFrame
    merged: tuple[str, ...]


NO_TIMES: Final = (
    "This trace does not say how long calls took, so nothing is known of the wall time."
)
NO_CPU_WAITS: Final = (
    "Time without a CPU is counted as what the process was doing: this trace does not say when "
    "that was."
)
CPU_WAITS_LOST: Final = (
    "Some of what was recorded of time without a CPU was lost: it is counted as what the process "
    "was doing."
)
FILTERED: Final = (
    "Only some calls were recorded: what a process spent outside of these without a CPU, and not "
    "waiting for one, counts as in calls not recorded."
)
FILTERED_BLINDLY: Final = (
    "Only some calls were recorded: what a process spent neither in these nor, as far as its CPU "
    "time is known, computing counts as in others; when that was is not known."
)


def wall(meta: Meta, frames: Frames, calls: pd.DataFrame, lives: Lives, causes: Causes) -> Wall:
    """`calls` as `derive` gives them."""
    if meta.timing != MEASURED:
        return Wall(0, _unseen(0, 0), (NO_TIMES,))
    made = threads(frames, calls, lives)
    target = _target(meta, frames)
    start_ns, end_ns = _bounds(meta, made, target)
    if target == UNKNOWN:
        return Wall(end_ns - start_ns, _unseen(start_ns, end_ns), ())
    waits = _waits(meta, frames, calls, made)
    found = segments(made, lives, critical_path(made, waits, target, start_ns, end_ns))
    of_segments = doings_of(frames, calls, made, lives, waits, found, bool(meta.filter))
    call = np.where(found.in_call, np.append(made.calls, UNKNOWN)[found.place], UNKNOWN)
    parts = blame(frames, made, lives, causes, found)
    doing = of_segments[parts.segment]
    if meta.filter and not len(frames.offcpu):
        parts, doing = cut(found, parts, doing, lives)
    place = parts.segment
    frame = _frame(
        start_ns + np.cumsum(parts.ns) - parts.ns,
        parts.ns,
        found.life[place],
        call[place],
        parts.cause,
        doing,
    )
    return Wall(end_ns - start_ns, frame, tuple(_merged(meta, frames)))


def _waits(meta: Meta, frames: Frames, calls: pd.DataFrame, made: Threads) -> Waits:
    if len(frames.offcpu):
        found = waits_by_wakers(frames, calls, made, bool(meta.filter))
    else:
        found = [waits_by_calls(frames, calls, made)]
    return for_the_last(in_order(found), calls, made)


def _merged(meta: Meta, frames: Frames) -> Iterator[str]:
    if not len(frames.offcpu):
        yield NO_CPU_WAITS
    elif meta.loss.get(Loss.OFF_CPU_RECORDS):
        yield CPU_WAITS_LOST
    if meta.filter:
        yield FILTERED if len(frames.offcpu) else FILTERED_BLINDLY


def _target(meta: Meta, frames: Frames) -> int:
    """The row of the traced command's process; if that is not known, of the first one."""
    if not len(frames.processes):
        return UNKNOWN
    rows = np.flatnonzero(frames.processes["proc_id"].to_numpy() == meta.target_proc_id)
    return int(rows[0]) if len(rows) else int(np.argmin(frames.processes["start_ns"].to_numpy()))


def _bounds(meta: Meta, threads: Threads, target: int) -> tuple[int, int]:
    start_ns = meta.started_at_ns
    if meta.wall_ns is not None:
        return start_ns, start_ns + meta.wall_ns
    end_ns = start_ns if target == UNKNOWN else int(threads.last_ns[target])
    return start_ns, max(start_ns, end_ns)


def _unseen(start_ns: int, end_ns: int) -> pd.DataFrame:
    """All of it, where no process is known."""
    row = (start_ns, end_ns - start_ns, UNKNOWN, UNKNOWN, NOBODY, CODES["unseen"])
    some = [[value] if end_ns > start_ns else [] for value in row]
    return _frame(*(np.array(value, np.int64) for value in some))


def _frame(
    start_ns: Int64,
    ns: Int64,
    life: Int64,
    call: Int64,
    cause: Int64,
    doing: npt.NDArray[np.integer],
) -> pd.DataFrame:
    columns = {"start_ns": start_ns, "ns": ns, "life": life, "call": call, "cause": cause}
    return pd.DataFrame(columns | {"doing": pd.Categorical.from_codes(doing, KEYS)}, copy=False)
