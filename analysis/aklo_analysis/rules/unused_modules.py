"""SH15: a tool sources files before it does anything, and then does not use them.

A file is used if one of its functions was running when a call was made or the timer looked. What
it costs to source it is the shell's own time in the command and in the file outside of functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from os.path import normpath
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.causes import APART
from aklo_analysis.nullable import objects
from aklo_analysis.program import base_name
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.evidence import MOST
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.sourcing import sourced
from aklo_analysis.rules.stretches import line_of_causes
from aklo_analysis.units import count, counted, duration
from aklo_analysis.wall.slices import bounds, last_before

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FILES: Final = Threshold("files", "count", 5, "sourced files that were not used")

SOURCE: Final = "source"
NO_FUNCTION: Final = (SOURCE, "main")
"""What bash calls the code of a file outside of functions."""

DEFINITION: Final = re.compile(rb"\s*(?:function\s+\S|[^\s()#=$\"']+\s*\(\s*\))")
"""How a line that defines a function begins."""

ADVICE: Final = (
    "Source a file when the first of its functions is called: name() { source file; name "
    '"$@"; } until then; or first look what is asked for (case $1 in …), then source what that '
    "needs."
)


def check(case: Case) -> Iterator[Candidate]:
    made = sourced(case)
    shell = case.places.programs
    made["shell"] = shell[made["life"]]
    made["path"] = [*map(normpath, case.file_names.of(made["file"].to_numpy()))]
    keys = pd.MultiIndex.from_frame(made[["shell", "path"]])
    made["used"] = keys.isin(_used(case, shell)) | ~made["path"].map(_has_functions(case))
    rows, event = _own_time(case, made)
    made["cost_ns"] = np.bincount(event, case.segments_ns[rows], len(made)).astype(np.int64)
    script = case.names[case.lives.table["image"].to_numpy()[made["shell"]]].astype(str)
    for name, places in pd.Series(made.index).groupby(script).indices.items():
        unused = np.asarray(places)[~made["used"].to_numpy()[places]]
        if len(unused):
            yield _candidate(case, str(name), made.iloc[places], rows[np.isin(event, unused)])


def _has_functions(case: Case) -> Callable[[str], bool]:
    """Whether a file defines functions, for all that is known: one that sets variables is used
    by being read."""

    @cache
    def has_functions(path: str) -> bool:
        lines = case.sources.lines(path)
        return lines is None or any(DEFINITION.match(line) for line in lines)

    return has_functions


def _used(case: Case, shell: Int64) -> pd.MultiIndex:
    """The pairs of a shell and the path of a file of which a function was seen to run."""
    site, causes = case.calls["site"].to_numpy(np.int64), case.causes
    sampled, called = causes.of_samples >= len(APART), np.flatnonzero(site != UNKNOWN)
    shells = [shell[case.lives.of_calls[called]], shell[causes.lives_of_samples[sampled]]]
    sites = [site[called], causes.site[causes.of_samples[sampled] - len(APART)]]
    seen = pd.unique(np.concatenate(shells) * len(case.frames.sites) + np.concatenate(sites))
    functions = [_files(*row) for row in _stacks(case)]
    pairs = [
        (one, normpath(path))
        for one, place in (divmod(number, len(functions)) for number in seen.tolist())
        for path in functions[place]
    ]
    return pd.MultiIndex.from_tuples([*pairs, *_called(case, shell)], names=["shell", "path"])


def _stacks(case: Case) -> Iterator[tuple[Any, Any]]:
    """The functions and files of each site, outermost first."""
    return zip(*(objects(case.frames.sites[name]) for name in ("stack", "files")), strict=True)


def _files(stack: tuple[str, ...] | None, files: tuple[str, ...] | None) -> set[str]:
    """Those whose functions are in a stack."""
    pairs = zip(stack or (), files or (), strict=True)
    return {file for function, file in pairs if function not in NO_FUNCTION}


def _called(case: Case, shell: Int64) -> Iterator[tuple[int, str]]:
    """The same pairs of function calls, where these were recorded."""
    called = case.frames.calls
    process = positions(case.frames.processes, "proc_id", called["proc_id"])
    table = case.lives.table["process"]
    first = pd.Series(table.index, table).groupby(level=0).first()
    lives = first.reindex(process, fill_value=0).to_numpy()
    for one, file in zip(shell[lives].tolist(), objects(called["file"]), strict=True):
        if file is not None:
            yield one, normpath(file)


def _own_time(case: Case, made: pd.DataFrame) -> tuple[Int64, Int64]:
    """The segments in which shells sourced, and for each the place in `made` of what it was: from
    when it was opened, at the place of the command, until the next call after it was read; and
    all of that file outside of functions."""
    pieces, causes = case.wall.segments, case.causes
    life, cause = pieces["life"].to_numpy(), pieces["cause"].to_numpy()
    slices = bounds(made["life"].to_numpy(), len(case.lives.table))
    inside = _files_outside_functions(case)
    commands = np.isin(np.arange(causes.count), made["cause"])
    outside = np.array([name is None for name in inside], dtype=bool)
    rows = np.flatnonzero((commands | ~outside)[cause] & (life != UNKNOWN))
    low, high = slices[life[rows]], slices[life[rows] + 1]
    start_ns = pieces["start_ns"].to_numpy()[rows]
    event = last_before(made["ts_ns"].to_numpy(), low, high, start_ns + 1)
    rows, event, start_ns = (one[event != UNKNOWN] for one in (rows, event, start_ns))
    reading = made["cause"].to_numpy()[event] == cause[rows]
    reading &= start_ns < made["read_ns"].to_numpy()[event]
    running = np.array(inside, dtype=object)[cause[rows]] == made["path"].to_numpy()[event]
    mine = reading | running
    return rows[mine], event[mine]


def _files_outside_functions(case: Case) -> list[str | None]:
    """Of each cause the sourced file that it is in, if it is in no function of it."""
    innermost = [
        normpath(files[-1]) if stack and stack[-1] == SOURCE else None
        for stack, files in _stacks(case)
    ]
    return [None] * len(APART) + [innermost[site] for site in case.causes.site.tolist()]


def _candidate(case: Case, script: str, made: pd.DataFrame, rows: Int64) -> Candidate:
    """`rows`: the segments of those that were not used."""
    unused = made[~made["used"]]
    line = int(line_of_causes(case)[unused["cause"].iloc[unused["ts_ns"].argmin()]])
    costs_ns = unused["cost_ns"].groupby(unused["path"].map(base_name)).sum().nlargest(MOST)
    whole_ns = int(made["cost_ns"].sum())
    return Candidate(
        place=case.place(line),
        title=f"{count(len(unused))} of {counted(len(made), 'file')} are sourced for nothing",
        cost_ns=whole_ns,
        claim=instead(rows, case.segments_ns, 0),
        advice=ADVICE,
        evidence=(
            f"{script} takes {duration(whole_ns)} to source {counted(len(made), 'file')}",
            "not seen to be used: "
            + ", ".join(f"{name} {duration(int(ns))}" for name, ns in costs_ns.items())
            + (", …" if len(unused) > MOST else ""),
        ),
        seen={FILES.name: len(unused)},
    )


RULE: Final = Rule("SH15", "files sourced at start and not used", check, (*COST, FILES))
