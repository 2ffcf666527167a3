"""SH11: data is flushed to the disk again and again while the user waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aklo_analysis.calls import among
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.evidence import most_used
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import in_calls, spots
from aklo_analysis.units import count, duration

FLUSHES: Final = Threshold("flushes", "count", 3, "flushes that the line waited for")

ADVICE: Final = (
    "Flush once, behind the last write (sync FILE…), or not at all where the data can be made "
    "again: leave out conv=fsync, oflag=sync, --fsync, sync in the loop."
)


def check(case: Case) -> Iterator[Candidate]:
    flushes = among(case.calls["activity"], ("sync",)) & ~case.calls["failed"].to_numpy()
    for spot in spots(case, in_calls(case, flushes)):
        each_ns = spot.cost_ns // len(spot.calls)
        names = "/".join(sorted(set(case.calls["syscall"].iloc[spot.calls])))
        yield Candidate(
            place=case.place(spot.place),
            title=f"the disk is waited for {count(len(spot.calls))} times",
            cost_ns=spot.cost_ns,
            claim=instead(spot.rows, case.segments_ns, each_ns),
            advice=ADVICE,
            evidence=(
                f"{count(len(spot.calls))} times {names}, {duration(each_ns)} each",
                *most_used(case, spot.calls),
            ),
            seen={FLUSHES.name: len(spot.calls)},
        )


RULE: Final = Rule("SH11", "data flushed to the disk again and again", check, (*COST, FLUSHES))
