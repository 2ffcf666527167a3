"""The text of one piece: from one place in one file, or from many files.

A line belongs to the slice in which its first byte stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from aklo_trace.events import NULL, Int64
from aklo_trace.quantity import DAY_NS
from aklo_trace.strace.layout import Layout, PidStyle
from aklo_trace.strace.line import NoteKind

LONGEST_LINE_BYTES: Final = 16 << 20
"""What is longer is cut; strace writes at most a few MB for the longest possible exec."""

NO_TID: Final = -1

_SPLIT: Final = b" <unfinished ...>\n"
_GOES_ON: Final = re.compile(rb"[^\n]*\) += [^\n]+\n")
_INTERRUPTION: Final = re.compile(
    rb"(?<=[^\n])strace: Process \d+ (?:attached|detached)(?: in [^\n]*)?\n"
)
"""A diagnostic that strace wrote in the middle of a line, when both go to the terminal."""


@dataclass(frozen=True, slots=True)
class Day:
    """How the times of day of one file become times: the midnight before its last line, and
    that line's own time of day. What is later in its day was on the day before."""

    midnight_ns: int
    last_ns: int

    def time(self, printed_ns: int) -> int:
        return self.midnight_ns + printed_ns - (DAY_NS if printed_ns > self.last_ns else 0)


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes `start` to `end` of a file; `data` instead where they have been read already.
    `source` is the number of the file among those of the log, `tid` who wrote it."""

    source: int
    path: Path | None = None
    start: int = 0
    end: int = 0
    data: bytes | None = None
    tid: int = NO_TID
    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to read. The lines of the slices are merged by time if `is_merged`;
    `shell_lines` is the file by which shells were asked where in their code they are."""

    slices: Sequence[Slice]
    layout: Layout
    is_merged: bool = False
    shell_lines: Path | None = None


@dataclass
class PieceText:
    """The text of a piece, and where each part of it is from: `starts` are where the slices
    begin in it. `seams` are places where a newline that strace should not have written, with
    what stood around it, was taken out; `mended` counts them by kind."""

    data: bytes
    slices: Sequence[Slice]
    starts: Int64
    seams: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    mended: Counter[NoteKind] = field(default_factory=Counter)

    def without(self, spans: Sequence[tuple[int, int]], kind: NoteKind) -> PieceText:
        """The text without some spans of it, each of which holds one newline."""
        if not spans:
            return self
        begin, end = np.array(spans, np.int64).T
        keep = zip([0, *end.tolist()], [*begin.tolist(), len(self.data)], strict=True)
        removed = np.concatenate([[0], np.cumsum(end - begin)])
        seams = np.sort(
            np.concatenate([begin - removed[:-1], _shifted(self.seams, begin, removed)])
        )
        return PieceText(
            b"".join(self.data[first:last] for first, last in keep),
            self.slices,
            _shifted(self.starts, begin, removed),
            seams,
            self.mended + Counter({kind: len(spans)}),
        )

    def lines_by_source(self, line_starts: Int64) -> list[tuple[int, int]]:
        """How many lines are from each source; `line_starts` are in order."""
        borders = [*self.starts, len(self.data)]
        counts = np.diff(np.searchsorted(line_starts, borders))
        counts += np.diff(np.searchsorted(self.seams, borders))
        return [
            (part.source, count) for part, count in zip(self.slices, counts.tolist(), strict=True)
        ]

    def tid_of(self, line_starts: Int64) -> Int64:
        """The thread of each line, as the name of its file says; `NO_TID` if it doesn't."""
        tids = np.array([part.tid for part in self.slices], np.int64)
        return tids[self._slice_of(line_starts)]

    def absolute(self, printed_ns: Int64, line_starts: Int64) -> Int64:
        """Times of day made times, where the slices know their day."""
        days = [part.day for part in self.slices]
        if not days or days[0] is None:
            return printed_ns
        known = [day or Day(0, 0) for day in days]
        owner = self._slice_of(line_starts)
        midnights = np.array([day.midnight_ns for day in known])[owner]
        earlier = printed_ns > np.array([day.last_ns for day in known])[owner]
        times = midnights + printed_ns - np.where(earlier, DAY_NS, 0)
        return np.where(printed_ns == NULL, NULL, times)

    def origin(self, line_start: int) -> tuple[int, int]:
        """The source of a line, and its number in the piece's share of it, from 1."""
        place = int(self._slice_of(np.array([line_start]))[0])
        first = int(self.starts[place])
        before = self.data[first:line_start].count(b"\n")
        seams = int(((self.seams >= first) & (self.seams < line_start)).sum())
        return self.slices[place].source, before + seams + 1

    def _slice_of(self, line_starts: Int64) -> Int64:
        return np.searchsorted(self.starts, line_starts, side="right").astype(np.int64) - 1


def _shifted(places: Int64, begin: Int64, removed: Int64) -> Int64:
    return places - removed[np.searchsorted(begin, places)]


def read_text(task: Task) -> PieceText:
    """Read the slices of a task. The text ends in a newline, or is empty."""
    texts = [_text_of(part) for part in task.slices]
    starts = np.cumsum([0, *(len(text) for text in texts)])[:-1]
    text = PieceText(b"".join(texts), task.slices, starts)
    if task.layout.pid_style is PidStyle.BRACKET:
        spans = [found.span() for found in _INTERRUPTION.finditer(text.data)]
        return text.without(spans, NoteKind.DIAGNOSTIC)
    return text


def split_calls(text: PieceText, line_starts: Sequence[int]) -> list[tuple[int, int]]:
    """What to take out where strace put ``<unfinished ...>`` and a newline into a call that
    goes on at once, as it does with ``-z`` and ``-e status=``. `line_starts` are those of
    lines that do not begin as others do."""
    length = len(_SPLIT)
    return [
        (start - length, start)
        for start in line_starts
        if text.data[max(start - length, 0) : start] == _SPLIT and _GOES_ON.match(text.data, start)
    ]


def is_interrupted(text: bytes) -> bool:
    """Whether the last line of `text` goes on after the newline."""
    return any(found.end() == len(text) for found in _INTERRUPTION.finditer(text[-4096:]))


def _text_of(part: Slice) -> bytes:
    if part.data is not None or part.path is None:
        text = part.data or b""
    else:
        with part.path.open("rb") as file:
            text = lines_between(file, part.start, part.end)
    return text if text.endswith(b"\n") or not text else text + b"\n"


def lines_between(file: BinaryIO, start: int, end: int) -> bytes:
    """The lines that begin from `start` to before `end`; `start` may be within a line."""
    before = 1 if start else 0
    file.seek(start - before)
    text = file.read(end - start + before)
    if before:
        text = text[text.find(b"\n") + 1 :] if b"\n" in text else b""
    if text and not text.endswith(b"\n"):
        text += file.readline(LONGEST_LINE_BYTES)
    return text
