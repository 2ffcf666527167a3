"""Names of calls and errors, looked up for whole columns.

A name is up to 24 characters, as three words of `bytewise`; the words are mixed into one
number, and its upper bits are the place in a table. Each table finds a multiplier with which
none of its names share a place.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.strace.bytewise import Buffer, Positions, Words, kept, word
from aklo_trace.strace.calls import CODES, ERRNOS

LONGEST: Final = 24
NONE: Final = -1
"""Not a known name."""

_FIRSTS: Final = (0, 8, 16)
_PLACE_BITS: Final = 16
_MULTIPLIERS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


class NameTable:
    """Known names, and a number for each."""

    def __init__(self, numbers: dict[bytes, int]) -> None:
        names = [name for name in numbers if len(name) <= LONGEST]
        mixed = _mixed([_column(names, first) for first in _FIRSTS])
        self._multiplier, places = _spread(mixed)
        self._mixed = np.zeros(1 << _PLACE_BITS, np.uint64)
        self._numbers = np.full(1 << _PLACE_BITS, NONE, np.int32)
        self._mixed[places] = mixed
        self._numbers[places] = [numbers[name] for name in names]

    def look_up(self, buffer: Buffer, start: Positions, length: Positions) -> npt.NDArray[np.int32]:
        """The number of each name, `NONE` for unknown ones."""
        mixed = _mixed(
            [kept(buffer.words(start + at), np.clip(length - at, 0, 8)) for at in _FIRSTS]
        )
        places = _places(mixed, self._multiplier)
        known = (self._mixed[places] == mixed) & (length > 0) & (length <= LONGEST)
        return np.where(known, self._numbers[places], np.int32(NONE))


def _column(names: list[bytes], first: int) -> Words:
    return np.array([word(name[first : first + 8]) for name in names], np.uint64)


def _mixed(columns: list[Words]) -> Words:
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column, multiplier in zip(columns, _MULTIPLIERS, strict=True):
        mixed = (mixed ^ column) * np.uint64(multiplier)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _places(mixed: Words, multiplier: np.uint64) -> npt.NDArray[np.int64]:
    return (mixed * multiplier >> np.uint64(64 - _PLACE_BITS)).astype(np.int64)


def _spread(mixed: Words) -> tuple[np.uint64, npt.NDArray[np.int64]]:
    """A multiplier that gives each of the names a place of its own, and the places."""
    for step in count():
        multiplier = np.uint64(_MULTIPLIERS[0] + 2 * step)
        places = _places(mixed, multiplier)
        if len(np.unique(places)) == len(places):
            return multiplier, places
    raise AssertionError


@cache
def call_names() -> NameTable:
    """`Syscall.code` by name."""
    return NameTable(CODES)


@cache
def error_names() -> NameTable:
    """Error numbers by name."""
    return NameTable(ERRNOS)
