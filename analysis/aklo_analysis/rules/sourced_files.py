"""SH08: a file that one shell sources again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.distinct import distinct
from aklo_analysis.program import base_name
from aklo_analysis.rules import costs
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.file_uses import segments_since_open, written_between
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.wording import times
from aklo_analysis.units import duration

Int64 = npt.NDArray[np.int64]

TIMES: Final = Threshold("times", "count", 3, "how often one shell sources the file")

SOURCES: Final = re.compile(r"(?:^|[\s;&|({!])(?:\.|source)\s")
"""A line that sources a file."""


def check(case: Case) -> Iterator[Candidate]:
    sourced = sourcings(case)
    since_open = segments_since_open(case) if len(sourced) else pd.DataFrame()
    groups: Any = sourced.groupby("file", sort=False)
    for file, here in groups:
        if here["shell"].duplicated().any():
            yield _candidate(case, file, here, since_open)


def sourcings(case: Case) -> pd.DataFrame:
    """The rows of `Case.opened` that are for sourcing, of files that stay as they are; with
    `shell`, the life that executed the shell."""
    opened = case.opened[case.opened["place"] < len(case.stacks.lines)]
    of_frames = {function.file for function in case.stacks.functions if function.name == "source"}
    paths = case.frames.files["path"].iloc[opened["file"]].tolist()
    framed = np.array([path in of_frames for path in paths], dtype=bool)
    written = {
        place: SOURCES.search(case.place(place).source or "") is not None
        for place in opened["place"].unique().tolist()
    }
    found = opened[framed | opened["place"].map(written).to_numpy(dtype=bool)]
    at_ns = found.groupby("file")["at_ns"]
    first_ns, last_ns = at_ns.min(), at_ns.max()
    changed = first_ns.index[written_between(case, first_ns, last_ns)]
    stays: pd.DataFrame = found[~found["file"].isin(changed)]
    return stays.assign(shell=case.places.programs[stays["life"].to_numpy()])


def _candidate(case: Case, file: int, here: pd.DataFrame, since_open: pd.DataFrame) -> Candidate:
    path, number = case.frames.files["path"].iloc[file], len(here)
    own = since_open[(since_open["file"] == file) & since_open["place"].isin(here["place"])]
    inside = np.isin(case.wall.segments["cause"].to_numpy(), _within(case, path))
    rows = distinct(own["row"].to_numpy(np.int64), np.flatnonzero(inside))
    cost_ns, shells = int(case.segments_ns[rows].sum()), here["shell"].nunique()
    return Candidate(
        place=case.place(int(here["place"].mode().iloc[0])),
        title=f"{base_name(path)} sourced {times(number)}",
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, cost_ns * shells / number + number * costs.BUILTIN),
        advice="Source it once, before the loop or at the start; or ask first whether a variable "
        "that it sets is there.",
        evidence=(f"{duration(cost_ns // number)} each, to read and run {path}",),
        seen={TIMES.name: int(here["shell"].value_counts().max())},
    )


def _within(case: Case, path: str) -> Int64:
    """The causes with the code of a sourced file in their stack."""
    functions = [
        number
        for number, function in enumerate(case.stacks.functions)
        if function.name == "source" and function.file == path
    ]
    inside = case.stacks.in_functions
    return inside["cause"].to_numpy(np.int64)[np.isin(inside["place"], functions)]


RULE: Final = Rule("SH08", "a file sourced again and again", check, (*COST, TIMES))
