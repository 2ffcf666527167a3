"""Programs by the time they took themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.measure import LifeMeasure, life_measured
from aklo_analysis.nullable import Objects
from aklo_analysis.ranking import Ranking, apart, rank

OWN_TIME = ("own_ns", "waited_ns", "calls")
"""The order of programs and processes."""

NOBODY = "unknown"
"""Stands apart for time of which the program or process is unknown."""


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """`starts`: how often it was executed. `forks`: how many processes began as a copy of one
    that ran it: subshells, and what is to execute another program. `processes`: how many ran
    it, in either way."""

    program: str
    starts: int
    forks: int
    processes: int
    measure: LifeMeasure


Programs = Ranking[ProgramRow, LifeMeasure]


def programs(frames: Frames, lives: Lives, names: Objects, top: int) -> Programs:
    """`names` as `program_names` gives them."""
    table = lives.table.assign(program=names[lives.table["image"]])
    sums = life_measured(table, "program")
    sums["processes"] = table.groupby("program")["process"].nunique()
    starts = pd.Series(names[: len(frames.images)], dtype="object").value_counts()
    sums["starts"] = starts.reindex(sums.index, fill_value=0)
    forks = table["program"][_forked(frames, lives.table)].value_counts()
    sums["forks"] = forks.reindex(sums.index, fill_value=0)
    return rank(
        sums,
        LifeMeasure,
        lambda group, measure: ProgramRow(
            group.Index, group.starts, group.forks, group.processes, measure
        ),
        by=OWN_TIME,
        top=top,
        apart=apart(NOBODY, LifeMeasure.over(table[table["program"].isna()])),
    )


def _forked(frames: Frames, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which lives run an image that another process executed."""
    process, image = table["process"].to_numpy(), table["image"].to_numpy()
    owner = positions(frames.processes, "proc_id", frames.images["proc_id"])
    executed = np.append(owner, UNKNOWN)[image] == process
    forked: npt.NDArray[np.bool_] = ~executed & (process != UNKNOWN) & (image != UNKNOWN)
    return forked
