"""SH02: processes that start no program, made again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.distinct import distinct, without
from aklo_analysis.nullable import known_values
from aklo_analysis.rules import costs
from aklo_analysis.rules.away import away
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import Claim, instead
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.wording import times
from aklo_analysis.units import duration
from aklo_analysis.wall.call_waits import on_pipes

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

FORKS: Final = Threshold("forks", "count", 10, "how many processes the line makes")

SUBSTITUTION, FEEDS, GROUP = "substitution", "feeds", "group"
"""What a subshell is for: its output is for its shell, or for another process, or neither."""

SEEN_IN: Final = {
    SUBSTITUTION: re.compile(""),
    FEEDS: re.compile(r"\b(?:echo|printf)\b[^|]*\|"),
    GROUP: re.compile(r"(?:^|[\s;&|{!(])\((?![()])"),
}
"""How the line must look: of what feeds a pipe only text can be had otherwise."""

STDIN: Final = 0
STDOUT: Final = 1

SAME_PROCESS: Final = (5, 3)
"""From which bash on there is `${ command; }`."""

BUILTINS: Final = (
    (re.compile(r"\$\(\s*printf\s"), "Write printf -v VARIABLE instead of $(printf …)."),
    (re.compile(r"\$\(\s*pwd\s*\)"), "Write $PWD instead of $(pwd)."),
    (re.compile(r"\$\(\s*echo\s"), "Write the words themselves instead of $(echo …)."),
)
"""What to write for builtins in a substitution."""


def check(case: Case) -> Iterator[Candidate]:
    groups: Any = _subshells(case).groupby(["place", "use"], sort=False)
    for (place, use), here in groups:
        if SEEN_IN[use].search(case.place(place).source or ""):
            yield _candidate(case, here["life"].to_numpy(np.int64), place, use)


def _candidate(case: Case, life: Int64, number: int, use: str) -> Candidate:
    own, _ = case.on_path.of_lives(life)
    made = own[case.is_doing(own, "process")]
    rows = distinct(made, case.on_path.of_upkeep(life)[0])
    body = without(np.sort(own), rows)
    instead_ns = costs.HERE_STRING if use == FEEDS else costs.FUNCTION
    claim = _with_faults(case, instead(rows, case.segments_ns, instead_ns * len(life)), body, life)
    cost_ns, place = int(case.segments_ns[claim.rows].sum()), case.place(number)
    return Candidate(
        place=place,
        title=f"a subshell {TITLES[use]}, {times(len(life))}",
        cost_ns=cost_ns,
        claim=claim,
        advice=_advice(use, place.source or "", case.dialect(case.places.mother[life[0]])),
        evidence=(f"{duration(cost_ns // len(life))} each to make a process and to end it",),
        seen={FORKS.name: len(life)},
    )


def _with_faults(case: Case, claim: Claim, body: Int64, life: Int64) -> Claim:
    """With what these lives take for shared pages out of the time of their own work."""
    body_ns = int(case.segments_ns[body].sum())
    part = min(1.0, costs.FAULTS * len(life) / body_ns) if body_ns else 0.0
    parts = np.concatenate([claim.parts, np.full(len(body), part)])
    return Claim(np.concatenate([claim.rows, body]), parts)


TITLES: Final = {
    SUBSTITUTION: "to get a value",
    FEEDS: "to write into a pipe",
    GROUP: "that its shell waits for",
}


def _advice(use: str, source: str, shell: Dialect) -> str:
    if use == GROUP:
        return "Write { …; } instead of ( … ), if nothing in it must stay inside."
    if use == FEEDS:
        return (
            'Write command <<<"$text" instead of echo "$text" | command.'
            if shell.is_bash()
            else "Give the text in a here-document: command <<EOF."
        )
    for pattern, advice in BUILTINS:
        if pattern.search(source):
            return advice
    if shell.is_bash(*SAME_PROCESS):
        return "Write ${ …; } instead of $( … ): it runs in the same process."
    how = " (printf -v, or a nameref)" if shell.is_bash() else ""
    return f"Let the function set a variable{how} instead of printing its result."


def _subshells(case: Case) -> pd.DataFrame:
    """The copies of shells that could be done without: `life`, `place` and their `use`."""
    places, pipes = case.places, case.pipes
    found = places.copies & ~places.becomes_program & (places.of_lives != UNKNOWN)
    spared = case.spared["place"].to_numpy(np.int64)
    found[away(case, case.spared, spared).lives["life"]] = False
    found[_starting(case)] = False
    writer, reader = pipes["writer"].to_numpy(np.int64), pipes["reader"].to_numpy(np.int64)
    for_shell = case.family.comes_from(writer, reader)
    use = np.full(len(found), GROUP, dtype=object)
    use[reader[~for_shell]] = use[writer[~for_shell]] = FEEDS
    use[writer[for_shell]] = SUBSTITUTION
    found &= (use != GROUP) | ~(_moves(case) | _in_background(case) | _in_pipeline(case))
    life = np.flatnonzero(found)
    return pd.DataFrame({"life": life, "place": places.of_lives[life], "use": use[life]})


def _starting(case: Case) -> Int64:
    """Those that begin other processes at the place where they were begun: they are there for
    the sake of these."""
    origin = case.lives.table["origin"].to_numpy(np.int64)
    child = np.flatnonzero(origin != UNKNOWN)
    same = case.places.of_lives[child] == case.places.of_lives[origin[child]]
    found: Int64 = origin[child[same]]
    return found


def _moves(case: Case) -> Bools:
    """Which lives change their working directory."""
    return _that_call(case, case.calls["syscall"].isin(["chdir", "fchdir"]).to_numpy())


def _in_background(case: Case) -> Bools:
    """Which lives a shell does not wait for at once: it gives these /dev/null to read from."""
    nothing = np.append((case.frames.files["path"] == "/dev/null").to_numpy(), [False, False])
    to_stdin = known_values(case.frames.syscalls["ret"], UNKNOWN) == STDIN
    opens = among(case.calls["activity"], ("open", "descriptor"))
    return _that_call(case, nothing[case.calls["file"].to_numpy()] & to_stdin & opens)


def _in_pipeline(case: Case) -> Bools:
    """Which lives a shell gave a pipe to read from or to write to, though programs of theirs do."""
    given = np.isin(known_values(case.frames.syscalls["ret"], UNKNOWN), (STDIN, STDOUT))
    copies = among(case.calls["activity"], ("descriptor",))
    return _that_call(case, given & copies & on_pipes(case.frames, case.calls))


def _that_call(case: Case, calls: Bools) -> Bools:
    """The lives that make some of these calls."""
    found = np.zeros(len(case.lives.table), dtype=bool)
    found[case.lives.of_calls[calls]] = True
    return found


RULE: Final = Rule("SH02", "subshells again and again", check, (*COST, FORKS))
