"""The look-ups by which shells search programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LookUps:
    """`calls`: rows of `frames.syscalls`; `search`: of each the number of the one that it belongs
    to."""

    calls: Int64
    search: Int64


def look_ups(case: Case) -> LookUps:
    """Runs of look-ups of one name in several folders, one right after the other, at least one of
    which has programs."""
    paths, file, fd = case.paths, case.calls["file"].to_numpy(), case.frames.syscalls["fd"]
    stat = among(case.calls["activity"], ("stat",)) & fd.isna().to_numpy()
    stat &= paths.path[file] != UNKNOWN
    place = np.flatnonzero(stat[case.order.calls])
    calls = case.order.calls[place]
    file, life = file[calls], case.lives.of_calls[calls]
    same = (np.diff(place) == 1) & (life[1:] == life[:-1])
    same &= paths.name[file[1:]] == paths.name[file[:-1]]
    run = np.cumsum(np.append(True, ~same)[: len(calls)])
    frame = pd.DataFrame({"folder": paths.folder[file], "program": _among_programs(case)[file]})
    groups = frame.groupby(run).agg({"folder": "nunique", "program": "max"})
    searches = groups.index[(groups["folder"] > 1) & groups["program"].astype(bool)]
    inside = np.isin(run, searches)
    return LookUps(calls[inside], run[inside])


def _among_programs(case: Case) -> Bools:
    """Of each row of `frames.files`, and of none, whether programs of this trace stand in the
    same folder."""
    programs, paths = case.frames.images["exe"].dropna(), case.paths
    folders = [paths.number(exe.rpartition("/")[0]) for exe in programs.unique()]
    return np.isin(paths.folder, [folder for folder in folders if folder != UNKNOWN])
