"""What a log was: how its lines were understood, when, and how its first process ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NO_STRING, NULL, EventBatch
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace.layout import Clock
from aklo_trace.syscalls import table

MACHINES: Final = ("x86_64", "aarch64", "i386")


@dataclass(frozen=True, slots=True)
class Example:
    """A line that was not understood, and where it stands."""

    file: str
    line: int
    text: bytes


@dataclass(frozen=True)
class Statistics:
    """Of one log, or one family of `-ff` files.

    Every line is counted once: `lines` = `whole_lines` + `unfinished_lines` + `resumed_lines`
    + the sum of `non_events` + `unparsed_lines`. `missing_lines` could not be written
    when the log was made, as it says. `unknown_calls` are events whose names are not
    in the table of system calls. `clock` says what the times are: with ``order`` they only
    number the lines, and with ``delta`` or ``day`` the date is guessed unless it was
    given. `has_durations` is false without `-T`, `is_fine` where times are whole seconds or none.
    `unseen_starts` are processes that were there before the log began, or whose fork it lacks;
    `unseen_children` those that were forked and made no line; `unseen_ends` those that still
    ran when it ended. `machine` is the one whose calls these are, None
    if several would do or none does. `problems` are sentences about what could not be read.
    `names_files` is false without `-y`. `calls_of_ours` were made by shells to tell where in
    their code they are, and `silent` is how many did not tell, by reason.
    """

    lines: int
    events: int
    whole_lines: int
    unfinished_lines: int
    resumed_lines: int
    non_events: dict[str, int]
    unparsed_lines: int
    missing_lines: int
    examples: tuple[Example, ...]
    unknown_calls: dict[str, int]
    clock: Clock
    has_durations: bool
    is_fine: bool
    unseen_starts: int
    unseen_children: int
    unseen_ends: int
    first_ns: int | None
    last_ns: int | None
    root_pid: int | None
    exit_status: int | None
    signal: int | None
    machine: str | None
    problems: tuple[str, ...] = ()
    names_files: bool = True
    calls_of_ours: int = 0
    silent: dict[str, int] = field(default_factory=dict)


@dataclass
class Observed:
    """What is seen of the events while they pass."""

    events: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    on_descriptors: int = 0
    on_named: int = 0
    calls: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(len(table()), bool))

    def add(self, batch: EventBatch) -> None:
        if not len(batch):
            return
        self.events += len(batch)
        self.on_descriptors += int((batch.fd != NULL).sum())
        self.on_named += int(((batch.fd_path != NO_STRING) | (batch.mode != 0)).sum())
        first, last = int(batch.ts_ns[0]), int(batch.ts_ns[-1])
        self.first_ns = first if self.first_ns is None else min(self.first_ns, first)
        self.last_ns = last if self.last_ns is None else max(self.last_ns, last)
        self.calls[batch.syscall[batch.flags & int(SyscallFlag.COMPAT) == 0]] = True

    def machine(self) -> str | None:
        """The machine that has all the calls that were seen; the first that fits best if the
        names are of none alone."""
        seen = [call for call in table() if self.calls[call.code] and call.numbers]
        fitting = [m for m in MACHINES if all(m in call.numbers for call in seen)]
        return fitting[0] if seen and fitting else None
