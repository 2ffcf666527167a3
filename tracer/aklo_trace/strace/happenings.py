"""What the lines of a piece tell about processes and threads, as moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aklo_trace.events import NULL, Int32, Int64
from aklo_trace.strace.bytewise import Mask, Positions
from aklo_trace.strace.calls import IS_EXEC, IS_EXIT, IS_SPAWN
from aklo_trace.strace.columns import NOTHING, call_at
from aklo_trace.strace.line import NoteKind, Part
from aklo_trace.strace.moments import (
    Appeared,
    Ended,
    Halved,
    Hole,
    Leaving,
    Marked,
    Moment,
    Personality,
    Replaced,
    Spawned,
    Stopped,
    Superseded,
)
from aklo_trace.strace.reading import NO_SIGNAL, NO_STATUS, Reading
from aklo_trace.strace.site_marks import SiteMarks
from aklo_trace.strace.threads import Threads


@dataclass
class Happenings:
    """What is needed to tell them: of each row of ``reading.calls`` its `thread`, whether it is
    `kept` and not the second half of another, and the line where its call ended; of each line
    its time; and what shells said to us."""

    reading: Reading
    threads: Threads
    thread: Int32
    kept: Mask
    end_line: Positions
    times: Int64
    marks: SiteMarks

    def moments(self, row_lines: Positions) -> list[Moment]:
        """All of them, by line. `row_lines` are the lines of the rows that become events."""
        moments: list[Moment] = [*self._appearances()]
        for found in (self._spawns(), self._execs(), self._exits(), self._halves(), self._ends()):
            moments.extend(found)
        moments.extend(self._marks())
        moments.extend(self._notes(row_lines))
        moments.extend(Hole(line, self._ns(line)) for line in self.reading.holes)
        moments.sort(key=lambda moment: moment.line)
        return moments

    def _ns(self, line: int) -> int:
        return int(self.times[line])

    def _rows(self, condition: Mask) -> Positions:
        """Whole calls for which something holds."""
        return np.flatnonzero(self.kept & (self.reading.calls.part == Part.WHOLE) & condition)

    def _begun(self, rows: Positions) -> list[int]:
        times: list[int] = self.times[self.reading.calls.line[rows]].tolist()
        return times

    def _ended(self, rows: Positions) -> list[int]:
        """When some calls returned: by their durations, else by the lines that tell it."""
        duration = self.reading.calls.dur_ns[rows]
        by_duration = self.times[self.reading.calls.line[rows]] + duration
        by_line = self.times[self.end_line[rows]]
        times: list[int] = np.where(duration == NULL, by_line, by_duration).tolist()
        return times

    def _appearances(self) -> Iterator[Moment]:
        calls = self.reading.calls
        exec_lines = calls.line[IS_EXEC[calls.syscall] & (calls.part != Part.END)]
        exits = IS_EXIT[calls.syscall] & (calls.part == Part.END)
        tails = np.concatenate([self.reading.ends.line, calls.line[exits]])
        first_lines = self.threads.first_lines()
        columns = (
            first_lines,
            self.times[first_lines],
            np.isin(first_lines, exec_lines),
            np.isin(first_lines, tails),
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for thread, (line, ts_ns, execs, ends) in enumerate(rows):
            yield Appeared(line, ts_ns, thread, execs, ends)

    def _spawns(self) -> Iterator[Moment]:
        calls = self.reading.calls
        rows = self._rows(IS_SPAWN[calls.syscall] & (calls.spawned > 0))
        columns = (self.end_line, self.thread, calls.spawned, calls.thread)
        values = zip(*(column[rows].tolist() for column in columns), strict=True)
        for ts_ns, (line, thread, child, is_thread) in zip(self._ended(rows), values, strict=True):
            yield Spawned(line, ts_ns, thread, child, is_thread)

    def _execs(self) -> Iterator[Moment]:
        calls = self.reading.calls
        done = IS_EXEC[calls.syscall] & (calls.ret == 0) & (calls.image != NOTHING)
        rows = self._rows(done)
        columns = (self.end_line, self.thread, calls.image)
        values = zip(*(column[rows].tolist() for column in columns), strict=True)
        times = zip(self._begun(rows), self._ended(rows), strict=True)
        for (begun, ended), (line, thread, image) in zip(times, values, strict=True):
            yield Replaced(line, ended, thread, self.reading.images[image], begun)

    def _exits(self) -> Iterator[Moment]:
        calls = self.reading.calls
        rows = self._rows(IS_EXIT[calls.syscall] & (calls.status != NOTHING))
        columns = (calls.line, self.thread, calls.status)
        values = zip(*(column[rows].tolist() for column in columns), strict=True)
        for ts_ns, (line, thread, status) in zip(self._begun(rows), values, strict=True):
            yield Leaving(line, ts_ns, thread, status)

    def _halves(self) -> Iterator[Moment]:
        calls = self.reading.calls
        rows = np.flatnonzero(self.kept & (calls.part != Part.WHOLE))
        strings, files = list(self.reading.texts.strings), list(self.reading.texts.files)
        own = set(self.marks.rows.tolist())
        for row in rows.tolist():
            line = int(calls.line[row])
            call = call_at(calls, row, strings, files, self.reading.images)
            call.is_mark = row in own
            yield Halved(line, self._ns(line), int(self.thread[row]), call)

    def _ends(self) -> Iterator[Moment]:
        ends = self.reading.ends
        columns = (ends.line, self.times[ends.line], self.threads.at(ends.line))
        rows = zip(
            *(column.tolist() for column in (*columns, ends.status, ends.signal)), strict=True
        )
        for line, ts_ns, thread, status, signal in rows:
            known_status = None if status == NO_STATUS else status
            known_signal = None if signal == NO_SIGNAL else signal
            yield Ended(line, ts_ns, thread, known_status, known_signal)

    def _notes(self, row_lines: Positions) -> Iterator[Moment]:
        for line, note in self.reading.notes:
            if note.kind is NoteKind.SUPERSEDED and note.value is not None:
                yield Superseded(line, self._ns(line), self._thread_at(line), note.value)
            elif note.kind is NoteKind.STOPPED:
                later = self.threads.next_line(line)
                resumed_ns = None if later is None else self._ns(later)
                yield Stopped(line, self._ns(line), self._thread_at(line), resumed_ns)
            elif note.kind is NoteKind.PERSONALITY:
                row, compat = int(np.searchsorted(row_lines, line)), bool(note.value)
                yield Personality(line, self._ns(line), self._thread_at(line), compat, row)

    def _marks(self) -> Iterator[Moment]:
        lines = np.array(list(self.marks.by_line), np.int64)
        columns = (self.times[lines].tolist(), self.threads.at(lines).tolist())
        for (line, mark), ts_ns, thread in zip(self.marks.by_line.items(), *columns, strict=True):
            yield Marked(line, ts_ns, thread, mark)

    def _thread_at(self, line: int) -> int:
        return int(self.threads.at(np.array([line]))[0])
