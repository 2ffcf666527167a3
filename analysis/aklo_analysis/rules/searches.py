"""SH07: programs and libraries are searched for in folders that do not have them.

bash remembers where it found a program, but a subshell that finds one tells its parent nothing;
and what is not there is searched for each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.distinct import distinct
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.evidence import MOST
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import Spot, runs
from aklo_analysis.units import counted

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MISSES: Final = Threshold("misses", "count", 20, "places that were looked at in vain")

LIBRARY: Final = r"\.so(?:\.[0-9.]+)?$"
"""A library's name, as a regular expression."""
SYSTEM_LIBRARIES: Final = r"^/(?:usr/(?:local/)?)?lib(?:32|64|x32)?/"
"""Paths in the folders that the loader knows by itself."""
FOR_ONE_CPU: Final = r"/(?:glibc-hwcaps/[^/]+|tls|haswell|xeon_phi|avx512_1|x86_64)/[^/]+$"
"""Paths in the subfolders that the loader tries within each folder: how many depends on the CPU and
on glibc, which up to 2.36 had those without ``glibc-hwcaps`` too."""
LOOP_NS: Final = 5_000
"""What is computed between two misses is part of the search if it takes no longer."""

REMEMBERED: Final = (
    "Search once, before the loop: hash {name}. What a shell remembers, its subshells know too. "
    "Or call it by its path, or put its folder first in PATH."
)
ABSENT: Final = (
    "Ask once whether {name} is there, before the loop, and keep the answer in a variable: a shell "
    "does not remember what it has not found."
)
EXECUTED: Final = (
    "Call it by its path: a script that begins with #!/usr/bin/env, and a program that starts "
    "others, search PATH each time."
)
UNCACHED: Final = "The loader does not find {name} in its cache: run ldconfig, as root, once."
LIBRARIES: Final = (
    "Unset LD_LIBRARY_PATH for these programs, or leave only the folders in it that have their "
    "libraries, the right one first."
)


@dataclass(frozen=True)
class _Searches:
    """Which calls are `misses`, which of these bear the `names` of what is searched, and which
    stand for the `places` that were looked at; of each call the `search` that it belongs to, or
    `UNKNOWN`; and which `found` it."""

    misses: Bools
    names: Bools
    places: Bools
    search: Int64
    found: Bools

    @cached_property
    def successful(self) -> Bools:
        """Of each search, and of none as the last, whether it found something."""
        every = np.zeros(int(self.search.max(initial=UNKNOWN)) + 2, dtype=bool)
        every[self.search[self.found]] = True
        return every


def check(case: Case) -> Iterator[Candidate]:
    for kind in KINDS:
        made = kind.searches(case)
        for spot in runs(case, made.misses, LOOP_NS):
            yield _candidate(case, kind, made, spot)


def _of_programs(case: Case) -> _Searches:
    found = case.look_ups
    return _marked(case, found.calls, found.search, case.calls["failed"].to_numpy()[found.calls])


def _tried(case: Case) -> _Searches:
    """Programs that were executed where they are not: each life searches for one at a time."""
    rows = case.order.calls
    rows = rows[among(case.calls["activity"], ("exec",))[rows]]
    life = case.lives.of_calls[rows]
    return _marked(case, rows, life, case.calls["failed"].to_numpy()[rows])


def _libraries(case: Case) -> _Searches:
    """Libraries that were opened where they are not, and the looks at the folder that follow."""
    paths, rows = case.paths, case.order.calls
    place = np.flatnonzero(among(case.calls["activity"], ("open", "stat"))[rows])
    rows, next_to = rows[place], np.diff(place, prepend=place[:1]) == 1
    file, life = case.calls["file"].to_numpy()[rows], case.lives.of_calls[rows]
    opens = among(case.calls["activity"], ("open",))[rows]
    opened = opens & paths.match(LIBRARY)[file]
    missed = opened & case.calls["failed"].to_numpy()[rows]
    stat = ~opens & next_to & (life == np.roll(life, 1)) & np.roll(missed, 1)
    stat &= paths.path[file] == paths.folder[np.roll(file, 1)]
    every = opened | stat
    made = _marked(case, rows[every], life[every], (missed | stat)[every])
    made.names[rows[stat]] = False
    made.places[rows[stat | paths.match(FOR_ONE_CPU)[file]]] = False
    return made


def _marked(case: Case, rows: Int64, search: Int64, missed: Bools) -> _Searches:
    count = len(case.calls)
    misses, found, numbers = np.zeros(count, bool), np.zeros(count, bool), np.full(count, UNKNOWN)
    misses[rows[missed]] = True
    found[rows[~missed]] = True
    numbers[rows] = search
    return _Searches(misses, misses.copy(), misses.copy(), numbers, found)


@dataclass(frozen=True)
class _Kind:
    """A way to search, with what to do where it mostly `found` something, where not, and where
    it searched the system's own folders for libraries. `once`: one search remains."""

    searches: Callable[[Case], _Searches]
    found: str
    absent: str
    once: bool
    system: str | None = None


KINDS: Final = (
    _Kind(_of_programs, REMEMBERED, ABSENT, once=True),
    _Kind(_tried, EXECUTED, EXECUTED, once=False),
    _Kind(_libraries, LIBRARIES, LIBRARIES, once=False, system=UNCACHED),
)


def _candidate(case: Case, kind: _Kind, made: _Searches, spot: Spot) -> Candidate:
    names = _names(case, spot.calls[made.names[spot.calls]])
    searches = distinct(made.search[spot.calls])
    found = np.count_nonzero(made.successful[searches])
    advice = kind.found if 2 * found >= len(searches) else kind.absent
    if kind.system and _mostly_of_system(case, spot.calls):
        advice = kind.system
    places = int(np.count_nonzero(made.places[spot.calls]))
    left_ns = spot.cost_ns / len(searches) if kind.once else 0
    what = names[0] if len(names) == 1 else counted(len(names), "name")
    more = ["…"] if len(names) > MOST else []
    return Candidate(
        place=case.place(spot.place),
        title=f"{what} searched for in {counted(places, 'wrong place')}",
        cost_ns=spot.cost_ns,
        claim=instead(spot.rows, case.segments_ns, left_ns),
        advice=advice.format(name=names[0]),
        evidence=(
            f"{counted(len(searches), 'search', 'searches')}, "
            f"{counted(len(spot.calls) // len(searches), 'miss', 'misses')} each",
            ", ".join([*names[:MOST], *more]),
        ),
        seen={MISSES.name: places},
    )


def _mostly_of_system(case: Case, calls: Int64) -> bool:
    found = case.paths.match(SYSTEM_LIBRARIES)[case.calls["file"].to_numpy()[calls]]
    return bool(2 * np.count_nonzero(found) > len(calls))


def _names(case: Case, calls: Int64) -> list[str]:
    """What was searched for, most misses first."""
    paths = case.paths
    name = pd.Series(paths.name[case.calls["file"].to_numpy()[calls]]).value_counts()
    return [paths.names[number] if number != UNKNOWN else "a program" for number in name.index]


RULE: Final = Rule("SH07", "a search in folders that do not have it", check, (*COST, MISSES))
