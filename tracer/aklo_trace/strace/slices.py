"""The text of one piece: from one place in one file, or from many files.

A line belongs to the slice in which its first byte stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NULL
from aklo_trace.strace.layout import Layout, PidStyle
from aklo_trace.strace.times import DAY_NS

Int64 = npt.NDArray[np.int64]

LONGEST_LINE_BYTES: Final = 64 << 20
"""What is longer is cut; strace writes at most a few MB for the longest possible exec."""

NO_TID: Final = -1

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
    """What a worker is to read. The lines of the slices are merged by time if `is_merged`."""

    slices: Sequence[Slice]
    layout: Layout
    is_merged: bool = False


@dataclass
class PieceText:
    """The text of a piece, and where each part of it is from: `starts` are where the slices
    begin in it."""

    data: bytes
    slices: Sequence[Slice]
    starts: Int64
    removed_lines: int = 0

    def lines_by_source(self, line_starts: Int64) -> list[tuple[int, int]]:
        """How many lines are from each source; `line_starts` are in order."""
        borders = np.searchsorted(line_starts, [*self.starts, len(self.data)])
        counts = np.diff(borders).tolist()
        return [(part.source, count) for part, count in zip(self.slices, counts, strict=True)]

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
        before = self.data[int(self.starts[place]) : line_start].count(b"\n")
        return self.slices[place].source, before + 1

    def _slice_of(self, line_starts: Int64) -> Int64:
        return np.searchsorted(self.starts, line_starts, side="right").astype(np.int64) - 1


def read_text(task: Task) -> PieceText:
    """Read the slices of a task. The text ends in a newline, or is empty."""
    texts = [_text_of(part) for part in task.slices]
    removed = 0
    if task.layout.pid_style is PidStyle.BRACKET:
        cleaned = [_INTERRUPTION.subn(b"", text) for text in texts]
        texts = [text for text, _ in cleaned]
        removed = sum(count for _, count in cleaned)
    starts = np.cumsum([0, *(len(text) for text in texts)])[:-1]
    return PieceText(b"".join(texts), task.slices, starts, removed)


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
