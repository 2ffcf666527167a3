"""Programs by the time they took themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

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
    """`starts`: how often it was executed. `processes`: how many ran it, counting copies of
    a process that ran it (subshells)."""

    program: str
    starts: int
    processes: int
    measure: LifeMeasure


Programs = Ranking[ProgramRow, LifeMeasure]


def programs(lives: Lives, names: Objects, images: pd.DataFrame, top: int) -> Programs:
    """`names` as `program_names` gives them for `images`."""
    table = lives.table.assign(program=names[lives.table["image"]])
    sums = life_measured(table, "program")
    sums["processes"] = table.groupby("program")["process"].nunique()
    starts = pd.Series(names[: len(images)], dtype="object").value_counts()
    sums["starts"] = starts.reindex(sums.index, fill_value=0)
    return rank(
        sums,
        LifeMeasure,
        lambda group, measure: ProgramRow(group.Index, group.starts, group.processes, measure),
        by=OWN_TIME,
        top=top,
        apart=apart(NOBODY, LifeMeasure.over(table[table["program"].isna()])),
    )
