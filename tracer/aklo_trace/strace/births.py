"""Forks that return, and threads that appear, in one piece of a log and the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from aklo_trace.strace.calls import SPAWNS
from aklo_trace.strace.moments import Appeared, Halved, Marked, Moment, Replaced, Spawned
from aklo_trace.strace.site_marks import Mark

MarkT = TypeVar("MarkT", bound=Mark)


@dataclass(frozen=True, slots=True)
class Birth:
    """A fork that returns, called by the thread `parent_tid`. It is None in `spawned` if the
    fork began in an earlier piece than it returned."""

    parent_tid: int
    ts_ns: int
    spawned: Spawned | None


@dataclass
class Births:
    """By the child's tid, in the order of the log. An arrival is the number of the piece, the
    line, and the time of a thread's first line there; a mark is None where it runs an exec."""

    births: dict[int, list[Birth]] = field(default_factory=dict)
    arrivals: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    marks: dict[int, list[tuple[int, int, Mark | None]]] = field(default_factory=dict)

    def expect(self, tids: list[int], moments: list[Moment], piece: int) -> None:
        """Note those of a piece: 0 for the one that is joined, 1 for the next."""
        for moment in moments:
            if isinstance(moment, Appeared):
                arrival = (piece, moment.line, moment.ts_ns)
                self.arrivals.setdefault(tids[moment.thread], []).append(arrival)
            elif isinstance(moment, Spawned):
                birth = Birth(tids[moment.thread], moment.ts_ns, moment)
                self.births.setdefault(moment.child, []).append(birth)
            elif isinstance(moment, Marked | Replaced):
                mark = moment.mark if isinstance(moment, Marked) else None
                self.marks.setdefault(tids[moment.thread], []).append((piece, moment.line, mark))
            elif isinstance(moment, Halved) and moment.call.syscall in SPAWNS:
                birth = Birth(tids[moment.thread], moment.ts_ns, None)
                self.births.setdefault(moment.call.spawned or 0, []).append(birth)

    def of(self, tid: int) -> Iterator[Birth]:
        """The forks that made a thread with this tid."""
        return iter(self.births.get(tid, ()))

    def next_mark(self, tid: int, line: int, kind: type[MarkT]) -> MarkT | None:
        """What the thread that is at this line says next of some kind, before it runs an exec."""
        later = (mark for piece, at, mark in self.marks.get(tid, ()) if (piece, at) > (0, line))
        for mark in later:
            if mark is None or isinstance(mark, kind):
                return mark
        return None

    def started_ns(self, spawned: Spawned) -> int:
        """When the child of a fork in the joined piece began: when the fork returned, or with
        the child's first line if that is earlier."""
        here = (0, spawned.line)
        arrivals = self.arrivals.get(spawned.child, ())
        first_ns = next((ns for piece, line, ns in arrivals if (piece, line) > here), None)
        return spawned.ts_ns if first_ns is None else min(spawned.ts_ns, first_ns)
