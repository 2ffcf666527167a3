"""Waits for one child after another: the user waits for the one that ends last.

A shell that waits for a program in the foreground is also woken by each job in the background that
ends, and waits on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import Waits

Int64 = npt.NDArray[np.int64]

BETWEEN: Final = ("wait_child", "signal")
"""Calls that a shell makes while it only waits."""
MOST_NS: Final = 1_000_000
"""What it can take a shell to wait on: to compute more is to do something."""


def for_the_last(waits: Waits, calls: pd.DataFrame, threads: Threads) -> Waits:
    """The same waits, by thread and time as they are, where those for children between which a
    thread did nothing are for the last of these, as far back as that was there. `calls` as
    `derive` gives them."""
    rows = _for_children(waits, calls)
    thread, begin_ns, target = waits.thread[rows], waits.begin_ns[rows], waits.target[rows]
    done = _done_before(waits.call[rows], calls, threads)
    waits_on = (thread[1:] == thread[:-1]) & (done[1:] == done[:-1])
    waits_on &= _computed_since(waits, rows) < MOST_NS
    for place in np.flatnonzero(waits_on)[::-1].tolist():
        if threads.first_ns[target[place + 1]] <= begin_ns[place]:
            target[place] = target[place + 1]
    targets = waits.target.copy()
    targets[rows] = target
    return replace(waits, target=targets)


def _for_children(waits: Waits, calls: pd.DataFrame) -> Int64:
    """Their rows: those for a child that is known."""
    for_child = np.append(among(calls["activity"], ("wait_child",)), False)
    return np.flatnonzero(for_child[waits.call] & (waits.target != UNKNOWN))


def _done_before(rows: Int64, calls: pd.DataFrame, threads: Threads) -> Int64:
    """How many calls of other kinds were before the calls in these rows, in the order of
    `threads`."""
    others = np.logical_not(among(calls["activity"], BETWEEN)[threads.calls])
    places = np.empty(len(calls), np.int64)
    places[threads.calls] = np.arange(len(threads.calls))
    found: Int64 = np.cumsum(others)[places[rows]]
    return found


def _computed_since(waits: Waits, rows: Int64) -> Int64:
    """For all but the first of these rows, how long the thread neither waited nor was without a CPU
    since the one before."""
    away_ns = np.cumsum(waits.end_ns - waits.begin_ns)
    computing_ns = waits.end_ns - away_ns
    found: Int64 = computing_ns[rows[1:]] - computing_ns[rows[:-1]]
    return found
