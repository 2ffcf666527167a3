"""What each cause has cost: the measures of everything that it is charged with.

They are a partition of the whole trace: their sum is the measure of its summary.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.between import TIMES, spread
from aklo_analysis.calls import UNKNOWN, among, positions
from aklo_analysis.causes import NOBODY, Causes, is_bash
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.measure import LifeMeasure, measured, own_ns, summed, with_totals

Int64 = npt.NDArray[np.int64]

IDLE: Final = [activity.key for activity in ACTIVITIES if activity.idle]


@dataclass(frozen=True, slots=True)
class Charge(LifeMeasure):
    """The measure of what a cause is charged with: of its own calls and computing, and of the
    programs that it started, with all that they started in turn."""

    idle_ns: int = 0
    """of the time in waiting calls, that for a timer, the network or the user"""
    programs_ns: int = 0
    """of its work, that of programs other than bash"""
    forks: int = 0
    """processes that began"""
    starts: int = 0
    """programs that were executed"""

    @property
    def cost_ns(self) -> int:
        """Time that nobody else is charged with."""
        return self.own_ns + self.idle_ns


SUMS: Final = [field.name for field in fields(Charge)]


def charges(frames: Frames, calls: pd.DataFrame, lives: Lives, causes: Causes) -> pd.DataFrame:
    """A row for each cause, in their order, with the columns of `Charge`."""
    table = measured(calls, causes.of_calls).reindex(range(causes.count), fill_value=0)
    table = table.astype(np.int64)
    idle = among(calls["activity"], IDLE)
    table["idle_ns"] = _sum(causes, causes.of_calls[idle], calls["wait_ns"].to_numpy()[idle])
    _add_unfinished(table, lives, causes)
    others = lives.table[~causes.shells]
    of_others = causes.of_lives[~causes.shells]
    shells = spread(frames, calls, lives, causes)
    for name in TIMES:
        table[name] = shells[name].to_numpy() + _sum(causes, of_others, others[name].to_numpy())
    table["programs_ns"] = _programs(frames, others, of_others, causes)
    process = lives.table["process"]
    born = (~process.duplicated() & (process != UNKNOWN)).to_numpy()
    table["forks"] = _sum(causes, causes.of_lives[born])
    owner = positions(frames.processes, "proc_id", frames.images["proc_id"])
    starts = _sum(causes, causes.of_lives[lives.table["executed"].to_numpy()])
    starts[NOBODY] += np.count_nonzero(owner == UNKNOWN)
    return table.assign(starts=starts)[SUMS]


def costliest_first(sums: pd.DataFrame) -> pd.DataFrame:
    """Groups of causes with what they are ranked by: the times of `ORDER`; and `cost_ns`."""
    totals = with_totals(sums)
    return totals.assign(cost_ns=totals["own_ns"] + totals["idle_ns"])


ORDER: Final = ("own_ns", "idle_ns", "waited_ns", "calls")


def _add_unfinished(table: pd.DataFrame, lives: Lives, causes: Causes) -> None:
    unfinished = lives.unfinished
    cause, ns = causes.of_calls[unfinished["call"]], unfinished["ns"].to_numpy()
    waits = unfinished["activity"].isin([a.key for a in ACTIVITIES if a.waits]).to_numpy()
    table["unfinished_work_ns"] = _sum(causes, cause[~waits], ns[~waits])
    table["unfinished_wait_ns"] = _sum(causes, cause[waits], ns[waits])
    idle = unfinished["activity"].isin(IDLE).to_numpy()
    table["idle_ns"] += _sum(causes, cause[idle], ns[idle])


def _programs(frames: Frames, others: pd.DataFrame, cause: Int64, causes: Causes) -> Int64:
    program = ~is_bash(frames)[others["image"]]
    return _sum(causes, cause[program], own_ns(others).to_numpy().astype(np.int64)[program])


def _sum(causes: Causes, cause: Int64, values: Int64 | None = None) -> Int64:
    """Sums by cause; without values, how many there are of each."""
    if values is None:
        return np.bincount(cause, minlength=causes.count)
    return summed(cause, values, causes.count)
