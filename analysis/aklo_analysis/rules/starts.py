"""The programs that shell code has started: one row per start, with the line to blame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]


def starts(case: Case) -> pd.DataFrame:
    """Columns: `life`, that of the program, a row of `lives.table`; `fork`, the life of the same
    process before it, if that did nothing but start it, else `UNKNOWN`; `line`, a number in
    `stacks.lines`; `program`, its name."""
    table, causes = case.lives.table, case.causes
    origin = table["origin"].to_numpy(np.int64)
    by_shell = (origin != UNKNOWN) & np.append(causes.shells, False)[origin]
    named = pd.notna(case.names[table["image"]])
    placed = causes.of_lives >= len(APART)
    life = np.flatnonzero(table["executed"].to_numpy() & named & placed & by_shell)
    return pd.DataFrame(
        {
            "life": life,
            "fork": _forks(table, origin[life]),
            "line": case.stacks.line_of[causes.of_lives[life] - len(APART)],
            "program": case.names[table["image"].to_numpy()[life]],
        }
    )


def _forks(table: pd.DataFrame, origin: Int64) -> Int64:
    children = np.bincount(table["origin"].to_numpy() - UNKNOWN, minlength=len(table) + 1)[1:]
    forked = ~table["executed"].to_numpy()[origin]
    return np.where(forked & (children[origin] == 1), origin, UNKNOWN)


def segments_of(case: Case, starts: pd.DataFrame) -> Int64:
    """The segments of the wall in which these programs, or what they started in turn, ran."""
    ran = case.family.of(starts["life"].to_numpy())
    ran[starts["fork"][starts["fork"] != UNKNOWN]] = True
    return np.flatnonzero(np.append(ran, False)[case.wall.segments["life"]])
