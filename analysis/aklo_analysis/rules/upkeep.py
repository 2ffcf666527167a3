"""What a shell does for each process that it forks: making it, reading from it, waiting for it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.rules.places import Places

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MANAGING: Final = frozenset(
    {"process", "exit", "wait_child", "wait_signal", "pipe_read", "signal", "descriptor", "close"}
)
"""Activities of calls that a shell makes for the sake of its children."""


def upkeep(segments: pd.DataFrame, calls: pd.DataFrame, places: Places) -> Int64:
    """For each segment of the wall the forked life that its shell spent it on, or `UNKNOWN`. Of
    calls that manage children, as many as there are in a row, each is for the last process that
    was forked; but what comes before a fork, at the place of it and not at that of the last one,
    is for that. So is what is computed between two calls for the same process. `calls` as
    `derive` gives them."""
    life = segments["life"].to_numpy(np.int64)
    rows = np.flatnonzero(np.append(places.shells, False)[life])
    own = segments.iloc[rows[np.argsort(life[rows], kind="stable")]]
    place = places.of_segments(own["cause"].to_numpy(np.int64), own["life"].to_numpy(np.int64))
    in_call = own["call"].to_numpy() != UNKNOWN
    managing = np.append(among(calls["activity"], MANAGING), False)
    manages = managing[own["call"].to_numpy(np.int64)]
    runs = _runs(own["life"].to_numpy(np.int64), in_call & ~manages)
    forked = _of_calls(_forked(own, places), place, runs, places)
    forked[in_call & ~manages] = UNKNOWN
    found = np.full(len(segments), UNKNOWN, np.int64)
    found[own.index] = _between(forked, place, in_call, runs)
    return found


def _runs(life: Int64, breaks: Bools) -> Int64:
    """Numbers the stretches of a life without a break."""
    changes = breaks.copy()
    changes[1:] |= breaks[:-1] | (life[1:] != life[:-1])
    return np.cumsum(changes)


def _forked(own: pd.DataFrame, places: Places) -> pd.Series[float]:
    """For each segment the life that was forked within it, or NaN."""
    table = places.lives.table
    copies = np.flatnonzero(places.copies)
    born = pd.DataFrame(
        {
            "at_ns": table["begin_ns"].to_numpy(np.int64)[copies],
            "life": table["origin"].to_numpy(np.int64)[copies],
            "copy": copies,
        }
    ).sort_values("at_ns", kind="stable")
    within = own[["start_ns", "ns", "life"]].assign(row=np.arange(len(own)))
    within = within.sort_values("start_ns", kind="stable")
    met = pd.merge_asof(born, within, left_on="at_ns", right_on="start_ns", by="life")
    met = met[met["at_ns"] <= met["start_ns"] + met["ns"]]
    found = np.full(len(own), np.nan)
    found[met["row"].to_numpy(np.int64)] = met["copy"].to_numpy()
    return pd.Series(found)


def _of_calls(forked: pd.Series[float], place: Int64, runs: Int64, places: Places) -> Int64:
    """For each segment the life that it is for, if it is in a call that manages."""
    last, following = (
        filled.fillna(UNKNOWN).to_numpy(np.int64)
        for filled in (forked.groupby(runs).ffill(), forked.groupby(runs).bfill())
    )
    of_lives = np.append(places.of_lives, UNKNOWN)
    leads = (of_lives[following] == place) & (of_lives[last] != place)
    return np.where((last == UNKNOWN) | leads, following, last)


def _between(forked: Int64, place: Int64, in_call: Bools, runs: Int64) -> Int64:
    """The same with the segments between two calls for one life, at the place of one of them."""
    known = pd.DataFrame({"forked": forked, "place": place}, dtype="float64")
    known[~in_call] = np.nan
    before, after = known.groupby(runs).ffill(), known.groupby(runs).bfill()
    same = (before["forked"] == after["forked"]) & (
        (before["place"] == place) | (after["place"] == place)
    )
    return np.where(
        in_call, forked, np.where(same, before["forked"].fillna(UNKNOWN), UNKNOWN)
    ).astype(np.int64)
