"""SH16: a cache that costs more than it saves, as it misses, is stale, or is dear to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.answer import STALE, Answer, Stack
from aklo_analysis.caches.observed import Observed
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART
from aklo_analysis.distinct import distinct
from aklo_analysis.nullable import optional, optional_int
from aklo_analysis.program import base_name
from aklo_analysis.rules.case import Case, Place
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.rewritten_files import Rewritten, rewritten
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.stacks import NO_FILES
from aklo_analysis.units import count, counted, duration

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Line = tuple[str | None, str | None, int | None]
"""Function, file and number."""

LOOKUPS: Final = Threshold("lookups", "count", 5, "how often the cache is asked")
MOSTLY: Final = 0.5
"""The share of lookups from which on a cause is named."""

DEAR: Final = (
    "Do what is the same for each lookup once, before the first; if the work is cheaper than "
    "asking even so, do without the cache."
)
NEVER: Final = (
    "Keep what a lookup learns where the next one finds it: what a subshell, as in $(...), sets in "
    "a variable ends with it. Else do without the cache."
)
STALE_ENTRIES: Final = (
    "Find out why entries do not stay fresh: what they depend on changes between lookups, or is "
    "compared in another form than it was written. Else do without the cache."
)


REWRITTEN: Final = (
    "Count in variables, and write them down once, at the end; from subshells, append a line for "
    "each lookup, and add them up when somebody asks."
)


def check(case: Case) -> Iterator[Candidate]:
    for one in case.observed:
        saved_ns = one.saved_ns
        if saved_ns is not None and saved_ns < 0:
            yield _candidate(case, one, -saved_ns)
    for file in rewritten(case):
        yield _of_file(case, file)


def _of_file(case: Case, file: Rewritten) -> Candidate:
    """That a file which is no entry is written anew at lookups."""
    rows = distinct(*(_segments(case, answer) for answer in file.answers))
    rows = rows[_is_for(case, rows, file)]
    cost_ns, times = int(case.segments_ns[rows].sum()), len(file.answers)
    title = (
        f"{base_name(file.path)} is written anew at {count(times)} of {count(file.lookups)} lookups"
    )
    return Candidate(
        place=_place(case, file.answers, rows),
        title=title,
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, cost_ns / times),
        advice=REWRITTEN,
        evidence=(f"{duration(cost_ns // times)} each, for {file.path}",),
        seen={LOOKUPS.name: file.lookups},
    )


def _is_for(case: Case, rows: Int64, file: Rewritten) -> Bools:
    """Which segments are of what those lines do, and call, of functions that look up which write
    the file; where lines are not known, of the calls that write it."""
    stacks = {answer.stack for answer in file.answers if answer.stack}
    lines = {*_lines(case, case.causes.of_calls[file.calls], stacks).values()} - {None}
    pieces = case.wall.segments
    if not lines:
        return np.isin(pieces["call"].to_numpy(np.int64)[rows], file.calls)
    cause = pieces["cause"].to_numpy(np.int64)[rows]
    found = [number for number, line in _lines(case, cause, stacks).items() if line in lines]
    return np.isin(cause, found)


def _lines(case: Case, causes: Int64, stacks: set[Stack]) -> dict[int, Line | None]:
    """By cause the line of a function that looks up."""
    known = [number for number in np.unique(causes).tolist() if number >= len(APART)]
    return {
        number: _line(case, int(case.causes.site[number - len(APART)]), stacks) for number in known
    }


def _candidate(case: Case, one: Observed, lost_ns: int) -> Candidate:
    rows = distinct(*(_segments(case, answer) for answer in one.answers))
    cost_ns = int(case.segments_ns[rows].sum())
    took_ns = sum(answer.ns for answer in one.answers) or 1
    title, advice = _said(one)
    return Candidate(
        place=_place(case, one.answers, rows),
        title=title,
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, cost_ns * max(0.0, 1 - lost_ns / took_ns)),
        advice=advice,
        evidence=tuple(_evidence(one)),
        seen={LOOKUPS.name: len(one.answers)},
    )


def _said(one: Observed) -> tuple[str, str]:
    """What is wrong with it, and what to do."""
    lookups, name = len(one.answers), f"the cache {one.cache.name}"
    hits = sum(answer.is_hit for answer in one.answers)
    stale = sum(answer.outcome == STALE for answer in one.answers)
    if stale >= MOSTLY * lookups:
        return f"{name} is stale in {count(stale)} of {count(lookups)} lookups", STALE_ENTRIES
    if not hits:
        return f"{name} has no answer in {counted(lookups, 'lookup')}", NEVER
    return f"{name} costs more than it saves", DEAR


def _evidence(one: Observed) -> Iterator[str]:
    hits = [answer for answer in one.answers if answer.is_hit]
    mean_ns = sum(answer.ns for answer in one.answers) // len(one.answers)
    work = "" if one.spared_ns is None else f", to save {duration(one.spared_ns)}"
    yield f"a lookup takes {duration(mean_ns)}{work}; {count(len(hits))} of {len(one.answers)} hit"


def _segments(case: Case, answer: Answer) -> Int64:
    """The segments of the wall in which a lookup went on."""
    start_ns = case.wall.segments["start_ns"].to_numpy(np.int64)
    low, high = np.searchsorted(start_ns, (answer.start_ns, answer.end_ns))
    life = case.wall.segments["life"].to_numpy(np.int64)[low:high]
    known = life != UNKNOWN
    owner = np.full(int(known.sum()), answer.life, np.int64)
    rows = np.arange(low, high)[known]
    found: Int64 = rows[case.family.comes_from(life[known], owner)]
    return found


def _place(case: Case, answers: tuple[Answer, ...], rows: Int64) -> Place:
    """The line of the function that looks up which takes most, with all that it calls."""
    stacks = {answer.stack for answer in answers if answer.stack}
    ns: dict[Line, int] = {}
    cause = case.wall.segments["cause"].to_numpy(np.int64)[rows]
    of_causes = np.zeros(case.causes.count, np.int64)
    np.add.at(of_causes, cause, case.segments_ns[rows])
    for number in np.unique(cause[cause >= len(APART)]).tolist():
        found = _line(case, int(case.causes.site[number - len(APART)]), stacks)
        if found:
            ns[found] = ns.get(found, 0) + int(of_causes[number])
    if not ns:
        return Place(None, None, None)
    function, file, line = max(ns, key=lambda place: ns[place])
    known = file is not None and line is not None
    source = case.sources.line(file, line).text if file is not None and line is not None else None
    return Place(function, file if known else None, line, source=source)


def _line(case: Case, site: int, stacks: set[Stack]) -> Line | None:
    """The line of a function that looks up from which a site was reached: function, file, line."""
    row = case.frames.sites.iloc[site]
    names, files, lines = row["stack"] or (), row["files"] or (), row["lines"] or ()
    frames = tuple(zip(names, lines, strict=False))
    depth = next((len(stack) for stack in stacks if _is_within(frames, stack)), 0)
    if not depth:
        return None
    line = optional_int(row["line"]) if depth == len(frames) else lines[depth]
    file = optional(files[depth - 1])
    return names[depth - 1], None if file in NO_FILES else file, line


def _is_within(frames: Stack, stack: Stack) -> bool:
    """Whether these functions were called by those; the line of a call that was counted is not
    known."""
    last = len(stack) - 1
    return (
        frames[:last] == stack[:last] and len(frames) > last and frames[last][0] == stack[last][0]
    )


RULE: Final = Rule("SH16", "a cache that costs more than it saves", check, (*COST, LOOKUPS))
