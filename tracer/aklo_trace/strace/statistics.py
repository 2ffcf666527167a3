"""What a log was: how its lines were understood, when, and how its first process ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from aklo_trace.events import NO_STRING, NULL, EventBatch
from aklo_trace.strace.layout import Clock


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
    in the table of system calls, by name; rare ones, if they are many, without one. `clock` says
    what the times are: with ``order`` they only number the lines, and with ``delta`` or ``day`` the
    date is guessed unless it was given. `has_durations` is false without `-T`, `is_fine` where
    times are whole seconds or none.
    `unseen_starts` are processes that were there before the log began, or whose fork it lacks;
    `unseen_children` those that were forked and made no line; `unseen_ends` those that still
    ran when it ended. `problems` are sentences about what could not be read.
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
    root_pid: int | None
    exit_status: int | None
    signal: int | None
    problems: tuple[str, ...] = ()
    names_files: bool = True
    calls_of_ours: int = 0
    silent: dict[str, int] = field(default_factory=dict)


@dataclass
class Observed:
    """What is seen of the events while they pass."""

    events: int = 0
    on_descriptors: int = 0
    on_named: int = 0

    def add(self, batch: EventBatch) -> None:
        self.events += len(batch)
        self.on_descriptors += int((batch.fd != NULL).sum())
        self.on_named += int(((batch.fd_path != NO_STRING) | (batch.mode != 0)).sum())
