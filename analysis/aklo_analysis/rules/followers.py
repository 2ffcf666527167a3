"""Programs behind others in a pipeline, which have nothing to do without them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def followers(case: Case, starts: pd.DataFrame) -> tuple[Int64, Int64]:
    """The rows of `case.starts` that work only on what these `starts`, at the same place, or
    others of them write, and whose shell waits for what comes of it; and for each the row of
    `starts` that it follows. Both are numbers. Programs that write files are none."""
    first, life = case.places.first, case.starts["life"].to_numpy(np.int64)
    row = np.full(len(first), UNKNOWN, np.int64)
    able = np.flatnonzero(_able(case))
    row[first[life[able]]] = able
    leader = np.full(len(first), UNKNOWN, np.int64)
    leader[first[starts["life"].to_numpy(np.int64)]] = np.arange(len(starts))
    place = np.full(len(first), UNKNOWN, np.int64)
    place[first[life]] = case.starts["place"].to_numpy(np.int64)
    writer, reader = (case.pipes[end].to_numpy(np.int64) for end in ("writer", "reader"))
    beside = (row[reader] != UNKNOWN) & (place[writer] == place[reader])
    _lead(leader, writer, reader, beside)
    waits = case.family.comes_from(writer, reader)
    found = np.flatnonzero(_heard((row != UNKNOWN) & (leader != UNKNOWN), writer, reader, waits))
    return row[found], leader[found]


def _able(case: Case) -> Bools:
    """Which of `case.starts` are no shells, read from pipes and nothing else, and write no file."""
    life, reading = case.starts["life"].to_numpy(np.int64), case.reading
    writes = among(case.calls["activity"], ("write", "copy")) & ~case.calls["failed"].to_numpy()
    able = np.zeros(len(case.lives.table), dtype=bool)
    able[reading["life"]] = True
    able[reading["life"][~reading["piped"]]] = False
    able[case.lives.of_calls[writes]] = False
    found: Bools = (able & ~case.places.shells)[life]
    return found


def _lead(leader: Int64, writer: Int64, reader: Int64, beside: Bools) -> None:
    """Give those that read only what led ones write, and are `beside` them, the same leader."""
    while True:
        led = leader[writer] != UNKNOWN
        others = np.zeros(len(leader), dtype=bool)
        others[reader[~led]] = True
        new = led & beside & ~others[reader] & (leader[reader] == UNKNOWN)
        if not new.any():
            return
        leader[reader[new]] = leader[writer[new]]


def _heard(follows: Bools, writer: Int64, reader: Int64, waits: Bools) -> Bools:
    """Those that write only for a shell that `waits` for it, or for others of them."""
    while True:
        fine = waits | follows[reader]
        heard = np.zeros(len(follows), dtype=bool)
        heard[writer[fine]] = True
        heard[writer[~fine]] = False
        if (heard & follows == follows).all():
            return follows
        follows = heard & follows
