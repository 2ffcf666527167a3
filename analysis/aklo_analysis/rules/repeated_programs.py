"""SH01: a program that is started again and again from one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.distinct import distinct
from aklo_analysis.rules import costs
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.wording import evidence, names, times

Int64 = npt.NDArray[np.int64]

STARTS: Final = Threshold("starts", "count", 5, "how often the line starts the program")

STARTING: Final = Threshold(
    "starting_percent", "percent", 50, "share of being started in what the program takes"
)

ONCE: Final = ("process", "startup")
"""What a program does that is the same whatever it is started for (`wall.doings`)."""


def check(case: Case) -> Iterator[Candidate]:
    starts = case.starts[~case.starts["life"].isin(case.spared["life"])]
    groups: Any = starts.groupby("place", sort=False)
    for place, here in groups:
        if here["program"].duplicated().any():
            yield _candidate(case, here, place)


def _candidate(case: Case, here: pd.DataFrame, place: int) -> Candidate:
    roots, number = here["root"].to_numpy(np.int64), len(here)
    upkeep, _ = case.on_path.of_upkeep(roots)
    rows = distinct(case.on_path.of_families(roots)[0], upkeep)
    cost_ns, fixed = int(case.segments_ns[rows].sum()), _fixed(case, here, upkeep)
    programs, fixed_ns = here["program"].nunique(), int(case.segments_ns[fixed].sum())
    stay_ns = fixed_ns * programs // number
    return Candidate(
        place=case.place(place),
        title=f"{names(here)} started {times(number)}",
        cost_ns=cost_ns,
        claim=instead(fixed, case.segments_ns, stay_ns + number * costs.LINE),
        advice=f"Start {'it' if programs == 1 else 'each'} once, with all files or lines as its "
        "input, and read what it writes in a loop.",
        evidence=evidence(here, cost_ns),
        seen={
            STARTS.name: int(here["program"].value_counts().max()),
            STARTING.name: 100 * fixed_ns / max(cost_ns, 1),
        },
    )


def _fixed(case: Case, here: pd.DataFrame, upkeep: Int64) -> Int64:
    """The segments that are about starting the programs, not about what they are for."""
    life, root = here["life"].to_numpy(np.int64), here["root"].to_numpy(np.int64)
    own, _ = case.on_path.of_lives(life)
    copies, _ = case.on_path.of_lives(root[root != life])
    return distinct(own[case.is_doing(own, *ONCE)], copies, upkeep)


RULE: Final = Rule("SH01", "a program started again and again", check, (*COST, STARTS, STARTING))
