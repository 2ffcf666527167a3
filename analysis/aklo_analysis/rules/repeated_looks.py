"""SH06: shell code looks at a path, or opens it, again and again, and nothing has changed.

A look is a test (`[[ -e … ]]`), a redirection, or the listing of a folder by a pattern. It was for
nothing if the one before it, by whichever line, had the same answer, and nobody wrote to that file
in between, or made, renamed or removed something in that folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.causes import APART
from aklo_analysis.nullable import known_values
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.evidence import most_used
from aklo_analysis.rules.paths import LOCALE
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import Spot, in_calls, runs, spots
from aklo_analysis.units import count

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LOOKS: Final = Threshold("looks", "count", 20, "looks that had the answer of the one before")

LOOP_NS: Final = 5_000
"""What bash computes between two calls of a redirection is part of it if it takes no longer."""
ALTERS: Final = ("write", "write_unknown", "copy", "metadata")
"""Activities that can change what a test of the path answers, or what its folder has."""
MAKES: Final = ("mkdir", "mkdirat", "rmdir")
"""Calls that do so too."""
LISTS: Final = ("getdents", "getdents64")
"""Calls that list a folder."""
USES: Final = ("read", "copy", "metadata", "exec", "memory")
"""Activities for which a file must have been closed, or after which it is another."""


@dataclass(frozen=True)
class _Kind:
    """A way to look. `title` has room for what is looked at and how often."""

    title: str
    thing: str
    advice: str


TESTED: Final = _Kind(
    "{} tested {} times, with the same answer",
    "path",
    "Ask once, before the loop or in the function that is called first, and keep the answer in a "
    "variable.",
)
LISTED: Final = _Kind(
    "{} listed {} times, with the same files",
    "folder",
    "List the folder once, before the loop: files=(folder/*), then use the array.",
)
OPENED: Final = _Kind(
    "{} opened {} times, where once would do",
    "file",
    "Redirect once, behind the whole loop: done >>file; or keep it open: exec {out}>>file, then "
    '>&"$out".',
)


EMPTIES: Final = re.compile(r"^(?!.*>>).*(?<![-=<>])>\|?\s*(?![>&(=]|/dev/)\S")
"""A line that only redirects in such a way that the file is empty each time, which once behind
the loop would not."""


@dataclass(frozen=True)
class _Looks:
    """Which calls are tests of a path, listings of a folder, and redirections."""

    tests: Bools
    lists: Bools
    opens: Bools


@dataclass(frozen=True)
class _Changes:
    """Which calls can change the answer of a look at one of the numbered paths `of`, by call."""

    calls: Bools
    of: Int64


def check(case: Case) -> Iterator[Candidate]:
    looks, file = _looks(case), case.calls["file"].to_numpy()
    path, folder = (numbers[file] for numbers in (case.paths.path, case.paths.folder))
    alters = _doing(case, ALTERS) | among(case.calls["syscall"], MAKES)
    tests = _for_nothing(case, path, looks.tests, _Changes(alters, path))
    for spot in spots(case, in_calls(case, tests)):
        yield _candidate(case, TESTED, spot, tests)
    lists = _for_nothing(case, path, looks.lists, _Changes(alters | _makes(case), folder))
    for spot in runs(case, _with(case, lists, ("directory", "stat", "close")), LOOP_NS):
        yield _candidate(case, LISTED, spot, lists)
    opens = _for_nothing(case, path, looks.opens, _Changes(_doing(case, USES), path))
    for spot in runs(case, _with(case, opens, ("descriptor", "close")), LOOP_NS):
        if not EMPTIES.search(case.place(spot.place).source or ""):
            yield _candidate(case, OPENED, spot, opens)


def _doing(case: Case, activities: tuple[str, ...]) -> Bools:
    found: Bools = among(case.calls["activity"], activities)
    return found


def _makes(case: Case) -> Bools:
    """Calls that open a file that was not seen before, and may be new."""
    first_ns = np.append(known_values(case.frames.files["first_ns"]), [0, 0])
    seen_ns = first_ns[case.calls["file"].to_numpy()]
    first = seen_ns == case.frames.syscalls["ts_ns"].to_numpy()
    found: Bools = first & _doing(case, ("open",)) & ~case.calls["failed"].to_numpy()
    return found


def _looks(case: Case) -> _Looks:
    """Those of shell code at a known place, but not those by which a shell searches a program, or
    the C library a language; and not of files that are read from: these are read again."""
    calls, paths, file = case.calls, case.paths, case.calls["file"].to_numpy()
    kinds = case.frames.files["kind"].isin(("pipe", "fifo", "socket")).to_numpy()
    asked = case.causes.shells[case.lives.of_calls] & (case.causes.of_calls >= len(APART))
    asked &= (paths.path[file] != UNKNOWN) & ~paths.match(LOCALE)[file]
    asked &= ~np.append(kinds, [False, False])[file]
    failed, opens = calls["failed"].to_numpy(), asked & _doing(case, ("open",))
    stat = _doing(case, ("stat",)) & case.frames.syscalls["fd"].isna().to_numpy()
    opened = opens & ~failed
    listed = _beside(case, opened, among(calls["syscall"], LISTS))
    return _Looks(
        (asked & stat | opens & failed) & ~_by_searches(case),
        listed,
        opened & ~listed & ~_beside(case, opened, _doing(case, ("read",))),
    )


def _by_searches(case: Case) -> Bools:
    """Look-ups of programs, and that of the working directory before one."""
    programs = pd.Index(case.frames.images["exe"].dropna().unique())
    paths = case.paths
    is_program = np.isin(paths.path, paths.texts.get_indexer(programs))
    is_program &= paths.path != UNKNOWN
    searched: Bools = is_program[case.calls["file"].to_numpy()]
    searched[case.look_ups.calls] = True
    rows, life = case.order.calls, case.lives.of_calls[case.order.calls]
    before = np.append(searched[rows[1:]] & (life[1:] == life[:-1]), False)[: len(rows)]
    searched[rows[before]] = True
    return searched


def _beside(case: Case, opened: Bools, others: Bools) -> Bools:
    """Which of the calls that opened a known file are such that the same life makes one of the
    others on it at the same place."""
    file, count = case.calls["file"].to_numpy(np.int64), len(case.frames.files)
    is_opened = np.zeros(count + 2, dtype=bool)
    is_opened[file[opened]] = True
    rows, beside = np.flatnonzero(opened), np.flatnonzero(others & is_opened[file])
    every = np.concatenate([rows, beside])
    keys = pd.Series(pd.factorize(_where(case, every))[0] * count + file[every])
    found = np.zeros(len(opened), dtype=bool)
    found[rows] = keys[: len(rows)].isin(keys[len(rows) :])
    return found


def _where(case: Case, calls: Int64) -> Int64:
    """A number for the life and the place of each call."""
    return case.lives.of_calls[calls] * case.causes.count + case.causes.of_calls[calls]


def _for_nothing(case: Case, path: Int64, looks: Bools, changes: _Changes) -> Bools:
    """The looks at a path whose answer was that of the look before. `path` by call."""
    often = pd.Series(path[looks]).value_counts()
    rows, changed = np.flatnonzero(looks), np.flatnonzero(changes.calls)
    changed = changed[np.isin(changes.of[changed], often.index[often > 1])]
    every = np.concatenate([rows, changed])
    keys = np.concatenate([path[rows], changes.of[changed]])
    is_look = np.arange(len(every)) < len(rows)
    ts_ns = case.frames.syscalls["ts_ns"].to_numpy()[every]
    order = np.lexsort((ts_ns, keys))
    state = np.cumsum(~is_look[order])[is_look[order]]
    rows = every[order][is_look[order]]
    errors = known_values(case.frames.syscalls["errno"])[rows]
    answer = np.stack([path[rows], state, errors, case.calls["file"].to_numpy()[rows]])
    same = np.append(False, (answer[:, 1:] == answer[:, :-1]).all(axis=0))[: len(rows)]
    found = np.zeros(len(looks), dtype=bool)
    found[rows[same]] = True
    return found


def _with(case: Case, looks: Bools, activities: tuple[str, ...]) -> Bools:
    """The looks with the calls of these activities that go with them: of the same life and at the
    same place, if at least half of the descriptors that are made there are theirs."""
    opened, found = (
        pd.Series(_where(case, np.flatnonzero(some))).value_counts()
        for some in (_doing(case, ("open",)), looks)
    )
    there = found.index[found >= opened.reindex(found.index) / 2]
    rows = np.flatnonzero(_doing(case, activities))
    both = looks.copy()
    both[rows[pd.Series(_where(case, rows)).isin(there).to_numpy()]] = True
    return both


def _candidate(case: Case, kind: _Kind, spot: Spot, looks: Bools) -> Candidate:
    calls = spot.calls[looks[spot.calls]]
    paths = case.calls["file"].iloc[calls].nunique()
    what = f"a {kind.thing} is" if paths == 1 else f"{count(paths)} {kind.thing}s are"
    return Candidate(
        place=case.place(spot.place),
        title=kind.title.format(what, count(len(calls))),
        cost_ns=spot.cost_ns,
        claim=instead(spot.rows, case.segments_ns, 0),
        advice=kind.advice,
        evidence=most_used(case, calls),
        seen={LOOKS.name: len(calls)},
    )


RULE: Final = Rule("SH06", "a path tested or opened again and again", check, (*COST, LOOKS))
