"""SH17: the trace does not have everything, so other findings may be missing or too small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import NO_FILE, UNKNOWN, among
from aklo_analysis.rules.case import Case, Place
from aklo_analysis.rules.claim import NOTHING
from aklo_analysis.rules.rule import Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import in_calls, line_of_causes
from aklo_analysis.units import count, counted
from aklo_trace.schema import SyscallFlag

Bools = npt.NDArray[np.bool_]

MISSING: Final = Threshold("missing_percent", "percent", 1, "what is missing, of all of its kind")
CALLS: Final = Threshold("calls", "count", 10, "calls that lack something")
SEVERE_PERCENT: Final = 10

CUT: Final = (
    SyscallFlag.PATH_TRUNCATED
    | SyscallFlag.PATH_UNREADABLE
    | SyscallFlag.PATH_LOST
    | SyscallFlag.PATH_RELATIVE
)
UNKNOWN_FILES: Final = "{} calls are about unknown files"
RECORD_MORE: Final = "Record it again with more memory for events: --ring-size 64M."


@dataclass(frozen=True)
class _Gap:
    """What calls can lack. `missing` says which lack it, of those that could have it."""

    title: str
    missing: Callable[[Case], tuple[Bools, Bools]]
    advice: str


def _paths(case: Case) -> tuple[Bools, Bools]:
    flags = case.frames.syscalls["flags"].to_numpy()
    named = among(case.calls["activity"], ("open", "stat", "metadata", "exec"))
    cut = (flags & int(CUT)) != 0
    return cut, cut | (named & case.frames.syscalls["fd"].isna().to_numpy())


def _files(case: Case) -> tuple[Bools, Bools]:
    file = case.calls["file"].to_numpy()
    missing = (file == UNKNOWN) & ~case.calls["failed"].to_numpy()
    return missing, file != NO_FILE


def _places(case: Case) -> tuple[Bools, Bools]:
    missing = (case.frames.syscalls["flags"].to_numpy() & SyscallFlag.SITE_UNKNOWN) != 0
    return missing, missing | (case.calls["site"].to_numpy() != UNKNOWN)


GAPS: Final = (
    _Gap(
        "the paths of {} calls are not whole",
        _paths,
        "What is told by path may be wrong here. Record it again, from the start and not attached; "
        "shorten paths that are longer than 4,095 bytes.",
    ),
    _Gap(
        UNKNOWN_FILES,
        _files,
        "What was open before the recording has no name: record the command from its start.",
    ),
    _Gap(
        "{} calls of shells come from an unknown place",
        _places,
        "Their lines are not known, so no finding can name them: leave FUNCNAME, BASH_SOURCE and "
        "BASH_LINENO as bash has made them, and use a bash that 'aklo-trace doctor' knows.",
    ),
)

OTHER_ENGINE: Final = {
    "bcc": {
        UNKNOWN_FILES: "The engine bcc does not tell which file a descriptor is: use ebpf, which "
        "needs a kernel with BTF ('aklo-trace doctor')."
    }
}
"""By engine and title, what to do where the engine is why."""


def check(case: Case) -> Iterator[Candidate]:
    yield from _lost(case)
    for gap in GAPS:
        missing, of = gap.missing(case)
        number, whole = int(np.count_nonzero(missing)), int(np.count_nonzero(of))
        if number:
            yield _candidate(
                case.place(_line(case, missing)),
                gap.title.format(count(number)),
                int(case.segments_ns[in_calls(case, missing)].sum()),
                OTHER_ENGINE.get(case.meta.engine, {}).get(gap.title, gap.advice),
                number,
                whole,
            )


def _lost(case: Case) -> Iterator[Candidate]:
    lost, attempts = case.meta.lost, case.meta.attempts or len(case.calls) + case.meta.lost
    if lost:
        title = f"{counted(lost, 'call')} were lost"
        yield _candidate(Place(None, None, None), title, 0, RECORD_MORE, lost, attempts)


def _candidate(
    place: Place, title: str, cost_ns: int, advice: str, number: int, of: int
) -> Candidate:
    percent = 100 * number / of
    return Candidate(
        place=place,
        title=title,
        cost_ns=cost_ns,
        claim=NOTHING,
        advice=advice,
        evidence=(f"{percent:.1f}% of {count(of)}",),
        seen={MISSING.name: percent, CALLS.name: number},
        severity="high" if percent >= SEVERE_PERCENT else "medium",
    )


def _line(case: Case, missing: Bools) -> int:
    """The one that is to blame for most."""
    lines = line_of_causes(case)[case.causes.of_calls[missing]]
    numbers, counts = np.unique(lines, return_counts=True)
    return int(numbers[counts.argmax()])


RULE: Final = Rule("SH17", "incomplete data", check, (MISSING, CALLS))
