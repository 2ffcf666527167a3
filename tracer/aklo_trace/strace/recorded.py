"""A strace log as a recording: made here, or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from aklo_trace.engine import Account
from aklo_trace.escape import escape
from aklo_trace.events import EventBatch
from aklo_trace.loss import Loss
from aklo_trace.meta import INSTANTS, MEASURED, ORDER, XTRACE
from aklo_trace.strace.layout import Clock
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.scribe import Unwritten
from aklo_trace.strace.sources import LogSource
from aklo_trace.strace.statistics import Statistics

MOST_NAMED: Final = 10
NAME_CHARACTERS: Final = 40
_CLOCK_NOTES: Final = {
    "delta": "the log has times since the line before only: its date is a guess",
    "day": "the log has times of day only: its date is a guess unless it was given",
}


class StraceRecorded:
    """The calls of one log, or of the files of one ``strace -ff``. Of one that was made here it
    is known what is not in it: `unwritten`, and by which file shells were asked where in their
    code they are: `shell_lines`.

    Raises TraceError if a file cannot be read, UsageError if the files do not belong together.
    """

    def __init__(
        self,
        sources: Sequence[LogSource],
        *,
        start_date: date | None = None,
        skip_until_exec_of: int | None = None,
        unwritten: Unwritten | None = None,
        shell_lines: Path | None = None,
    ) -> None:
        self._unwritten = unwritten
        self._attribution = XTRACE if shell_lines else None
        self._log = read_logs(
            sources,
            workers=os.cpu_count() or 1,
            start_date=start_date,
            skip_until_exec_of=skip_until_exec_of,
            shell_lines=shell_lines,
        )

    @property
    def statistics(self) -> Statistics:
        return self._log.statistics

    def batches(self) -> Iterator[EventBatch]:
        return self._log.batches()

    def account(self) -> Account:
        """A line that could not be written, or understood, may have been a call. What a log made
        elsewhere lacks, it says itself."""
        found = self._log.statistics
        unwritten = self._unwritten or Unwritten(found.missing_lines)
        counts = {
            Loss.LINES_UNPARSED: found.unparsed_lines,
            Loss.LINES_UNWRITTEN: unwritten.lines,
            Loss.BYTES_UNWRITTEN: unwritten.size_bytes,
        }
        return Account(
            attempts=found.events,
            read=found.events,
            lost={str(cause): count for cause, count in counts.items() if count},
            lost_by_syscall={},
            in_flight_by_syscall={},
            notes=tuple(_notes(found)),
            missing=tuple(_missing(found)) if self._unwritten is None else (),
            timing=_timing(found),
            attribution=self._attribution,
        )


def _timing(found: Statistics) -> str:
    if found.clock is Clock.ORDER:
        return ORDER
    return MEASURED if found.is_fine and found.has_durations else INSTANTS


def _missing(found: Statistics) -> Iterator[str]:
    """What a log that was made elsewhere does not tell, in words."""
    yield from found.problems
    if found.clock is Clock.ORDER:
        yield "the log has no times (strace -ttt gives them): calls are only in order"
    elif not found.is_fine:
        yield "the log's times are whole seconds (strace -ttt gives more): computing is unknown"
    if not found.has_durations:
        yield "the log has no durations (strace -T gives them): computing is unknown"
    for count, what in (
        (found.unseen_starts, "processes were there before the log, or their parents' is missing"),
        (found.unseen_children, "children have no line in the log (strace -f or -ff adds theirs)"),
        (found.unseen_ends, "processes still run where the log ends: it is cut, or strace ended"),
    ):
        if count:
            yield f"{count:,} {what}"


def _notes(found: Statistics) -> Iterator[str]:
    if found.clock.value in _CLOCK_NOTES:
        yield _CLOCK_NOTES[found.clock.value]
    if not found.names_files:
        yield "the log does not name the files of descriptors (strace -y does): some are unknown"
    if found.calls_of_ours:
        yield f"left out: {found.calls_of_ours:,} calls by which shells said where they were"
    if found.unknown_calls:
        yield f"calls that are in no table, and so 'unknown': {_named(found.unknown_calls)}"
    for reason, count in found.silent.items():
        yield f"{count:,} shells did not say, or not to the end, where they were: {reason}"
    for example in found.examples:
        text = escape(example.text.decode("utf-8", "backslashreplace"))
        yield f"not understood, {example.file}:{example.line}: {text[:200]}"


def _named(calls: dict[str, int]) -> str:
    """`3 map_shadow_stack, 2 others`"""
    ranked = sorted(calls.items(), key=lambda item: (not item[0], -item[1]))
    named = [f"{count:,} {name[:NAME_CHARACTERS]}" for name, count in ranked[:MOST_NAMED] if name]
    others = sum(calls.values()) - sum(count for name, count in ranked[:MOST_NAMED] if name)
    return ", ".join([*named, *([f"{others:,} others"] if others else [])])
