"""Whom the user was waiting for at each instant: the path through the threads of a trace.

It starts with the target. While a thread waits for another, the path is with the other, and
while that waits in turn, with the next. Before a process began, and after it ended, the path is
with its parent; and where it would come back to a thread that is waiting, the wait is for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.wall.slices import bounds, counted_up, first_at
from aklo_analysis.wall.threads import Threads
from aklo_analysis.wall.waits import RUNNING, WAITING, Waits

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pieces:
    """Stretches of time in which the path is with a `thread`, in a `state` as in `waits`: by
    time, without gaps."""

    thread: Int64
    begin_ns: Int64
    end_ns: Int64
    state: Int64


@dataclass(frozen=True)
class _Questions:
    """Whom the user waits for, from `begin_ns` to `end_ns`, while he waits for a `thread`.
    `asker`: the thread that waits for it; the target asks for itself. `astray`: the last one on
    the way whose wait was for a process that was not there. `seen`: a thread that the path came
    by, to know it again. `state`: of the thread, as an answer."""

    thread: Int64
    begin_ns: Int64
    end_ns: Int64
    asker: Int64
    astray: Int64
    seen: Int64
    state: Int64

    def at(self, places: Any) -> _Questions:
        return _Questions(*(getattr(self, field.name)[places] for field in fields(self)))

    def between(self, begin_ns: Int64, end_ns: Int64) -> _Questions:
        """Of each the part between two times, if there is any."""
        begin_ns, end_ns = np.maximum(self.begin_ns, begin_ns), np.minimum(self.end_ns, end_ns)
        return replace(self, begin_ns=begin_ns, end_ns=end_ns).at(begin_ns < end_ns)


def critical_path(
    threads: Threads, waits: Waits, target: int, start_ns: int, end_ns: int
) -> Pieces:
    """From `start_ns` to `end_ns`, all of it."""
    first = (target, start_ns, end_ns, target, UNKNOWN, UNKNOWN, RUNNING)
    slices = bounds(waits.thread, len(threads.process))
    asked = _Questions(*(np.array([value], np.int64) for value in first))
    answers: list[_Questions] = []
    level = 0
    while len(asked.thread):
        first_ns = threads.first_ns[asked.thread]
        last_ns = np.maximum(first_ns, threads.last_ns[asked.thread])
        own, waiting = _by_waits(waits, slices, asked.between(first_ns, last_ns))
        early, late = asked.between(asked.begin_ns, first_ns), asked.between(last_ns, asked.end_ns)
        asked = _joined([waiting, _of_parents(threads, early), _of_parents(threads, late)])
        back = (asked.thread == UNKNOWN) | (asked.thread == asked.asker)
        back |= asked.thread == asked.seen
        answers += [*own, _of_askers(asked.at(back))]
        asked = asked.at(~back)
        level += 1
        if level & (level - 1) == 0:  # R. P. Brent's way to find a cycle
            asked = replace(asked, seen=asked.thread)
    found = _joined(answers)
    order = np.argsort(found.begin_ns)
    columns = (found.thread, found.begin_ns, found.end_ns, found.state)
    return Pieces(*(column[order] for column in columns))


def _joined(parts: Sequence[_Questions]) -> _Questions:
    columns = [[getattr(part, field.name) for part in parts] for field in fields(_Questions)]
    return _Questions(*(np.concatenate(column) for column in columns))


def _of_parents(threads: Threads, asked: _Questions) -> _Questions:
    """The same of the parents of processes that are not there: of the target's, of none."""
    parent = threads.parent[asked.thread]
    parent = np.where(asked.thread == asked.asker, UNKNOWN, parent)
    return replace(asked, thread=parent, astray=asked.asker)


def _of_askers(asked: _Questions) -> _Questions:
    """Where the path goes no further, the wait is the asker's own."""
    astray = asked.astray != UNKNOWN
    thread = np.where(astray, asked.astray, asked.asker)
    return replace(asked, thread=thread, state=np.full_like(thread, WAITING))


def _by_waits(
    waits: Waits, slices: Int64, asked: _Questions
) -> tuple[list[_Questions], _Questions]:
    """The parts in which the thread does not wait for another, and those in which it does, of
    which the other is asked. `slices`: where the waits of each thread begin."""
    low, high = slices[asked.thread], slices[asked.thread + 1]
    low = first_at(waits.end_ns, low, high, asked.begin_ns + 1)
    counts = first_at(waits.begin_ns, low, high, asked.end_ns) - low
    place = np.repeat(low, counts) + counted_up(counts)
    waiting = asked.at(np.repeat(np.arange(len(counts)), counts))
    begin_ns = np.maximum(waits.begin_ns[place], waiting.begin_ns)
    end_ns = np.minimum(waits.end_ns[place], waiting.end_ns)
    waiting = replace(waiting, begin_ns=begin_ns, end_ns=end_ns)
    target = waits.target[place]
    known = target != UNKNOWN
    others = replace(waiting, thread=target, asker=waiting.thread).at(known)
    nobodys = replace(waiting, state=waits.state[place]).at(~known)
    around = asked.at(np.repeat(np.arange(len(counts)), counts + 1))
    number = counted_up(counts + 1)
    first, last = number == 0, number == np.repeat(counts, counts + 1)
    own_begin_ns, own_end_ns = around.begin_ns.copy(), around.end_ns.copy()
    own_begin_ns[~first], own_end_ns[~last] = end_ns, begin_ns
    return [around.between(own_begin_ns, own_end_ns), nobodys], others
