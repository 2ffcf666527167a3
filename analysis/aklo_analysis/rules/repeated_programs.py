"""SH01: a program that is started again and again from one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.starts import segments_of, starts
from aklo_analysis.units import count, duration

STARTS = Threshold("starts", "count", 5, "how often the line started the program")


def check(case: Case) -> Iterator[Candidate]:
    groups: Any = starts(case).groupby(["line", "program"], sort=False)
    for (line, program), group in groups:
        rows = segments_of(case, group)
        cost_ns = int(case.segments_ns[rows].sum())
        number = len(group)
        yield Candidate(
            place=case.place(line),
            title=f"{program} is started {count(number)} times",
            cost_ns=cost_ns,
            claim=instead(rows, case.segments_ns, cost_ns / number),
            advice=f"Start {program} once for all: give it all files or lines in one call, or let "
            "it run behind the loop.",
            evidence=(f"{count(number)} times {program}, {duration(cost_ns // number)} each",),
            seen={STARTS.name: number},
        )


RULE = Rule("SH01", "a program started again and again", check, (*COST, STARTS))
