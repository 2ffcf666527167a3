"""The processes and threads of a log while they live, and what a piece became."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from aklo_trace.events import NULL, ProcessEvent, Site
from aklo_trace.strace.calls import SPAWNS
from aklo_trace.strace.line import Call
from aklo_trace.strace.moments import Leaving

NAMELESS: Final = -1
"""The tid of lines without one."""

UNKNOWN_PID: Final = 0

OURS: Final = Site((), None, -1)
"""No place: what is done there is for us."""


@dataclass(slots=True)
class Process:
    """A process that lives. `left` is when it called exit, and with which status; `stopped_ns`
    how long signals stopped it before `stopped_at_ns`, since when it is stopped again."""

    proc_id: int
    pid: int
    threads: int = 0
    left: Leaving | None = None
    status: int | None = None
    signal: int | None = None
    stopped_ns: int = 0
    stopped_at_ns: int | None = None

    def resume(self, ts_ns: int) -> None:
        if self.stopped_at_ns is not None:
            self.stopped_ns += ts_ns - self.stopped_at_ns
            self.stopped_at_ns = None


@dataclass(slots=True)
class Thread:
    """A thread that lives. `open` is a call that `opened_by` began at `begun_ns`; `claimed` says
    that the child which an open fork made has been recognised. `orphan` is a thread whose fork
    was not seen, `leaving` one that called exit, `silent` one of which there is no line yet.
    `site` is where it said last that it is in its code, `is_reading_ours` that what it does is
    for us, `is_mute` that what its shell says of its place is not to be believed any more, see
    `site_marks`."""

    tid: int
    process: Process
    open: Call | None = None
    opened_by: int = NAMELESS
    begun_ns: int = NULL
    claimed: bool = False
    compat: bool = False
    leaving: bool = False
    site: Site | None = None
    is_reading_ours: bool = False
    is_mute: bool = False
    orphan: bool = False
    silent: bool = False

    @property
    def place(self) -> Site | None:
        """Where it is in its code, or `OURS`."""
        return OURS if self.is_reading_ours else self.site

    @property
    def is_forking(self) -> bool:
        """Whether it is in a fork whose child is not yet known."""
        return self.open is not None and self.open.syscall in SPAWNS and not self.claimed


@dataclass(slots=True)
class Unseen:
    """How many processes lack their start or end, and how many children all their lines."""

    starts: int = 0
    children: int = 0
    ends: int = 0


@dataclass(frozen=True, slots=True)
class JoinedCall:
    """A call that the worker could not complete."""

    ts_ns: int
    proc_id: int
    tid: int
    call: Call
    site: Site | None


@dataclass
class Joined:
    """What a piece became. `threads` are those of the piece, by their number there; `switches`
    say of a thread from which row on its calls are 32-bit, or no longer are; `places`, from
    which line on it is where in its code, or does something for us."""

    threads: list[Thread]
    process_events: list[ProcessEvent] = field(default_factory=list)
    calls: list[JoinedCall] = field(default_factory=list)
    switches: list[tuple[int, int, bool]] = field(default_factory=list)
    places: list[tuple[int, int, Site | None]] = field(default_factory=list)
