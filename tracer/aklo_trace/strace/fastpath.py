"""The regular lines of a piece, read whole columns at a time.

Most lines of a log need no look at single characters: where the name ends, where the return
value begins and which descriptor or path stands first can be computed for all lines at once.
A line is taken only where its reading is certain; `line` reads the others, and for every line
that is taken it would give the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NULL, Int32, Int64
from aklo_trace.strace.bytewise import (
    Buffer,
    Mask,
    Positions,
    decimal,
    digits_at_start,
    kept,
    word,
)
from aklo_trace.strace.calls import IS_SPAWN, LARGEST_RETURNED, RETURNS_FD, RETURNS_NOTHING, Image
from aklo_trace.strace.fast_arguments import FastArguments
from aklo_trace.strace.fast_returns import FastReturns
from aklo_trace.strace.leaders import Leaders, Lines
from aklo_trace.strace.line import Part
from aklo_trace.strace.marks import Marks
from aklo_trace.strace.names import NONE, call_names
from aklo_trace.strace.ranges import LAST_STATUS
from aklo_trace.strace.shapes import Shape, shapes
from aklo_trace.syscalls import table

Int8 = npt.NDArray[np.int8]
T = TypeVar("T", bound=np.generic)
Span = tuple[Positions, Positions]

_UNFINISHED: Final = b" <unfinished ...>"
_RESUMED_OPENING: Final = word(b"<... ")
_RESUMED_CLOSING: Final = word(b" resumed")
_EXITED: Final = tuple(word(b"+++ exited with "[at : at + 8]) for at in (0, 8))
_EXITED_CLOSING: Final = word(b" +++")
_SIGNAL: Final = (word(b"--- "), word(b" ---"))
_STOPPED: Final = word(b"stopped ")

_MEANINGLESS: Final = np.isin(np.arange(len(table())), list(RETURNS_NOTHING))


@dataclass
class FastCalls:
    """Columns of the calls that were read; `line` is the number of each one's line.

    Spans are places in the buffer and begin at 0 where there is no text.
    `image` is a place in `images`.
    """

    line: Positions
    part: Int8
    syscall: Int32
    ret: Int64
    errno: Int32
    dur_ns: Int64
    fd: Int64
    offset: Int64
    flags: Int32
    status: Int32
    spawned: Int64
    path: Span
    base: Int32
    base_text: Span
    file: Span
    file2: Span
    thread: Mask
    image: Int32
    images: list[Image]


@dataclass
class FastNotes:
    """Lines that are not calls: exits with their status, and how many signals."""

    exited: Positions
    status: Int64
    signals: Positions


def read_calls(lines: Lines, body: Positions, marks: Marks) -> FastCalls:
    """The calls among the lines whose `body` begins there; a body below 0 is not looked at."""
    buffer = lines.buffer
    line = np.flatnonzero(body >= 0)
    start, end = body[line], lines.end[line]
    resumed = kept(buffer.words(start), 5) == _RESUMED_OPENING
    syscall, after = _names(buffer, marks, start, end, resumed)
    unfinished = _ends_with(buffer, end, _UNFINISHED) & (end - len(_UNFINISHED) >= after)
    chosen = np.flatnonzero(syscall != NONE)
    line, end, syscall, after = line[chosen], end[chosen], syscall[chosen], after[chosen]
    part = np.where(unfinished[chosen], Part.BEGIN, Part.WHOLE).astype(np.int8)
    part[resumed[chosen]] = Part.END
    return _read(buffer, marks, line, part, syscall, after, end)


def _names(
    buffer: Buffer, marks: Marks, start: Positions, end: Positions, resumed: Mask
) -> tuple[Int32, Positions]:
    """The call of each row, `NONE` if it is not certain, and where its arguments begin."""
    name_start = np.where(resumed, start + 5, start)
    close = marks.opening.next(start)
    close[resumed] = marks.greater.next(start[resumed])
    close = np.minimum(close, end)
    name_end = np.where(resumed, close - 8, close)
    syscall = call_names().look_up(buffer, name_start, name_end - name_start)
    closed = ~resumed | (buffer.words(close - 8) == _RESUMED_CLOSING)
    return np.where(closed & (close < end), syscall, np.int32(NONE)), close + 1


def _ends_with(buffer: Buffer, end: Positions, text: bytes) -> Mask:
    found = np.ones(len(end), bool)
    for at in range(0, len(text), 8):
        part = text[at : at + 8]
        found &= kept(buffer.words(end - len(text) + at), len(part)) == word(part)
    return found


def _read(
    buffer: Buffer,
    marks: Marks,
    line: Positions,
    part: Int8,
    syscall: Int32,
    after: Positions,
    end: Positions,
) -> FastCalls:
    done = np.flatnonzero(part != Part.BEGIN)
    returns = FastReturns(buffer, marks, after[done], end[done])
    returns.good &= returns.ret <= LARGEST_RETURNED[syscall[done]]
    good = _spread(done, returns.good, len(line), True)
    args_end = end - len(_UNFINISHED)
    args_end[done] = np.where(returns.good, returns.close, after[done])
    shape = shapes()[part, syscall]
    shape[~good] = Shape.EXACT
    arguments = FastArguments(buffer, marks, after, args_end, shape)
    calls = FastCalls(
        line=line,
        part=part,
        syscall=syscall,
        ret=_spread(done, returns.ret, len(line), NULL),
        errno=_spread(done, returns.errno, len(line), 0),
        dur_ns=_spread(done, returns.dur_ns, len(line), NULL),
        fd=arguments.fd,
        offset=arguments.offset,
        flags=_spread(done, returns.flags, len(line), 0),
        status=arguments.status,
        spawned=np.full(len(line), NULL, np.int64),
        path=arguments.path,
        base=arguments.base,
        base_text=arguments.base_text,
        file=arguments.file,
        file2=arguments.file2,
        thread=arguments.thread,
        image=arguments.image,
        images=arguments.images,
    )
    _take_results(calls, done, returns)
    return _taken(calls, arguments.good)


def _take_results(calls: FastCalls, done: Positions, returns: FastReturns) -> None:
    """What a return value means for the calls of some kinds."""
    spawned = IS_SPAWN[calls.syscall] & (calls.ret > 0)
    calls.spawned[spawned] = calls.ret[spawned]
    opened = np.flatnonzero(RETURNS_FD[calls.syscall[done]] & (returns.ret >= 0))
    calls.fd[done[opened]] = returns.ret[opened]
    calls.file[0][done[opened]] = returns.file_start[opened]
    calls.file[1][done[opened]] = returns.file_end[opened]
    nothing = _MEANINGLESS[calls.syscall]
    calls.ret[nothing], calls.errno[nothing], calls.flags[nothing] = NULL, 0, 0


def _spread(rows: Positions, values: npt.NDArray[T], length: int, default: int) -> npt.NDArray[T]:
    column = np.full(length, default, values.dtype)
    column[rows] = values
    return column


def _taken(calls: FastCalls, good: Mask) -> FastCalls:
    """Only the rows that were read."""
    rows = np.flatnonzero(good)
    for column in fields(FastCalls):
        values = getattr(calls, column.name)
        if isinstance(values, tuple):
            setattr(calls, column.name, (values[0][rows], values[1][rows]))
        elif isinstance(values, np.ndarray):
            setattr(calls, column.name, values[rows])
    return calls


def read_notes(lines: Lines, leaders: Leaders) -> FastNotes:
    """Exits and signals, the most frequent lines that are not calls."""
    buffer = lines.buffer
    line = np.flatnonzero(leaders.body >= 0)
    start, end = leaders.body[line], lines.end[line]
    first, last = buffer.words(start), buffer.words(end - 4)
    signals = (kept(first, 4) == _SIGNAL[0]) & (kept(last, 4) == _SIGNAL[1])
    signals &= (end - start >= 8) & (buffer.words(start + 4) != _STOPPED)
    exited = np.flatnonzero((first == _EXITED[0]) & (buffer.words(start + 8) == _EXITED[1]))
    words = buffer.words(start[exited] + 16)
    digits = digits_at_start(words)
    right = (digits >= 1) & (digits <= 5) & (start[exited] + 16 + digits == end[exited] - 4)
    right &= kept(last[exited], 4) == _EXITED_CLOSING
    status = decimal(words, digits)
    right &= status <= LAST_STATUS
    return FastNotes(
        exited=line[exited[right]],
        status=status[right],
        signals=line[signals],
    )
