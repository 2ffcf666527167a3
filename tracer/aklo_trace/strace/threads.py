"""Tells the threads of a piece apart, pids being reused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aklo_trace.events import Int32, Int64
from aklo_trace.strace.bytewise import Positions


class Threads:
    """The thread of each line, as a number that counts them in order of appearance.

    `lines` are the lines that some thread made, `tid` who: the pid that stood there, or -1
    where none stood. Lines without a pid are one thread as long as no line with one comes
    between: in logs that only name the pid while several processes run, they may be of one
    process before and of another after.
    """

    def __init__(self, lines: Positions, tid: Int64) -> None:
        nameless = tid < 0
        if nameless.any() and not nameless.all():
            tid = np.where(nameless, -1 - np.cumsum(~nameless), tid)
        encoded = pa.array(tid).dictionary_encode()
        self._lines = lines
        self.of_line: Int32 = encoded.indices.to_numpy().astype(np.int32)
        self.tids: list[int] = [max(value, -1) for value in encoded.dictionary.to_pylist()]

    def part(self, breaks: Positions, tails: Positions) -> None:
        """A line of a thread after one of `breaks`, where it ended, is of another thread with
        the same pid; `tails` are lines that may still follow a break."""
        last = np.empty(len(self.tids), np.int64)
        last[self.of_line] = self._lines
        final = last[self.at(breaks)]
        for line in breaks[(final > breaks) & ~np.isin(final, tails)].tolist():
            place = int(np.searchsorted(self._lines, line))
            later = np.flatnonzero(self.of_line[place:] == self.of_line[place])[1:] + place
            later = later[np.cumsum(~np.isin(self._lines[later], tails)) > 0]
            if len(later):
                self.tids.append(self.tids[self.of_line[place]])
                self.of_line[later] = len(self.tids) - 1

    def at(self, lines: Positions) -> Int32:
        """The threads of some lines."""
        return self.of_line[np.searchsorted(self._lines, lines)]

    def next_line(self, line: int) -> int | None:
        """The next line of the thread that made a line."""
        place = int(np.searchsorted(self._lines, line))
        later = np.flatnonzero(self.of_line[place + 1 :] == self.of_line[place])
        return int(self._lines[place + 1 + later[0]]) if len(later) else None

    def first_lines(self) -> Positions:
        """The first line of each thread."""
        first = np.empty(len(self.tids), np.int64)
        first[self.of_line[::-1]] = self._lines[::-1]
        return first
