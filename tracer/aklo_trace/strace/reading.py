"""The lines of a piece, read: at once where they are regular, else one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from aklo_trace.events import NULL, Int64
from aklo_trace.strace import fastpath
from aklo_trace.strace.bytewise import Positions
from aklo_trace.strace.calls import UNKNOWN_CODE, Image
from aklo_trace.strace.columns import CallColumns, Texts, merge, of_calls, of_fast_calls
from aklo_trace.strace.leaders import NO_BODY, Leaders, Lines
from aklo_trace.strace.line import Call, Note, NoteKind, Part, read_line
from aklo_trace.strace.marks import Marks
from aklo_trace.strace.tally import MOST_EXAMPLES, Tally

NO_SIGNAL: Final = -1
NO_STATUS: Final = -1
_OF_THREADS: Final = frozenset(
    (
        NoteKind.EXITED,
        NoteKind.KILLED,
        NoteKind.STOPPED,
        NoteKind.SUPERSEDED,
        NoteKind.PERSONALITY,
    )
)
_NAME: Final = re.compile(rb"(?:<\.\.\. )?(\w+)")


@dataclass
class Ends:
    """The lines that tell of a thread's end: status or signal, -1 for the other."""

    line: Positions
    status: Int64
    signal: Int64


@dataclass
class Reading:
    """What the lines of a piece say. `notes` are the rare ones that tell of threads, with their
    lines; `holes` are lines before which others are missing; `unparsed` are the first lines
    that are not what strace writes."""

    calls: CallColumns
    ends: Ends
    notes: list[tuple[int, Note]]
    texts: Texts
    images: list[Image]
    tally: Tally
    holes: list[int]
    unparsed: list[int]


def read_lines(lines: Lines, leaders: Leaders) -> Reading:
    """Read all lines of a piece."""
    known = fastpath.read_notes(lines, leaders)
    fast = fastpath.read_calls(lines, leaders.body, Marks(lines.buffer))
    rest = np.ones(len(lines), bool)
    for read in (fast.line, known.exited, known.signals):
        rest[read] = False
    texts, images = Texts(), fast.images
    exact = _read_exactly(lines, leaders, np.flatnonzero(rest))
    fast_columns = of_fast_calls(fast, lines.buffer, texts)
    calls = merge(fast_columns, of_calls(exact.lines, exact.calls, texts, images))
    tally = exact.tally
    tally.lines = len(lines)
    tally.notes[NoteKind.EXITED] += len(known.exited)
    tally.notes[NoteKind.SIGNAL] += len(known.signals)
    tally.whole, tally.begun, tally.resumed = (int((calls.part == part).sum()) for part in Part)
    tally.timed = int((calls.dur_ns != NULL).sum())
    ends = _ends(known, exact.notes)
    return Reading(calls, ends, exact.notes, texts, images, tally, exact.holes, exact.unparsed)


@dataclass
class _Exact:
    lines: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    unparsed: list[int] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def add(self, line: int, text: bytes, led: bool) -> None:
        """Read one line; `led` says that a pid and a time stood before `text`, if the others
        have them."""
        found = read_line(text)
        if isinstance(found, Note):
            self.tally.notes[found.kind] += 1
            if led and found.kind in _OF_THREADS:
                self.notes.append((line, found))
            elif found.kind is NoteKind.HOLE:
                self.holes.append(line)
                self.tally.missing += found.value or 0
        elif found is not None and led:
            self.lines.append(line)
            self.calls.append(found)
            if found.syscall == UNKNOWN_CODE:
                self.tally.unknown_calls[_name_in(text)] += 1
        else:
            self.tally.unparsed += 1
            if len(self.unparsed) < MOST_EXAMPLES:
                self.unparsed.append(line)


def _read_exactly(lines: Lines, leaders: Leaders, rest: Positions) -> _Exact:
    exact = _Exact()
    for line in rest.tolist():
        body = int(leaders.body[line])
        led = body != NO_BODY
        exact.add(line, lines.text(line, body if led else None), led)
    return exact


def _name_in(body: bytes) -> bytes:
    found = _NAME.match(body)
    return found[1] if found else body


def _ends(known: fastpath.FastNotes, notes: list[tuple[int, Note]]) -> Ends:
    exited = [(line, note) for line, note in notes if note.kind is NoteKind.EXITED]
    killed = [(line, note) for line, note in notes if note.kind is NoteKind.KILLED]
    line = np.concatenate([known.exited, _numbers(line for line, _ in [*exited, *killed])])
    status = np.concatenate(
        [known.status, _numbers(note.value for _, note in exited), _numbers(None for _ in killed)]
    )
    signal = np.full(len(line), NO_SIGNAL, np.int64)
    signal[len(line) - len(killed) :] = [_number(note.value) for _, note in killed]
    order = np.argsort(line)
    return Ends(line[order], status[order], signal[order])


def _number(value: int | None) -> int:
    return NO_STATUS if value is None else value


def _numbers(values: Iterable[int | None]) -> Int64:
    return np.array([_number(value) for value in values], np.int64)
