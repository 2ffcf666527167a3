"""One piece of a log, read by a worker process.

The worker does all that needs no knowledge of the rest of the log: it reads the lines, joins
the halves of calls within the piece, and says what happened to processes and threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NO_STRING, NULL, Int32, Int64
from aklo_trace.strace import site_marks
from aklo_trace.strace.bytewise import Buffer
from aklo_trace.strace.calls import IS_EXIT
from aklo_trace.strace.columns import CallColumns
from aklo_trace.strace.happenings import Happenings
from aklo_trace.strace.layout import Clock
from aklo_trace.strace.leaders import NO_BODY, Leaders, Lines, read_leaders
from aklo_trace.strace.line import NoteKind, Part
from aklo_trace.strace.moments import Moment, moved
from aklo_trace.strace.pairing import pair
from aklo_trace.strace.ranges import LAST_NS
from aklo_trace.strace.reading import Reading, read_lines
from aklo_trace.strace.site_marks import SiteMarks
from aklo_trace.strace.slices import PieceText, Task, read_text, split_calls
from aklo_trace.strace.tally import EXAMPLE_BYTES, Tally
from aklo_trace.strace.threads import Threads
from aklo_trace.strace.times import Extent, piece_times

T = TypeVar("T", bound=np.generic)


@dataclass
class Piece:
    """What a worker found. Columns are as in `EventBatch` but for `thread`, a place in `tids`,
    and for those that are None, where nothing is known in any row. `line` is None unless shells
    were asked where in their code they are, by `marks` calls.

    `examples` are unparsed lines: source, number of the line in the piece's share of that
    source, text.
    """

    extent: Extent
    tids: list[int]
    moments: list[Moment]
    tally: Tally
    lines_by_source: list[tuple[int, int]]
    examples: list[tuple[int, int, bytes]]
    ts_ns: Int64
    dur_ns: Int64
    thread: Int32
    syscall: Int32
    ret: Int64
    errno: Int32
    fd: Int64
    offset: Int64 | None
    path: Int32
    base: Int32
    path2: Int32 | None
    base2: Int32 | None
    fd_path: Int32 | None
    fd2_path: Int32 | None
    inode: Int64 | None
    mode: Int32 | None
    flags: Int32
    line: Int64 | None
    marks: int
    strings: list[bytes]

    def __len__(self) -> int:
        return len(self.ts_ns)

    def move(self, shift_ns: int) -> None:
        """Add to all times, as far as times go."""
        if shift_ns:
            self.ts_ns = np.minimum(self.ts_ns, LAST_NS - shift_ns) + shift_ns
            self.moments = [moved(moment, shift_ns) for moment in self.moments]


def read_piece(task: Task) -> Piece:
    """Read one piece of a log."""
    text, lines, leaders = _led_lines(task)
    leaders.tid = np.where(leaders.tid < 0, text.tid_of(lines.start), leaders.tid)
    clock = Clock.EPOCH if task.is_merged else task.layout.clock
    lines_by_source = text.lines_by_source(lines.start)
    times, extent = piece_times(text.absolute(leaders.ns, lines.start), clock)
    if task.is_merged:
        lines, leaders, times = _in_time_order(lines, leaders, times)
    reading = read_lines(lines, leaders)
    reading.tally.lines += text.mended.total()
    reading.tally.notes += text.mended
    calls, threads = reading.calls, _threads(leaders, reading)
    thread = threads.at(calls.line)
    unbroken = thread + len(threads.tids) * np.searchsorted(reading.holes, calls.line)
    kept, end_line = pair(calls, unbroken, times[calls.line] if task.layout.is_fine else None)
    marks = SiteMarks()
    if task.shell_lines:
        marks = site_marks.find(text.data, lines, calls, reading.texts, task.shell_lines)
    is_event = kept & (calls.part == Part.WHOLE)
    is_event[marks.rows] = False
    rows = np.flatnonzero(is_event)
    happenings = Happenings(reading, threads, thread, kept, end_line, times, marks)
    moments = happenings.moments(calls.line[rows])
    piece = _package(calls.take(rows), thread[rows], times, reading)
    piece.extent, piece.tids, piece.moments = extent, threads.tids, moments
    piece.lines_by_source = lines_by_source
    piece.marks = len(marks.rows)
    piece.line = calls.line[rows] if task.shell_lines else None
    piece.examples = [_example(lines, line, text) for line in reading.unparsed]
    return piece


def _led_lines(task: Task) -> tuple[PieceText, Lines, Leaders]:
    """The lines of a piece, and what stands before their calls."""
    text = read_text(task)
    lines = Lines.of(Buffer(text.data), len(text.data))
    leaders = read_leaders(lines, task.layout)
    spans = split_calls(text, lines.start[leaders.body == NO_BODY].tolist())
    if spans:
        text = text.without(spans, NoteKind.CONTINUED)
        lines = Lines.of(Buffer(text.data), len(text.data))
        leaders = read_leaders(lines, task.layout)
    return text, lines, leaders


def _in_time_order(lines: Lines, leaders: Leaders, times: Int64) -> tuple[Lines, Leaders, Int64]:
    """The lines of several files, merged."""
    order = np.argsort(times, kind="stable")
    return (
        Lines(lines.buffer, lines.start[order], lines.end[order]),
        Leaders(leaders.tid[order], leaders.ns[order], leaders.body[order]),
        times[order],
    )


def _threads(leaders: Leaders, reading: Reading) -> Threads:
    calls, ended = reading.calls, reading.ends.line
    by_thread = np.zeros(len(leaders.tid), bool)
    for lines in (calls.line, ended, [line for line, _ in reading.notes]):
        by_thread[lines] = True
    made = np.flatnonzero(by_thread)
    threads = Threads(made, leaders.tid[made])
    left = IS_EXIT[calls.syscall] & (calls.part != Part.BEGIN)
    threads.part(ended, ended[:0])
    threads.part(calls.line[left], ended)
    return threads


def _example(lines: Lines, line: int, text: PieceText) -> tuple[int, int, bytes]:
    source, number = text.origin(int(lines.start[line]))
    return source, number, lines.text(line)[:EXAMPLE_BYTES]


def _package(calls: CallColumns, thread: Int32, times: Int64, reading: Reading) -> Piece:
    files = reading.texts.file_columns()
    return Piece(
        extent=Extent(NULL, NULL, 0),
        tids=[],
        moments=[],
        tally=reading.tally,
        lines_by_source=[],
        examples=[],
        ts_ns=times[calls.line],
        dur_ns=calls.dur_ns,
        thread=thread,
        syscall=calls.syscall,
        ret=calls.ret,
        errno=calls.errno,
        fd=calls.fd,
        offset=_unless_all(calls.offset, NULL),
        path=calls.path,
        base=calls.base,
        path2=_unless_all(calls.path2, NO_STRING),
        base2=_unless_all(calls.base2, NO_STRING),
        fd_path=_unless_all(files.names[calls.file], NO_STRING),
        fd2_path=_unless_all(files.names[calls.file2], NO_STRING),
        inode=_unless_all(files.inodes[calls.file], NULL),
        mode=_unless_all(files.modes[calls.file], 0),
        flags=calls.flags,
        line=None,
        marks=0,
        strings=list(reading.texts.strings),
    )


def _unless_all(column: npt.NDArray[T], value: int) -> npt.NDArray[T] | None:
    return None if (column == value).all() else column
