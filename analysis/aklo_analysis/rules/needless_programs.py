"""SH03, SH04, SH05: programs that are not needed, because the shell does the same by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from aklo_analysis.rules.away import away
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import Claim
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.spared import BY_BUILTIN, BY_EXPANSION, USELESS_CAT
from aklo_analysis.rules.wording import evidence, names, times, with_variable

INPUT: Final = Threshold(
    "input_bytes", "bytes", 4096, "what one of them reads, at most: much is for programs", most=True
)
ADVISED: Final = 2
"""For how many programs of a place it is said what to write instead."""
ONLY: Final = {"dirname": " (of a path with a / in it)"}
"""Where that does the same."""


@dataclass(frozen=True)
class _Needless:
    """`title`: what to say of the programs of this rule."""

    code: str
    title: str

    def __call__(self, case: Case) -> Iterator[Candidate]:
        starts = case.spared[case.spared["code"] == self.code]
        gone = away(case, starts, starts["place"].to_numpy(np.int64))
        groups: Any = starts.groupby("place", sort=False)
        for place, here in groups:
            yield self._candidate(case, here, place, gone.claim(place))

    def _candidate(self, case: Case, here: pd.DataFrame, number: int, gone: Claim) -> Candidate:
        place, cost_ns = case.place(number), gone.saving_ns(case.segments_ns)
        return Candidate(
            place=place,
            title=f"{self.title.format(names(here))}, {times(len(here))}",
            cost_ns=cost_ns,
            claim=gone.less(int(here["cost_ns"].sum()), case.segments_ns),
            advice=f"Write {with_variable(_texts(here), place.source)}.",
            evidence=evidence(here, cost_ns),
            seen={INPUT.name: int(here["input_bytes"].max())},
        )


def _texts(here: pd.DataFrame) -> str:
    """What to write, for the most frequent programs."""
    counts = here[["name", "text"]].value_counts(sort=True).index.to_frame(index=False)
    found = counts.drop_duplicates("name")[:ADVISED]
    texts = [
        f"{text} instead of {name}{ONLY.get(name, '')}"
        for name, text in zip(found["name"], found["text"], strict=True)
    ]
    return ", and ".join(texts)


def _rule(code: str, name: str, title: str, *thresholds: Threshold) -> Rule:
    return Rule(code, name, _Needless(code, title), (*COST, *thresholds))


BUILTINS: Final = _rule(
    BY_BUILTIN, "a program that a builtin can replace", "{} where a builtin will do"
)
EXPANSIONS: Final = _rule(
    BY_EXPANSION, "a program that an expansion can replace", "{} where an expansion will do", INPUT
)
CATS: Final = _rule(USELESS_CAT, "a useless cat", "{} that only passes a file on")
