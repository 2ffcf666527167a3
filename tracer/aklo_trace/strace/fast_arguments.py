"""The arguments that matter, for many calls at once. `arguments` is the exact reader.

Each call belongs to a shape: which of its arguments are needed, and where they stand. Calls
that have none of these shapes are left to the exact reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import CWD, NO_STRING, NULL, Int32, Int64
from aklo_trace.strace.arguments import makes_thread, read_argv
from aklo_trace.strace.bytewise import (
    Buffer,
    Mask,
    Positions,
    decimal,
    digits_at_start,
    kept,
    word,
)
from aklo_trace.strace.calls import Image
from aklo_trace.strace.fast_returns import NEVER_FIRST
from aklo_trace.strace.marks import Marks
from aklo_trace.strace.quoting import unescape
from aklo_trace.strace.shapes import Shape
from aklo_trace.syscalls import NONE

_AT_FDCWD: Final = word(b"AT_FDCWD")
_DELETED: Final = word(b"(deleted")
_DEVICES: Final = ((word(b"<char "), 6), (word(b"<block "), 7))
_NO_FD: Final = word(b", -1")
_MAP_COMMAS: Final = 5
_MOST_FD_DIGITS: Final = 7
_MOST_OFFSET_DIGITS: Final = 7
_SPACE, _COMMA, _QUOTE, _BACKSLASH, _LESS, _GREATER, _OPEN, _CLOSE, _SLASH, _DOT = (
    ord(character) for character in ' ,"\\<>()/.'
)
_UPPER_FIRST, _UPPER_LAST = ord("A"), ord("Z")


@dataclass
class _Fd:
    """A descriptor argument in some rows: number or `NULL`, description, what comes after."""

    number: Int64
    at_cwd: Mask
    text_start: Positions
    text_end: Positions
    after: Positions
    good: Mask


class FastArguments:
    """Reads the rows' text from `after` to `end`, where the arguments end.

    `good` says which rows were read. Spans are empty, from 0 to 0, where there is nothing;
    a path's span begins one after the quote, so it never begins at 0.
    """

    def __init__(
        self,
        buffer: Buffer,
        marks: Marks,
        after: Positions,
        end: Positions,
        shape: npt.NDArray[np.int8],
    ) -> None:
        self._buffer, self._marks, self._after, self._end = buffer, marks, after, end
        rows = len(after)
        self.good: Mask = shape != Shape.EXACT
        self.fd: Int64 = np.full(rows, NULL, np.int64)
        self.offset: Int64 = np.full(rows, NULL, np.int64)
        self.status: Int32 = np.full(rows, NONE, np.int32)
        self.base: Int32 = np.full(rows, NO_STRING, np.int32)
        self.file = _spans(rows)
        self.file2 = _spans(rows)
        self.base_text = _spans(rows)
        self.path = _spans(rows)
        self.thread: Mask = np.zeros(rows, bool)
        self.image: Int32 = np.full(rows, NONE, np.int32)
        self.images: list[Image] = []
        for kind, read in _READERS.items():
            chosen = np.flatnonzero(self.good & (shape == kind))
            if len(chosen):
                read(self, chosen)

    def with_fd(self, rows: Positions) -> _Fd:
        fd = self._fd(rows, self._after[rows])
        self._keep_fd(rows, fd)
        return fd

    def with_two_fds(self, rows: Positions) -> None:
        first = self.with_fd(rows)
        second = self._fd(rows, first.after + 2)
        second.good &= self._separated(first.after)
        self.file2[0][rows], self.file2[1][rows] = second.text_start, second.text_end
        self.good[rows] &= second.good & ~second.at_cwd

    def with_path(self, rows: Positions) -> None:
        self.good[rows] &= self._path(rows, self._after[rows])
        self.base[rows] = CWD

    def with_dirfd_and_path(self, rows: Positions) -> None:
        fd = self._fd(rows, self._after[rows])
        self.good[rows] &= fd.good & self._separated(fd.after)
        self.good[rows] &= self._path(rows, fd.after + 2)
        itself = (self.path[0][rows] == self.path[1][rows]) & ~fd.at_cwd  # AT_EMPTY_PATH
        for span in self.path:
            span[rows[itself]] = 0
        self.fd[rows[itself]] = fd.number[itself]
        for column, known in ((self.file, itself), (self.base_text, ~itself)):
            column[0][rows[known]], column[1][rows[known]] = (
                fd.text_start[known],
                fd.text_end[known],
            )
        self.base[rows] = np.where(fd.at_cwd, CWD, NO_STRING)

    def with_mapped_fd(self, rows: Positions) -> None:
        """The fifth of six arguments, looked for from the end."""
        bytes_, marks, start, end = (
            self._buffer.bytes,
            self._marks,
            self._after[rows],
            self._end[rows],
        )
        comma = marks.comma.last(end)
        right = marks.comma.count(start, end) == _MAP_COMMAS
        right &= marks.quote.count(start, end) == 0  # a comma in a string separates nothing
        comma = np.where(right, comma, start + 8)
        none = kept(self._buffer.words(comma - 4), 4) == _NO_FD
        described = np.flatnonzero(right & ~none & (bytes_[comma - 1] == _GREATER))
        number_end = comma.copy()
        number_end[described] = marks.less.last(comma[described])
        digits = _digits_before(self._buffer, number_end)
        fd = self._fd(rows, number_end - digits)
        known = (digits >= 1) & (bytes_[number_end - digits - 1] == _SPACE)
        known &= (bytes_[number_end - digits - 2] == _COMMA) & fd.good & (fd.after == comma)
        fd.good = right & (known | none)
        fd.number = np.where(none, NULL, fd.number)
        fd.text_start, fd.text_end = (
            np.where(none, 0, fd.text_start),
            np.where(none, 0, fd.text_end),
        )
        self._keep_fd(rows, fd)

    def with_fd_and_offset(self, rows: Positions) -> None:
        """Four arguments: descriptor, string, length, offset."""
        fd = self.with_fd(rows)
        self.good[rows] &= self._separated(fd.after)
        self._offset(rows, fd.after + 2)

    def with_fd_alone(self, rows: Positions) -> None:
        """The first of them, where the others come when the call returns."""
        fd = self.with_fd(rows)
        self.good[rows] &= self._separated(fd.after) & (fd.after + 2 == self._end[rows])

    def with_offset(self, rows: Positions) -> None:
        """The last three of them."""
        self._offset(rows, self._after[rows])

    def _offset(self, rows: Positions, opening: Positions) -> None:
        closing, right = self._string(rows, opening)
        at = closing + 1
        cut = kept(self._buffer.words(at), 3) == word(b"...")
        at += np.where(cut, 3, 0)
        right &= self._separated(at)
        length_digits = digits_at_start(self._buffer.words(at + 2))
        at += 2 + length_digits
        right &= (length_digits >= 1) & self._separated(at)
        words = self._buffer.words(at + 2)
        digits = digits_at_start(words)
        right &= (digits >= 1) & (digits <= _MOST_OFFSET_DIGITS)
        right &= at + 2 + digits == self._end[rows]
        self.offset[rows] = decimal(words, digits)
        self.good[rows] &= right

    def with_status(self, rows: Positions) -> None:
        words = self._buffer.words(self._after[rows])
        digits = digits_at_start(words)
        self.status[rows] = decimal(words, digits) & 0xFF
        right = (digits >= 1) & (digits <= _MOST_FD_DIGITS)
        self.good[rows] &= right & (self._after[rows] + digits == self._end[rows])

    def of_spawn(self, rows: Positions) -> None:
        for row in rows.tolist():
            self.thread[row] = makes_thread(self._text(row))

    def of_exec(self, rows: Positions) -> None:
        self.with_path(rows)
        for row in rows[self.good[rows]].tolist():
            text, start = self._text(row), int(self._after[row])
            quoted = int(self.path[0][row]) - start, int(self.path[1][row]) - start
            argv = read_argv(text, quoted[1] + 3)
            if (
                argv
                and text[quoted[1] + 1 : quoted[1] + 3] == text[argv.end : argv.end + 2] == b", "
            ):
                self.image[row] = len(self.images)
                self.images.append(argv.image(unescape(text[slice(*quoted)])))
            else:
                self.good[row] = False

    def _text(self, row: int) -> bytes:
        return self._buffer.slice(int(self._after[row]), int(self._end[row]))

    def with_nothing(self, rows: Positions) -> None:
        pass

    def _keep_fd(self, rows: Positions, fd: _Fd) -> None:
        self.fd[rows] = fd.number
        self.file[0][rows], self.file[1][rows] = fd.text_start, fd.text_end
        self.good[rows] &= fd.good & ~fd.at_cwd

    def _separated(self, at: Positions) -> Mask:
        at = np.minimum(at, len(self._buffer.bytes) - 2)
        found: Mask = (self._buffer.bytes[at] == _COMMA) & (self._buffer.bytes[at + 1] == _SPACE)
        return found

    def _fd(self, rows: Positions, at: Positions) -> _Fd:
        words = self._buffer.words(at)
        at_cwd = words == _AT_FDCWD
        digits = digits_at_start(words)
        good = at_cwd | ((digits >= 1) & (digits <= _MOST_FD_DIGITS))
        number = np.where(at_cwd, NULL, decimal(words, digits))
        after = at + np.where(at_cwd, 8, digits)
        fd = _Fd(number, at_cwd, np.zeros_like(at), np.zeros_like(at), after, good)
        self._describe(fd, np.flatnonzero(good & (self._buffer.bytes[after] == _LESS)))
        end = self._end[rows]
        fd.good &= (fd.after == end) | (self._buffer.bytes[fd.after] == _COMMA)
        fd.good &= fd.after <= end
        return fd

    def _describe(self, fd: _Fd, rows: Positions) -> None:
        """Step over ``<…>`` in some rows of `fd`."""
        bytes_, marks = self._buffer.bytes, self._marks
        opening = fd.after[rows]
        first = bytes_[opening + 1]
        closing, inner = marks.greater.next(opening), marks.less.next(opening + 1)
        nested = np.flatnonzero(inner < closing)
        good = ~np.isin(first, NEVER_FIRST) & ((first < _UPPER_FIRST) | (first > _UPPER_LAST))
        closing = np.minimum(closing, len(bytes_) - 2)
        good &= bytes_[closing] == _GREATER
        good[nested] &= self._is_device(inner[nested], closing[nested])
        closing[nested] += 1
        closing = np.where(good, closing, opening)
        fd.text_start[rows], fd.text_end[rows] = opening + 1, closing
        after = closing + 1
        deleted = self._buffer.words(after) == _DELETED
        deleted &= bytes_[np.minimum(after + 8, len(bytes_) - 1)] == _CLOSE
        fd.after[rows] = after + np.where(deleted, 9, 0)
        fd.good[rows] &= good

    def _is_device(self, opening: Positions, closing: Positions) -> Mask:
        """Whether ``<char 1:3>>`` stands there."""
        words = self._buffer.words(opening)
        known = np.zeros(len(opening), bool)
        for text, length in _DEVICES:
            known |= kept(words, length) == text
        known &= self._buffer.bytes[closing + 1] == _GREATER
        known &= self._marks.less.next(opening + 1) > closing + 1
        return known

    def _string(self, rows: Positions, opening: Positions) -> tuple[Positions, Mask]:
        """Where the string that begins at `opening` ends, and whether that is sure."""
        bytes_, end = self._buffer.bytes, self._end[rows]
        right = (opening < end) & (bytes_[np.minimum(opening, end)] == _QUOTE)
        closing = self._marks.quote.next(np.where(right, opening + 1, 0))
        right &= closing < end
        closing = np.where(right, closing, opening)
        right &= bytes_[closing - 1] != _BACKSLASH
        return closing, right

    def _path(self, rows: Positions, opening: Positions) -> Mask:
        closing, right = self._string(rows, opening)
        after = closing + 1
        right &= (after == self._end[rows]) | (self._buffer.bytes[after] == _COMMA)
        self.path[0][rows], self.path[1][rows] = opening + 1, closing
        return right


_READERS: Final = {
    Shape.NOTHING: FastArguments.with_nothing,
    Shape.FD: FastArguments.with_fd,
    Shape.FD_FD: FastArguments.with_two_fds,
    Shape.PATH: FastArguments.with_path,
    Shape.DIRFD_PATH: FastArguments.with_dirfd_and_path,
    Shape.MAPPED_FD: FastArguments.with_mapped_fd,
    Shape.FD_OFFSET: FastArguments.with_fd_and_offset,
    Shape.FD_ALONE: FastArguments.with_fd_alone,
    Shape.OFFSET: FastArguments.with_offset,
    Shape.STATUS: FastArguments.with_status,
    Shape.SPAWN: FastArguments.of_spawn,
    Shape.EXEC: FastArguments.of_exec,
}


def _spans(rows: int) -> tuple[Positions, Positions]:
    return np.zeros(rows, np.int64), np.zeros(rows, np.int64)


def _digits_before(buffer: Buffer, end: Positions) -> Positions:
    """How many digits stand just before each place, up to 8."""
    return digits_at_start(buffer.words(end - 8).byteswap())
