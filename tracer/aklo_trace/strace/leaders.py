"""Pid and time of every line of a piece, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_trace.events import NULL, Int64
from aklo_trace.strace.bytewise import (
    Buffer,
    Mask,
    Places,
    Positions,
    decimal,
    digits_at_start,
    spaces_at_start,
    word,
)
from aklo_trace.strace.layout import Clock, Layout, PidStyle
from aklo_trace.strace.ranges import LAST_PID, LAST_SECOND

NO_BODY: Final = -1
NO_TID: Final = -1
SECOND_NS: Final = 1_000_000_000
_PID_DIGITS: Final = 7
_EPOCH_DIGITS: Final = 10
_MOST_BRACKETS: Final = 3
_SPACE, _DOT, _OPEN, _CLOSE = (ord(character) for character in " .[]")
_PID_OPENING: Final = word(b"[pid ")
_PID_OPENING_BYTES: Final = 5
_COLONS_TO_ZEROS: Final = word(b"\0\0\x0a\0\0\x0a\0\0")


@dataclass
class Lines:
    """Where the lines of a piece begin and end; the end is the newline's place."""

    buffer: Buffer
    start: Positions
    end: Positions

    @classmethod
    def of(cls, buffer: Buffer, length: int) -> Lines:
        """The lines of the first `length` bytes, which end in a newline."""
        end = np.flatnonzero(buffer.bytes[:length] == ord("\n"))
        return cls(buffer, np.concatenate(([0], end[:-1] + 1)) if len(end) else end, end)

    def __len__(self) -> int:
        return len(self.end)

    def text(self, line: int, start: int | None = None) -> bytes:
        first = int(self.start[line]) if start is None else start
        return self.buffer.slice(first, int(self.end[line]))


@dataclass
class Leaders:
    """`body` is where the call begins, `NO_BODY` for lines that do not begin like calls.
    `ns` is as in `layout.Leader`, `NULL` where there is no time."""

    tid: Int64
    ns: Int64
    body: Positions


def read_leaders(lines: Lines, layout: Layout) -> Leaders:
    """What stands before each call. Regular lines are read at once, the others one by one."""
    reader = _Reader(lines, layout)
    leaders = Leaders(reader.tid, reader.ns, reader.at)
    for line in np.flatnonzero(~reader.good).tolist():
        leader = layout.read(lines.text(line))
        leaders.body[line] = NO_BODY
        leaders.tid[line], leaders.ns[line] = NO_TID, NULL
        if leader:
            leaders.body[line] = lines.start[line] + leader.end
            leaders.tid[line] = NO_TID if leader.tid is None else leader.tid
            leaders.ns[line] = NULL if leader.ns is None else leader.ns
    return leaders


