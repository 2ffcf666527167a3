"""How often shells, and the programs that they start, read the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.rules.filling import last_known

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


USES: Final = ("open", "read", "write", "copy")
"""Activities of calls by which it is told what a file was opened for."""


def opened_by_shells(case: Case) -> pd.DataFrame:
    """A row for each time that a shell opened a regular file to read from it: `life`, `file`,
    `place`, `at_ns`."""
    calls, life = case.calls, case.lives.of_calls
    file = calls["file"].to_numpy(np.int64)
    used = among(calls["activity"], USES) & ~calls["failed"].to_numpy()
    rows = np.flatnonzero(used & readable(case)[file] & case.places.shells[life])
    at_ns = case.frames.syscalls["ts_ns"].to_numpy(np.int64)
    rows = rows[np.lexsort((at_ns[rows], file[rows], life[rows]))]
    activity = calls["activity"].iloc[rows].to_numpy()
    same = (life[rows][1:] == life[rows][:-1]) & (file[rows][1:] == file[rows][:-1])
    reads = (activity[:-1] == "open") & (activity[1:] == "read") & same
    rows = rows[:-1][reads]
    columns = {
        "life": life[rows],
        "file": file[rows],
        "place": case.places.of_segments(case.causes.of_calls[rows], life[rows]),
        "at_ns": at_ns[rows],
    }
    return pd.DataFrame(columns)


def readable(case: Case) -> Bools:
    """Which files are regular ones whose content is there to stay; the last two, of no file, are
    not."""
    paths = case.frames.files["path"].astype("object").fillna("").str
    kinds = case.frames.files["kind"]
    found = (
        ((kinds == "regular") | kinds.isna())
        & ~paths.match("/(?:proc|sys|dev)/")
        & paths.startswith("/")
    )
    return np.append(found.to_numpy(dtype=bool), [False, False])


def written_between(case: Case, first_ns: pd.Series[int], last_ns: pd.Series[int]) -> Bools:
    """For each file, given as the index of two times, whether it was written in between."""
    writes = among(case.calls["activity"], ("write", "copy"))
    file = case.calls["file"].to_numpy(np.int64)
    rows = np.flatnonzero(writes & np.isin(file, first_ns.index))
    at_ns = pd.Series(case.frames.syscalls["ts_ns"].to_numpy(np.int64)[rows], file[rows])
    within = (at_ns > first_ns.reindex(at_ns.index)) & (at_ns < last_ns.reindex(at_ns.index))
    return np.isin(first_ns.index, at_ns.index[within])


def segments_on_files(case: Case) -> pd.DataFrame:
    """The segments of the wall in which shells are in calls on files, or compute behind such a
    call for the same place: `row`, `file`, `place`."""
    return _behind(case, np.ones(len(case.calls), dtype=bool))


def segments_since_open(case: Case) -> pd.DataFrame:
    """The segments of shells since they last opened a file, at the place where they did."""
    return _behind(case, among(case.calls["activity"], ("open",)))


def _behind(case: Case, telling: Bools) -> pd.DataFrame:
    """The segments of shells with the file of the last call that is `telling`, at the place of
    that call."""
    shells = case.shell_time
    rows, call, place = shells.rows, shells.call, shells.place
    known = last_known((call != UNKNOWN) & np.append(telling, False)[call], shells.life)
    file = np.append(case.calls["file"].to_numpy(np.int64), UNKNOWN)[call]
    found = (known != UNKNOWN) & (file[known] >= 0) & (place[known] == place)
    at = known[found]
    return pd.DataFrame({"file": file[at], "place": place[at], "row": rows[found]}, copy=False)
