"""What a shell does for each process that it forks: making it, reading from it, waiting for it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.rules.filling import last_known, next_known
from aklo_analysis.rules.places import Places
from aklo_analysis.rules.shell_time import ShellTime
from aklo_analysis.wall.slices import bounds, last_before

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MANAGING: Final = frozenset(
    {"process", "exit", "wait_child", "wait_signal", "pipe_read", "signal", "descriptor", "close"}
)
"""Activities of calls that a shell makes for the sake of its children."""


def upkeep(segments: pd.DataFrame, calls: pd.DataFrame, places: Places, shells: ShellTime) -> Int64:
    """For each segment of the wall the forked life that its shell spent it on, or `UNKNOWN`. Of
    calls that manage children, as many as there are in a row, each is for the last process that
    was forked; but what comes before a fork, at the place of it and not at that of the last one,
    is for that. So is what is computed between two calls for the same process. `calls` as
    `derive` gives them."""
    rows, life, call, place = shells.rows, shells.life, shells.call, shells.place
    in_call = call != UNKNOWN
    other = in_call & ~np.append(among(calls["activity"], MANAGING), False)[call]
    runs = _runs(life, other)
    start_ns, ns = (segments[name].to_numpy(np.int64)[rows] for name in ("start_ns", "ns"))
    forked = _of_calls(_forked(life, start_ns, start_ns + ns, places), place, runs, places)
    forked[other] = UNKNOWN
    found = np.full(len(segments), UNKNOWN, np.int64)
    found[rows] = _between(forked, place, in_call, runs)
    return found


def _runs(life: Int64, breaks: Bools) -> Int64:
    """Numbers the stretches of a life without a break."""
    changes = breaks.copy()
    changes[1:] |= breaks[:-1] | (life[1:] != life[:-1])
    return np.cumsum(changes)


def _forked(life: Int64, start_ns: Int64, end_ns: Int64, places: Places) -> Int64:
    """For each segment, given by life and time, the last life that was forked within it, or
    `UNKNOWN`."""
    begin_ns = places.lives.table["begin_ns"].to_numpy(np.int64)
    copies = np.flatnonzero(places.copies)
    copies = copies[np.argsort(begin_ns[copies], kind="stable")]
    mother = places.lives.table["origin"].to_numpy(np.int64)[copies]
    slices = bounds(life, len(begin_ns))
    at_ns = begin_ns[copies]
    row = last_before(start_ns, slices[mother], slices[mother + 1], at_ns + 1)
    within = (row != UNKNOWN) & (at_ns <= np.append(end_ns, 0)[row])
    found = np.full(len(life), UNKNOWN, np.int64)
    found[row[within]] = copies[within]
    return found


def _of_calls(forked: Int64, place: Int64, runs: Int64, places: Places) -> Int64:
    """For each segment the life that it is for, if it is in a call that manages."""
    known, forked = forked != UNKNOWN, np.append(forked, UNKNOWN)
    last, following = forked[last_known(known, runs)], forked[next_known(known, runs)]
    of_lives = np.append(places.of_lives, UNKNOWN)
    leads = (of_lives[following] == place) & (of_lives[last] != place)
    return np.where((last == UNKNOWN) | leads, following, last)


def _between(forked: Int64, place: Int64, in_call: Bools, runs: Int64) -> Int64:
    """The same with the segments between two calls for one life, at the place of one of them."""
    outside = np.flatnonzero(~in_call)
    before, after = (fill(in_call, runs)[outside] for fill in (last_known, next_known))
    here = place[outside]
    same = (before != UNKNOWN) & (after != UNKNOWN) & (forked[before] == forked[after])
    same &= (place[before] == here) | (place[after] == here)
    found = forked.copy()
    found[outside] = np.where(same, forked[before], UNKNOWN)
    return found
