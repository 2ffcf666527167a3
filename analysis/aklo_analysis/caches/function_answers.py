"""Lookups in caches that a shell function answers for: one for each of its calls.

Where functions are counted one by one, that is all of them. Else a call is seen by the system
calls that a shell makes within it: as long as these go on it is one call, and what it returned is
known only of one that a process was made for, as in `$(f)`: by how that ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from aklo_analysis.caches.answer import HIT, MISS, Answer, Stack
from aklo_analysis.caches.cache import OUTPUT, Cache
from aklo_analysis.caches.called import Called
from aklo_analysis.caches.shells import Shells
from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.nullable import known_values, optional_int

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

STDOUT = 1


@dataclass(frozen=True)
class Answers:
    """`unjudged`: calls of which is not known whether they had the answer."""

    judged: tuple[Answer, ...] = ()
    unjudged: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    """`status` is None if it is not known."""

    life: int
    start_ns: int
    end_ns: int
    status: int | None
    stack: Stack
    caller_ns: int | None


def answers(case: Case, shells: Shells, cache: Cache) -> Answers:
    if cache.function is None:
        return Answers()
    counted = len(case.frames.calls) > 0
    calls = [*(_counted if counted else _seen)(case, shells, cache.function)]
    judge = _Output(case).of if cache.answer == OUTPUT else _status
    outcomes = [judge(one) for one in calls]
    judged = tuple(
        _answer(one, outcome) for one, outcome in zip(calls, outcomes, strict=True) if outcome
    )
    judged = tuple(sorted(judged, key=lambda one: one.start_ns))
    return Answers(judged, len(calls) - len(judged))


def _answer(one: _Call, outcome: str) -> Answer:
    around_ns = None if one.caller_ns is None else one.caller_ns - (one.end_ns - one.start_ns)
    work_ns = None if outcome == HIT else around_ns
    return Answer(outcome, one.life, one.start_ns, one.end_ns, work_ns, one.stack, is_apart=True)


def _status(one: _Call) -> str | None:
    if one.status is None:
        return None
    return HIT if one.status == 0 else MISS


class _Output:
    """Judges a call by whether its process wrote to its standard output meanwhile."""

    def __init__(self, case: Case) -> None:
        rows = case.frames.syscalls
        writes = among(case.calls["activity"], ("write", "pipe_write", "terminal_write", "network"))
        writes &= case.calls["bytes"].to_numpy() > 0
        writes &= known_values(rows["fd"], UNKNOWN) == STDOUT
        self._at_ns = rows["ts_ns"].to_numpy(np.int64)[writes]
        self._life = case.lives.of_calls[writes]

    def of(self, one: _Call) -> str:
        during = (self._at_ns >= one.start_ns) & (self._at_ns <= one.end_ns)
        return HIT if (during & (self._life == one.life)).any() else MISS


def _counted(case: Case, shells: Shells, function: str) -> Iterator[_Call]:
    """The calls that were counted."""
    ended = case.frames.processes["exit_status"].tolist()
    callers = {one: _caller(shells, one) for one in shells.calls.named(function)}
    within = Counter(caller for caller in callers.values() if caller)
    for one, caller in callers.items():
        alone = caller is not None and within[caller] == 1
        yield _Call(
            life=shells.life_of(one.process, one.start_ns),
            start_ns=one.start_ns,
            end_ns=one.end_ns,
            status=optional_int(ended[one.process]) if one.status is None else one.status,
            stack=(*shells.of_site(one.site), (function, None)),
            caller_ns=caller.end_ns - caller.start_ns if caller and alone else None,
        )


def _caller(shells: Shells, one: Called) -> Called | None:
    """The call of the function that called, in the same process or one that it comes from."""
    stack = shells.of_site(one.site)
    name = stack[-1][0] if stack else None
    process = one.process
    while name is not None and process != UNKNOWN:
        if found := shells.calls.at(process, name, one.start_ns):
            return found
        process = shells.parents[process]
    return None


def _seen(case: Case, shells: Shells, function: str) -> Iterator[_Call]:
    """The calls in which shells made system calls."""
    order = case.order
    sites = case.calls["site"].to_numpy(np.int64)
    every = range(len(case.frames.sites))
    depth = {site: found for site in every if (found := shells.depth_of(site, function))}
    if not depth:
        return
    for life in np.unique(case.lives.of_calls[np.isin(sites, [*depth])]).tolist():
        if shells.is_born_in(life, function):
            continue  # it is part of the call in which it was forked
        rows = order.calls[order.slices[life] : order.slices[life + 1]]
        rows = rows[sites[rows] != UNKNOWN]
        stacks = [shells.of_site(site)[: depth.get(site, 0)] for site in sites[rows].tolist()]
        runs = [(stack, [*run]) for stack, run in groupby(range(len(rows)), stacks.__getitem__)]
        alone = shells.is_forked(life) and sum(bool(stack) for stack, _ in runs) == 1
        for stack, run in runs:
            if stack:
                start_ns, end_ns = shells.times(int(rows[run[0]]), int(rows[run[-1]]))
                status = shells.exit_status(life) if alone else None
                yield _Call(life, start_ns, end_ns, status, stack, None)
