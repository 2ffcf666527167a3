"""SH12: what short-lived programs load before they do anything: libraries, modules, the locale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.distinct import distinct
from aklo_analysis.nullable import known_values
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.evidence import MOST
from aklo_analysis.rules.paths import LOCALE
from aklo_analysis.rules.rule import SAVING as SAVING_OF_ALL
from aklo_analysis.rules.rule import SHARE as SHARE_OF_ALL
from aklo_analysis.rules.rule import Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import runs
from aklo_analysis.units import count, counted, duration

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SAVING: Final = replace(SAVING_OF_ALL, default=5)
SHARE: Final = replace(SHARE_OF_ALL, default=2)
STARTS: Final = Threshold("starts", "count", 8, "programs that were started")
CALLS: Final = Threshold(
    "load_calls", "count", 30, "calls of each start that load what could be left out"
)

MODULES: Final = r"\.(?:so[.\d]*|py|pyc|pm|pmc|pl|bs|rb|jar|js|mjs|cjs|node|elc?|tcl|lua|php)$"
"""What programs load, as a regular expression over paths."""
OWN_WORK: Final = (
    *("write", "write_unknown", "pipe_read", "pipe_write", "terminal_read", "terminal_write"),
    *("network", "process", "wait_child", "sleep"),
)
"""Activities that are no longer loading."""
MAPPING_NS: Final = 50_000
"""What is computed between two calls on files of the locale is part of loading it if it takes no
longer."""
ORDINARY_CALLS: Final = 120
"""What a small program needs to load itself."""

LEAVE_LOCALE: Final = (
    "Set LC_ALL=C for these programs, or for the whole script where nobody reads their output or "
    "its order: then the C library opens no locale."
)
LEAVE_MODULES: Final = (
    "Start {program} once for all and hand it one item after the other, by standard input or as a "
    "coprocess; or let it load less{less}."
)

LESS: Final = {
    "perl": "fewer -M, and no POSIX for one function",
    "python": "python3 -I -S, and no import that is not used",
}
"""By how the program's name begins."""


def check(case: Case) -> Iterator[Candidate]:
    yield from _locale(case)
    yield from _modules(case)


def _locale(case: Case) -> Iterator[Candidate]:
    """All of it is one finding, at the costliest line: one setting changes it everywhere."""
    made = case.paths.match(LOCALE)[case.calls["file"].to_numpy()]
    made &= case.lives.table["executed"].to_numpy()[case.lives.of_calls]
    spots = sorted(
        runs(case, made, MAPPING_NS), key=lambda spot: (spot.place == UNKNOWN, -spot.cost_ns)
    )
    if not spots:
        return
    rows = np.concatenate([spot.rows for spot in spots])
    calls = np.concatenate([spot.calls for spot in spots])
    lives = case.lives.of_calls[calls]
    started = distinct(lives)
    cost_ns = sum(spot.cost_ns for spot in spots)
    names = pd.Series(case.names[case.lives.table["image"].to_numpy()[started]]).value_counts()
    yield Candidate(
        place=case.place(spots[0].place),
        title=f"the locale is loaded {count(len(started))} times",
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, 0),
        advice=LEAVE_LOCALE,
        evidence=(
            f"{duration(cost_ns // len(started))} each, {len(calls) // len(started)} calls",
            ", ".join(f"{name} {count(number)}" for name, number in names[:MOST].items()),
            f"from {counted(len(spots), 'line')}",
        ),
        seen={STARTS.name: len(started), CALLS.name: len(calls) / len(started)},
    )


def _modules(case: Case) -> Iterator[Candidate]:
    """Where a program is started whose modules take most of its time: but the first time, all of
    it could be left out."""
    loaded_ns, loads = _loaded(case)
    pieces = case.wall.segments
    loading = np.append(loaded_ns, 0)[pieces["life"].to_numpy()] > pieces["start_ns"].to_numpy()
    groups: Any = case.starts.groupby(["place", "program"], sort=False)["life"]
    for (place, program), lives in groups:
        mine, _ = case.on_path.of_lives(lives.to_numpy(np.int64))
        rows = mine[loading[mine]]
        cost_ns = int(case.segments_ns[rows].sum())
        if 2 * cost_ns < case.segments_ns[mine].sum() or not cost_ns:
            continue
        each = float(np.median(loads[lives]))
        yield Candidate(
            place=case.place(place),
            title=f"{program} is loaded {count(len(lives))} times",
            cost_ns=cost_ns,
            claim=instead(rows, case.segments_ns, cost_ns / len(lives)),
            advice=LEAVE_MODULES.format(program=program, less=_less(program)),
            evidence=(
                f"{duration(cost_ns // len(lives))} each, {each:.0f} calls, before its own work",
            ),
            seen={STARTS.name: len(lives), CALLS.name: each - ORDINARY_CALLS},
        )


def _less(program: str) -> str:
    return next((f": {text}" for name, text in LESS.items() if program.startswith(name)), "")


def _loaded(case: Case) -> tuple[Int64, Int64]:
    """For each life when it had loaded what it needs, and the calls by which it did."""
    calls, slices, syscalls = case.order.calls, case.order.slices, case.frames.syscalls
    files = case.paths.match(f"{MODULES}|{LOCALE}")
    loads = np.flatnonzero(files[case.calls["file"].to_numpy()][calls])
    works = np.flatnonzero(among(case.calls["activity"], OWN_WORK)[calls])
    first_work = slices[1:].copy()
    np.minimum.at(first_work, case.lives.of_calls[calls[works]], works)
    loads = loads[loads < first_work[case.lives.of_calls[calls[loads]]]]
    loading = calls[loads]
    life = case.lives.of_calls[loading]
    ended_ns = syscalls["ts_ns"].to_numpy()[loading] + known_values(syscalls["dur_ns"])[loading]
    over_ns = np.zeros(len(slices) - 1, np.int64)
    np.maximum.at(over_ns, life, ended_ns)
    return over_ns, np.bincount(life, minlength=len(over_ns))


RULE: Final = Rule(
    "SH12", "start-up of short-lived programs", check, (SAVING, SHARE, STARTS, CALLS)
)
