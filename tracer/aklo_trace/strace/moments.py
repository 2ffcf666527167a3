"""What happens to processes and threads in one piece of a log, as the worker saw it.

A worker knows threads only within its piece: `thread` is a number that counts them there, and
`lineage` says which process each of them belongs to. Moments are ordered by `line`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aklo_trace.strace.calls import Image
from aklo_trace.strace.line import Call
from aklo_trace.strace.ranges import LAST_NS
from aklo_trace.strace.site_marks import Mark


@dataclass(frozen=True, slots=True)
class Appeared:
    """The first line of a thread in the piece. `execs` if it is a call of exec, `ends` if it
    belongs to the thread's end: not a thread of the same pid that is new."""

    line: int
    ts_ns: int
    thread: int
    execs: bool = False
    ends: bool = False


@dataclass(slots=True)
class Spawned:
    """A fork or clone returned. `used` is for the reader: the child has been recognised."""

    line: int
    ts_ns: int
    thread: int
    child: int
    is_thread: bool
    used: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """An exec succeeded; the call began at `begun_ns`."""

    line: int
    ts_ns: int
    thread: int
    image: Image
    begun_ns: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """A thread called exit or exit_group."""

    line: int
    ts_ns: int
    thread: int
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A thread ended; exactly one of `status` and `signal` is known, or neither."""

    line: int
    ts_ns: int
    thread: int
    status: int | None
    signal: int | None


@dataclass(frozen=True, slots=True)
class Halved:
    """One half of a call whose other half is not in the piece."""

    line: int
    ts_ns: int
    thread: int
    call: Call


@dataclass(frozen=True, slots=True)
class Stopped:
    """A signal stopped the thread, until `resumed_ns` if that is in the piece."""

    line: int
    ts_ns: int
    thread: int
    resumed_ns: int | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """An exec by thread `by` made this thread, the leader, the only one of its process."""

    line: int
    ts_ns: int
    thread: int
    by: int


@dataclass(frozen=True, slots=True)
class Personality:
    """The thread's calls from `row` on are 32-bit ones, or no longer are."""

    line: int
    ts_ns: int
    thread: int
    compat: bool
    row: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A shell said something to us."""

    line: int
    ts_ns: int
    thread: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Hole:
    """Lines before this one are missing."""

    line: int
    ts_ns: int


OfThread = (
    Appeared
    | Spawned
    | Replaced
    | Leaving
    | Ended
    | Halved
    | Stopped
    | Superseded
    | Personality
    | Marked
)
Moment = OfThread | Hole


def moved(moment: Moment, shift_ns: int) -> Moment:
    """The same at another time, as far as times go."""

    def later(ns: int) -> int:
        return min(ns + shift_ns, LAST_NS)

    if isinstance(moment, Replaced):
        return replace(moment, ts_ns=later(moment.ts_ns), begun_ns=later(moment.begun_ns))
    if isinstance(moment, Stopped) and moment.resumed_ns is not None:
        moment = replace(moment, resumed_ns=later(moment.resumed_ns))
    return replace(moment, ts_ns=later(moment.ts_ns))
