"""SH13: children run one at a time, though they have nothing to do with each other.

A turn is a child of a shell (or of xargs or find), with all that comes of it, from its fork until
it has ended; the turns of a place follow each other, and the parent waits for each. They are taken
to be independent only if nothing tells otherwise: no file but a device is written by one and used
by another, or by their parent or its other children in between, no folder that one changes is
listed by another, no two do the same thing, as those that try again, and not all but the last
failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART
from aklo_analysis.nullable import known_values, objects
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.footprints import PARENT, independent
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import line_of_causes
from aklo_analysis.units import counted, duration

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TURNS: Final = Threshold("turns", "count", 3, "children that ran one after the other")
EACH: Final = Threshold("each_ms", "ms", 20, "what one of them takes, on average")
EACH_NS: Final = 1_000_000
"""What takes less, on average, is not looked at."""
SMALL_SHARE: Final = 0.005
"""Of the wall time: what takes less in all is not looked at either."""
WAITED_SHARE: Final = 0.5
"""Of the time of all turns the part that must have been waited for."""

IDLE: Final = ("sleep", "network", "terminal", "pipe", "lock", "unseen", "stopped")
"""Doings in which others can have the CPU."""
RUNNERS: Final = ("xargs", "find")
"""Programs that run others in turn."""
OUTSIDE: Final = -2
"""The number of what belongs to no turn, nor to the parent."""
PAUSE: Final = "sleep"
"""A program that nobody runs side by side."""

IN_SHELL: Final = (
    "Start them side by side and wait for all: { … } & in the loop, wait behind it; not more than "
    "there are CPUs at a time if they compute (wait -n)."
)
BY_XARGS: Final = "Let xargs run several at a time: xargs -P 4, or as many as there are CPUs."
BY_FIND: Final = "Let xargs start them, several at a time: find … -print0 | xargs -0 -n 1 -P 4."
OUTPUT: Final = " What they print would mix: let each write to a file of its own."


@dataclass(frozen=True)
class _Turns:
    """Children of one life, forked at one place: `lives`, their first ones, by time, with when
    their processes began and ended, and the `number` of the turn that each belongs to: those that
    run at the same time, as in a pipeline, are one."""

    parent: int
    lives: Int64
    start_ns: Int64
    end_ns: Int64
    number: Int64


def check(case: Case) -> Iterator[Candidate]:
    for turns in _places(case):
        rows, _ = case.on_path.of_families(turns.lives)
        if _tries(case, turns) or not _is_one_by_one(turns, int(case.segments_ns[rows].sum())):
            continue
        piece = np.append(turns.number, UNKNOWN)[case.family.branches(turns.lives)]
        if _differ(case, piece) and _independent(case, turns, piece):
            yield _candidate(case, turns, piece, rows)


def _places(case: Case) -> Iterator[_Turns]:
    """Those from which a shell or a runner has forked children, where that took long enough."""
    table, causes = case.lives.table, case.causes
    origin = table["origin"].to_numpy(np.int64)
    runner = np.isin(case.names[table["image"].to_numpy()].astype(str), RUNNERS)
    parents = np.append(causes.shells | runner, False)
    born = np.flatnonzero(
        ~table["executed"].to_numpy() & parents[origin] & (causes.of_lives >= len(APART))
    )
    waited_ns = case.family.sums(case.life_ns)
    end_ns = table.groupby("process")["end_ns"].transform("max").to_numpy(np.int64)
    least_ns = SMALL_SHARE * case.wall.wall_ns
    keys = origin[born] * causes.count + causes.of_lives[born]
    for places in pd.Series(born).groupby(keys, sort=False).indices.values():
        lives = born[places]
        if len(lives) > 1 and waited_ns[lives].sum() > max(EACH_NS * len(lives), least_ns):
            yield _turns(case, lives, end_ns[lives])


def _turns(case: Case, lives: Int64, end_ns: Int64) -> _Turns:
    start_ns = case.lives.table["start_ns"].to_numpy(np.int64)[lives]
    order = np.argsort(start_ns, kind="stable")
    lives, start_ns, end_ns = lives[order], start_ns[order], end_ns[order]
    apart = start_ns[1:] >= np.maximum.accumulate(end_ns)[:-1]
    parent = int(case.lives.table["origin"].to_numpy()[lives[0]])
    return _Turns(parent, lives, start_ns, end_ns, np.cumsum(np.append(0, apart)))


def _is_one_by_one(turns: _Turns, waited_ns: int) -> bool:
    """Whether most of their time was waited for."""
    firsts = np.flatnonzero(np.diff(turns.number, prepend=UNKNOWN))
    elapsed_ns = (np.maximum.reduceat(turns.end_ns, firsts) - turns.start_ns[firsts]).sum()
    return bool(turns.number[-1] > 0 and waited_ns >= WAITED_SHARE * elapsed_ns)


def _differ(case: Case, piece: Int64) -> bool:
    """Whether no two turns run the same programs with the same arguments, and not only pauses."""
    table = case.lives.table
    ran = np.flatnonzero((piece != UNKNOWN) & table["executed"].to_numpy())
    image = table["image"].to_numpy()[ran]
    programs: dict[int, list[tuple[str, ...]]] = {turn: [] for turn in range(piece.max() + 1)}
    argvs = objects(case.frames.images["argv"])[image]
    for turn, argv in zip(piece[ran].tolist(), argvs, strict=True):
        programs[turn].append(argv or ())
    names = set(case.names[image])
    return len({tuple(sorted(some)) for some in programs.values()}) == len(programs) and (
        names != {PAUSE}
    )


def _tries(case: Case, turns: _Turns) -> bool:
    """Whether all but the last failed: that looks for the first that works."""
    process = case.lives.table["process"].to_numpy()[turns.lives]
    failed = known_values(case.frames.processes["exit_status"].iloc[process], missing=1) != 0
    return bool(failed[turns.number != turns.number.max()].all())


def _independent(case: Case, turns: _Turns, piece: Int64) -> bool:
    """What the parent does meanwhile is its own work and that of all its other children."""
    life, ts_ns = case.lives.of_calls, case.frames.syscalls["ts_ns"].to_numpy()
    meanwhile = (ts_ns >= turns.start_ns.min()) & (ts_ns <= turns.end_ns.max())
    around = case.family.of(np.array([turns.parent])) & (piece == UNKNOWN)
    number = np.where(piece == UNKNOWN, OUTSIDE, piece)[life]
    number[meanwhile & around[life]] = PARENT
    rows = np.flatnonzero(number != OUTSIDE)
    return independent(case, rows, number[rows])


def _candidate(case: Case, turns: _Turns, piece: Int64, rows: Int64) -> Candidate:
    pieces = case.wall.segments
    turn = piece[pieces["life"].to_numpy()[rows]]
    idle = pieces["doing"].isin(IDLE).to_numpy()[rows]
    ns = case.segments_ns[rows]
    each_ns = np.bincount(turn, ns)
    cpus = case.meta.cpus or 1
    best_ns = max(float(each_ns.max()), float(ns[~idle].sum()) / cpus)
    number, cost_ns = len(each_ns), int(ns.sum())
    cause = case.causes.of_lives[turns.lives[0]]
    return Candidate(
        place=case.place(int(line_of_causes(case)[cause])),
        title=f"{number} children run in turn that do not need each other",
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, best_ns),
        advice=_advice(case, turns),
        evidence=(
            f"{duration(cost_ns // number)} each, {duration(int(each_ns.max()))} the longest",
            f"{duration(int(ns[idle].sum()))} of it waiting, the rest on {counted(cpus, 'CPU')}",
            "no file or pipe leads from one to another",
        ),
        seen={TURNS.name: number, EACH.name: cost_ns / number / 1e6},
    )


def _advice(case: Case, turns: _Turns) -> str:
    parent = case.names[case.lives.table["image"].to_numpy()[turns.parent]]
    return {"xargs": BY_XARGS, "find": BY_FIND}.get(parent, IN_SHELL) + OUTPUT


RULE: Final = Rule("SH13", "children in turn that could run together", check, (*COST, TURNS, EACH))
