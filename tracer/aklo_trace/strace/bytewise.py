"""Whole columns of numbers out of a buffer of text.

Numbers are read eight characters at a time, as one 64-bit word for each row: digits are
combined in pairs, then fours, then eights (the "SIMD within a register" way). Words are
little-endian, so the first character is the lowest byte.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

PADDING: Final = 32
"""Bytes before and after the text that may be looked at."""

_WORD: Final = 8


def _u64(value: int) -> np.uint64:
    return np.uint64(value)


_HIGH_BITS: Final = _u64(0x8080808080808080)
_LOW_BITS: Final = _u64(0x0101010101010101)
_SEVEN_BITS: Final = _u64(0x7F7F7F7F7F7F7F7F)
_PAIRS: Final = _u64(0x000000FF000000FF)
_ZEROS: Final = _u64(0x3030303030303030)
_PAST_NINE: Final = _u64(0x7676767676767676)
_PAST_SIX: Final = _u64(0x7979797979797979)
_BEFORE_A: Final = _u64(0x6060606060606060)
_NIBBLES: Final = _u64(0x0F0F0F0F0F0F0F0F)
_SPACES: Final = _u64(0x2020202020202020)
_SHIFTS: Final = np.array([8 * (_WORD - n) % 64 for n in range(_WORD + 1)], np.uint64)
"""How far to shift the first n characters to the end of a word."""
_KEEP_FIRST: Final = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], np.uint64)
"""Masks for the first n characters."""


def word(text: bytes) -> np.uint64:
    """Up to eight characters as a word."""
    return _u64(int.from_bytes(text, "little"))


class Buffer:
    """Text with `PADDING` newlines before and after it. Positions count from its first byte."""

    def __init__(self, text: bytes) -> None:
        padding = b"\n" * PADDING
        self._padded = padding + text + padding
        self.bytes = np.frombuffer(self._padded, np.uint8)[PADDING:]
        self._words = np.ndarray(
            (len(text) + 2 * PADDING - _WORD + 1,), "<u8", self._padded, 0, (1,)
        )

    def words(self, at: Positions) -> Words:
        """The eight characters from each position on."""
        return self._words[at + PADDING]

    def find(self, character: str) -> Positions:
        """Every place of a character."""
        return np.flatnonzero(self.bytes == ord(character))

    def slice(self, start: int, end: int) -> bytes:
        return self._padded[PADDING + start : PADDING + end]

    @property
    def text(self) -> memoryview:
        """From the first byte on, padding after it included."""
        return memoryview(self._padded)[PADDING:]


class Places:
    """Where a character, or a short text, is found. `FAR` stands for nowhere."""

    FAR: Final = 1 << 40

    def __init__(self, found: Positions) -> None:
        self._found = np.concatenate(([-self.FAR], found, [self.FAR])).astype(np.int64)

    def next(self, at: Positions) -> Positions:
        """The first place at or after each position."""
        return self._found[np.searchsorted(self._found, at)]

    def last(self, before: Positions) -> Positions:
        """The last place before each position."""
        return self._found[np.searchsorted(self._found, before) - 1]

    def count(self, start: Positions, end: Positions) -> Positions:
        """How many there are from each start to before each end."""
        found = np.searchsorted(self._found, end) - np.searchsorted(self._found, start)
        return found.astype(np.int64)


def kept(words: Words, length: Positions | int) -> Words:
    """The first `length` characters, 0 to 8, and zeros for the others."""
    return words & _KEEP_FIRST[length]


def digits_at_start(words: Words) -> Positions:
    """How many decimal digits each word begins with, 0 to 8."""
    return _before_first(_above(words ^ _ZEROS, _PAST_NINE))


def spaces_at_start(words: Words) -> Positions:
    """How many spaces each word begins with, 0 to 8."""
    return _before_first(_above(words ^ _SPACES, _SEVEN_BITS))


def decimal(words: Words, length: Positions | int) -> Positions:
    """The number in the first `length` characters, which must be digits."""
    value = _right_aligned(words ^ _ZEROS, length)
    value = value * _u64(10) + (value >> _u64(8))
    high = (value & _PAIRS) * _u64(0x000F424000000064)
    low = ((value >> _u64(16)) & _PAIRS) * _u64(0x0000271000000001)
    return ((high + low) >> _u64(32)).astype(np.int64)


def hexadecimal(words: Words, length: Positions) -> tuple[Words, Mask]:
    """The number in the first `length` characters, and whether they all are digits 0-9, a-f."""
    text = kept(words, length)
    decimals = ~_above(text ^ _ZEROS, _PAST_NINE)
    letter = text ^ _BEFORE_A
    letters = ~_above(letter, _PAST_SIX) & _above(letter, _SEVEN_BITS)
    valid = (decimals | letters | ~_KEEP_FIRST[length]) & _HIGH_BITS == _HIGH_BITS
    digits = (text & _NIBBLES) + ((text >> _u64(6)) & _LOW_BITS) * _u64(9)
    value = _right_aligned(digits, length)
    value = ((value & _u64(0x00FF00FF00FF00FF)) << _u64(4)) | (
        (value >> _u64(8)) & _u64(0x00FF00FF00FF00FF)
    )
    value = ((value & _PAIRS) << _u64(8)) | ((value >> _u64(16)) & _PAIRS)
    return ((value & _u64(0xFFFF)) << _u64(16)) | ((value >> _u64(32)) & _u64(0xFFFF)), valid


def _before_first(marks: Words) -> Positions:
    """How many bytes come before the first whose high bit is set; 8 if there is none."""
    before = (marks - _u64(1)) & ~marks
    return ((((before >> _u64(7)) & _LOW_BITS) * _LOW_BITS) >> _u64(56)).astype(np.int64)


def _above(values: Words, excess: np.uint64) -> Words:
    """The high bit of every byte whose value, or its value plus `excess`, is above 127."""
    return (((values & _SEVEN_BITS) + excess) | values) & _HIGH_BITS


def _right_aligned(words: Words, length: Positions | int) -> Words:
    """The first `length` bytes of each word moved to its end, behind zeros."""
    return kept(words, length) << _SHIFTS[length]
