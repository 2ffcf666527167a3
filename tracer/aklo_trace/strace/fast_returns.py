"""What stands after the ``=``, for many lines at once. `returned` is the exact reader.

Only these forms are taken, and only where nothing else can be meant: a decimal or hexadecimal
number, alone or with one note in parentheses; a descriptor with its description; an error; a
question mark; each with or without a duration.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NULL, Int32, Int64
from aklo_trace.restarts import RESTART_FIRST, RESTART_LAST
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace.bytewise import (
    Buffer,
    Mask,
    Positions,
    decimal,
    digits_at_start,
    hexadecimal,
    kept,
    spaces_at_start,
    word,
)
from aklo_trace.strace.marks import Marks
from aklo_trace.strace.names import NONE, error_names

_LONGEST_PADDING: Final = 48
_MOST_DIGITS: Final = 15
_MOST_HEX_DIGITS: Final = 16
_WORD: Final = 8
_POWERS: Final = 10 ** np.arange(10, dtype=np.int64)
_SECOND_NS: Final = 1_000_000_000
_ZERO, _SPACE, _DOT, _LESS, _GREATER, _OPEN, _CLOSE, _QUESTION, _EQUALS = (
    ord(character) for character in "0 .<>()?="
)
NEVER_FIRST: Final = np.frombuffer(b"<>= \t\n\r\v\f", np.uint8)
"""What the text of a description cannot begin with."""

_HEX_OPENING: Final = word(b"0x")
_FAILED: Final = word(b"-1 E")
_RESTARTED: Final = word(b"? E")
_INJECTED: Final = word(b"(INJECTE")
_ERRNO: Final = word(b"(errno ")
_DELETED: Final = word(b"(deleted")


class FastReturns:
    """Reads the rows' text from `after`, where the arguments begin, to `end`.

    `good` says which rows were read; for them `close` is the place of the parenthesis that
    ends the arguments, and the span `file_start`, `file_end` the description of a returned
    descriptor, empty if there is none.
    """

    def __init__(self, buffer: Buffer, marks: Marks, after: Positions, end: Positions) -> None:
        self._buffer, self._marks = buffer, marks
        rows = len(after)
        self.dur_ns: Int64 = np.full(rows, NULL, np.int64)
        self.ret: Int64 = np.full(rows, NULL, np.int64)
        self.errno: Int32 = np.zeros(rows, np.int32)
        self.flags: Int32 = np.zeros(rows, np.int32)
        self.file_start: Positions = np.zeros(rows, np.int64)
        self.file_end: Positions = np.zeros(rows, np.int64)
        self._end = self._before_duration(after, end)
        equals = marks.equals.last(self._end)
        self.close: Positions = marks.closing.last(equals)
        self.good: Mask = (self.close >= after) & (equals < self._end)
        self._check_padding(equals)
        self._start = np.where(self.good, equals + 2, 0)
        self._end = np.where(self.good, self._end, 0)
        self._read_values()

    def _before_duration(self, after: Positions, end: Positions) -> Positions:
        """Read ``<0.000123>`` at the end of the rows that have it; where the rest ends."""
        bytes_, words = self._buffer.bytes, self._buffer.words
        opening = self._marks.less.last(end)
        timed = (bytes_[end - 1] == _GREATER) & (opening > after)
        opening = np.where(timed, opening, 0)
        seconds = words(opening + 1)
        digits = digits_at_start(seconds)
        dot = opening + 1 + digits
        fraction = words(dot + 1)
        length = np.where(bytes_[dot] == _DOT, end - dot - 2, 0)
        whole = dot == end - 1
        right = (length >= 1) & (length <= 9) & (digits_at_start(fraction) >= np.minimum(length, 8))
        ninth = bytes_[dot + 9].astype(np.int64) - _ZERO
        right &= (length < 9) | ((ninth >= 0) & (ninth <= 9))
        timed &= (digits >= 1) & (digits < _WORD) & (whole | right)
        timed &= bytes_[opening - 1] == _SPACE
        length = np.clip(length, 0, 9)
        value = decimal(fraction, np.minimum(length, 8))
        value = np.where(length == 9, value * 10 + ninth, value) * _POWERS[9 - length]
        value += decimal(seconds, np.minimum(digits, 8)) * _SECOND_NS
        self.dur_ns[timed] = value[timed]
        return np.where(timed, opening - 1, end)

    def _check_padding(self, equals: Positions) -> None:
        """Only spaces may stand between the parenthesis and the equals sign."""
        gap = np.where(self.good, equals - self.close - 1, 0)
        self.good &= (gap >= 1) & (gap <= _LONGEST_PADDING)
        wide = np.flatnonzero(self.good & (gap > 1))
        at, left = self.close[wide] + 1, gap[wide]
        while len(wide):
            spaces = spaces_at_start(self._buffer.words(at))
            self.good[wide[spaces < np.minimum(left, _WORD)]] = False
            further = left > _WORD
            wide, at, left = wide[further], at[further] + _WORD, left[further] - _WORD

    def _read_values(self) -> None:
        first = self._buffer.words(self._start)
        digits = digits_at_start(first)
        hexadecimal_ = kept(first, 2) == _HEX_OPENING
        question = kept(first, 1) == word(b"?")
        failed = kept(first, 4) == _FAILED
        decimal_ = (digits >= 1) & ~hexadecimal_
        self._decimals(np.flatnonzero(self.good & decimal_), first, digits)
        self._hexadecimals(np.flatnonzero(self.good & hexadecimal_))
        restarted = kept(first, 3) == _RESTARTED
        self._errors(np.flatnonzero(self.good & (failed | restarted)), failed)
        alone = question & (self._start + 1 == self._end)
        self.flags[self.good & alone] |= int(SyscallFlag.UNFINISHED)
        self.good &= decimal_ | hexadecimal_ | failed | restarted | alone

    def _decimals(self, rows: Positions, first: npt.NDArray[np.uint64], digits: Positions) -> None:
        start, length = self._start[rows], digits[rows]
        value = decimal(first[rows], length)
        long = np.flatnonzero(length == _WORD)
        if len(long):
            more = self._buffer.words(start[long] + _WORD)
            count = digits_at_start(more)
            value[long] = value[long] * 10**_WORD // 10 ** (_WORD - count) + decimal(more, count)
            length[long] += count
        self.ret[rows] = value
        octal = (length > 1) & (self._buffer.bytes[start] == _ZERO)
        right = (length <= _MOST_DIGITS) & ~octal
        self._described(rows, start + length, right)

    def _described(self, rows: Positions, at: Positions, right: Mask) -> None:
        """What may follow a decimal number: nothing, a note, or a descriptor's description."""
        bytes_, end = self._buffer.bytes, self._end[rows]
        described = np.flatnonzero(bytes_[at] == _LESS)
        where, opening = rows[described], at[described]
        closing = end[described] - 1
        deleted = kept(self._buffer.words(closing - 8), 8) == _DELETED
        closing -= np.where(deleted & (bytes_[closing] == _CLOSE), 9, 0)
        text_right = self._marks.greater.next(opening) == closing
        text_right &= self._marks.less.next(opening + 1) > closing
        text_right &= self._marks.quote.next(opening) > closing
        text_right &= ~np.isin(bytes_[opening + 1], NEVER_FIRST)
        self.file_start[where], self.file_end[where] = opening + 1, closing
        noted = np.flatnonzero((bytes_[at] != _LESS) & (at != end))
        right[described] &= text_right
        right[noted] &= self._note_right(rows[noted], at[noted])
        self.good[rows[~right]] = False

    def _hexadecimals(self, rows: Positions) -> None:
        start, end = self._start[rows] + 2, self._end[rows]
        note = self._marks.opening.next(start)
        noted = note < end
        number_end = np.where(noted, note - 1, end)
        length = number_end - start
        right = (length >= 1) & (length <= _MOST_HEX_DIGITS)
        length = np.clip(length, 1, _MOST_HEX_DIGITS)
        low_length = np.minimum(length, _WORD)
        high, high_right = hexadecimal(self._buffer.words(start), length - low_length)
        low, low_right = hexadecimal(self._buffer.words(start + length - low_length), low_length)
        self.ret[rows] = ((high << np.uint64(32)) | low).view(np.int64)
        right &= high_right & low_right
        notes = np.flatnonzero(noted & right)
        right[notes] &= self._note_right(rows[notes], number_end[notes])
        self.good[rows[~right]] = False

    def _errors(self, rows: Positions, failed: Mask) -> None:
        start = self._start[rows] + np.where(failed[rows], 3, 2)
        note = self._marks.opening.next(start)
        right = note < self._end[rows]
        length = np.where(right, note - 1 - start, 0)
        errno = error_names().look_up(self._buffer, start, length)
        right &= errno != NONE
        notes = np.flatnonzero(right)
        right[notes] &= self._note_right(rows[notes], note[notes] - 1)
        self.errno[rows] = errno
        restart = (errno >= RESTART_FIRST) & (errno <= RESTART_LAST)
        self.ret[rows] = np.where(failed[rows] & ~restart, -1, NULL)
        self.flags[rows[restart]] |= int(SyscallFlag.INTERRUPTED)
        self.good[rows[~right]] = False

    def _note_right(self, rows: Positions, at: Positions) -> Mask:
        """Whether `` (text)`` stands from `at` to the end, with nothing odd in the text."""
        bytes_, marks, end = self._buffer.bytes, self._marks, self._end[rows]
        opening = at + 1
        text = self._buffer.words(opening)
        right: Mask = (bytes_[at] == _SPACE) & (bytes_[opening] == _OPEN) & (opening < end)
        right &= (marks.opening.next(opening + 1) >= end) & (marks.closing.next(at) == end - 1)
        right &= (marks.less.next(at) >= end) & (marks.greater.next(at) >= end)
        right &= marks.quote.next(at) >= end
        right &= (text != _INJECTED) & (kept(text, 7) != _ERRNO)
        return right