class _Reader:
    """Moves a position along every line; `good` says where everything was regular so far."""

    def __init__(self, lines: Lines, layout: Layout) -> None:
        self._buffer = lines.buffer
        self._lines = lines
        self._layout = layout
        self.at: Positions = lines.start.copy()
        self.good: Mask = np.ones(len(lines), bool)
        self.tid: Int64 = np.full(len(lines), NO_TID, np.int64)
        self.ns: Int64 = np.full(len(lines), NULL, np.int64)
        _PID_READERS[layout.pid_style](self)
        self._skip_brackets()
        _TIME_READERS[layout.clock](self)
        self._skip_brackets()
        self.good &= self.at < lines.end

    def _is(self, character: int, offset: Positions | int = 0) -> Mask:
        found: Mask = self._buffer.bytes[np.minimum(self.at + offset, self._lines.end)] == character
        return found

    def _require(self, condition: Mask) -> None:
        self.good &= condition

    def no_pid(self) -> None:
        pass

    def pid_column(self) -> None:
        words = self._buffer.words(self.at)
        digits = digits_at_start(words)
        self._require((digits >= 1) & (digits <= _PID_DIGITS))
        self.tid[:] = decimal(words, digits)
        self._require(self.tid <= LAST_PID)
        width = np.maximum(digits, 5)
        self._require(self._is(_SPACE, width))
        self.at += np.minimum(width + 1, self._lines.end - self.at)
        if self._layout.clock is not Clock.DELTA:
            self._require(~self._is(_SPACE))

    def pid_bracket(self) -> None:
        opening = word(b"\xff" * _PID_OPENING_BYTES)
        bracketed = self._buffer.words(self.at) & opening == _PID_OPENING
        first = np.where(bracketed, self.at + _PID_OPENING_BYTES, self.at)
        first += np.where(bracketed, spaces_at_start(self._buffer.words(first)), 0)
        words = self._buffer.words(first)
        digits = digits_at_start(words)
        regular = (digits >= 1) & (digits <= _PID_DIGITS)
        self._require(~bracketed | regular)
        self.tid[bracketed] = decimal(words, digits)[bracketed]
        self._require(self.tid <= LAST_PID)
        after = first - self.at + digits
        closed = self._is(_CLOSE, after) & self._is(_SPACE, after + 1)
        self._require(~bracketed | closed)
        self.at += np.where(bracketed & closed, after + 2, 0)

    def no_time(self) -> None:
        pass

    def seconds_since_epoch(self) -> None:
        high, low = self._buffer.words(self.at), self._buffer.words(self.at + 8)
        self._require((digits_at_start(high) == 8) & (digits_at_start(low) >= 2))
        seconds = decimal(high, 8) * 100 + decimal(low, 2)
        self._require(seconds < LAST_SECOND)
        self.ns[:] = seconds * SECOND_NS
        self.at += np.minimum(_EPOCH_DIGITS, self._lines.end - self.at)
        self._fraction()

    def time_of_day(self) -> None:
        words = self._buffer.words(self.at) ^ _COLONS_TO_ZEROS
        digits = decimal(words, 8)
        colons = (digits // 100_000 % 10 == 0) & (digits // 100 % 10 == 0)
        self._require((digits_at_start(words) == 8) & colons)
        hours, minutes, seconds = digits // 1_000_000, digits // 1000 % 100, digits % 100
        self._require((hours < 24) & (minutes < 60) & (seconds <= 60))
        self.ns[:] = ((hours * 60 + minutes) * 60 + seconds) * SECOND_NS
        self.at += np.minimum(8, self._lines.end - self.at)
        self._fraction()

    def seconds_since_last(self) -> None:
        self.at += spaces_at_start(self._buffer.words(self.at))
        words = self._buffer.words(self.at)
        digits = digits_at_start(words)
        self._require((digits >= 1) & (digits <= 7))
        self.ns[:] = decimal(words, digits) * SECOND_NS
        self.at += np.minimum(digits, self._lines.end - self.at)
        self._fraction()

    def _fraction(self) -> None:
        """The digits after the point, and the space after them."""
        count = self._layout.fraction_digits
        if count:
            self._require(self._is(_DOT))
            words, last = self._buffer.words(self.at + 1), self._buffer.words(self.at + 9)
            head, rest = min(count, 8), max(count - 8, 0)
            self._require((digits_at_start(words) >= head) & (digits_at_start(last) >= rest))
            value = decimal(words, head) * 10**rest + decimal(last, rest)
            self.ns += value * 10 ** (9 - count)
            self.at += np.minimum(count + 1, self._lines.end - self.at)
        self._require(self._is(_SPACE) & ~self._is(ord("("), 1))
        self.at += np.minimum(1, self._lines.end - self.at)

    def _skip_brackets(self) -> None:
        if not self._layout.bracketed:
            return
        closing = Places(self._buffer.find("]"))
        for _ in range(_MOST_BRACKETS):
            after = closing.next(self.at) + 1
            inside = self._is(_OPEN) & (after < self._lines.end)
            inside &= self._buffer.bytes[np.where(inside, after, 0)] == _SPACE
            self.at = np.where(inside, after + 1, self.at)


_PID_READERS: Final = {
    PidStyle.NONE: _Reader.no_pid,
    PidStyle.COLUMN: _Reader.pid_column,
    PidStyle.BRACKET: _Reader.pid_bracket,
}
_TIME_READERS: Final = {
    Clock.ORDER: _Reader.no_time,
    Clock.EPOCH: _Reader.seconds_since_epoch,
    Clock.DAY: _Reader.time_of_day,
    Clock.DELTA: _Reader.seconds_since_last,
}
