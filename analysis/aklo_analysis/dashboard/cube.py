"""Sums of calls by function, line, program, file and system call together, in bounded room.

A cell is one combination of these. When there are too many, those that took least are no longer
told apart by file; if that is not enough, neither by line, nor function, and so on. So what is
shown of programs and calls stays exact as long as there are not thousands of them, and sums always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.dashboard.seen import DIMENSIONS, Int32, Int64, Interner, Seen

Float64 = npt.NDArray[np.float64]

MOST_CELLS: Final = 16_384
OTHERS: Final = "(others)"
SUMS: Final = ("calls", "failed", "bytes", "work_ns", "wait_ns")
ROLLED: Final = ("file", "line", "function", "call", "program")
"""What is told apart no longer, in this order."""
HALF_LIFE_NS: Final = 3_000_000_000
"""After which a call counts half of what is going on now."""


@dataclass(frozen=True, slots=True)
class Row:
    """All calls of one name. `recent` is the share of what was going on lately, 0 to 1."""

    name: str
    calls: int
    failed: int
    bytes: int
    work_ns: int
    wait_ns: int
    recent: float


class Cube:
    """`total` has the sums of all calls, as in `SUMS`."""

    def __init__(self, most: int = MOST_CELLS) -> None:
        self._most = most
        self._interner = Interner()
        self._cells: dict[bytes, int] = {}
        self._codes = np.zeros((most, len(DIMENSIONS)), np.int32)
        self._sums = np.zeros((most, len(SUMS)), np.int64)
        self._recent = np.zeros(most)
        self._recent_ns = 0

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def total(self) -> dict[str, int]:
        return dict(zip(SUMS, self._sums.sum(axis=0).tolist(), strict=True))

    def add(self, seen: Seen) -> None:
        if not len(seen):
            return
        self._fade(int(seen.ts_ns.max()))
        values, places = _distinct(seen.codes.T)
        if len(self._cells) + len(values) > self._most:
            self._roll_up(len(values))
        own, used = np.zeros(len(seen.names), np.int32), np.unique(values)
        own[used] = [self._interner.code(seen.names[code]) for code in used.tolist()]
        took_ns = np.maximum(seen.dur_ns, 0)
        columns = (
            np.ones(len(seen), np.int64),
            seen.failed.astype(np.int64),
            seen.bytes,
            np.where(seen.waits, 0, took_ns),
            np.where(seen.waits, took_ns, 0),
        )
        sums = np.zeros((len(values), len(SUMS)), np.int64)
        for place, column in enumerate(columns):
            np.add.at(sums[:, place], places, column)
        codes, recent = own[values], sums[:, SUMS.index("work_ns")].astype(np.float64)
        for number in range(1, len(ROLLED) + 1):
            if len(self._cells) + len(codes) <= self._most:
                break
            fewer = _without(codes, ROLLED[:number], self._others())
            codes, sums, recent = _merged(fewer, sums, recent)
        self._put(codes, sums, recent)

    def rows(self, by: str, only: Mapping[str, str], text: str = "") -> list[Row]:
        """Groups by one dimension, of the cells that have the names of `only`, if the name of the
        group holds `text`. Not sorted."""
        count = len(self._cells)
        codes, names = self._codes[:count], self._interner.names
        chosen = np.ones(count, bool)
        for dimension, name in only.items():
            chosen &= codes[:, DIMENSIONS.index(dimension)] == self._interner.code(name)
        found, places = np.unique(codes[chosen, DIMENSIONS.index(by)], return_inverse=True)
        sums = np.zeros((len(found), len(SUMS)), np.int64)
        np.add.at(sums, places, self._sums[:count][chosen])
        recent = _weighed(places, self._recent[:count][chosen], len(found))
        lately = max(float(self._recent[:count].sum()), 1.0)
        return [
            Row(
                names[code],
                **dict(zip(SUMS, sums[place].tolist(), strict=True)),
                recent=float(recent[place]) / lately,
            )
            for place, code in enumerate(found.tolist())
            if text.casefold() in names[code].casefold()
        ]

    def _put(self, codes: Int32, sums: Int64, recent: Float64) -> None:
        """Add to cells, of which those that are new are made; `codes` are distinct."""
        width = codes.itemsize * codes.shape[1]
        raw = np.ascontiguousarray(codes).tobytes()
        rows = np.empty(len(codes), np.int64)
        for place in range(len(codes)):
            rows[place] = self._cells.setdefault(
                raw[place * width : (place + 1) * width], len(self._cells)
            )
        self._codes[rows] = codes
        self._sums[rows] += sums
        self._recent[rows] += recent

    def _fade(self, at_ns: int) -> None:
        if at_ns > self._recent_ns:
            self._recent *= 0.5 ** min((at_ns - self._recent_ns) / HALF_LIFE_NS, 100.0)
            self._recent_ns = at_ns

    def _others(self) -> int:
        return self._interner.code(OTHERS)

    def _roll_up(self, wanted: int) -> None:
        """Make room for so many cells: the lesser half of what there is loses names."""
        for number in range(1, len(ROLLED) + 1):
            count = len(self._cells)
            cost = self._sums[:count, SUMS.index("work_ns")] + self._recent[:count]
            lesser = np.argsort(cost, kind="stable")[: count - self._most // 4]
            codes = self._codes[:count].copy()
            codes[lesser] = _without(codes[lesser], ROLLED[:number], self._others())
            parts = _merged(codes, self._sums[:count], self._recent[:count])
            self._begin_anew(*parts)
            if len(self._cells) + wanted <= self._most:
                return

    def _begin_anew(self, codes: Int32, sums: Int64, recent: Float64) -> None:
        """With these cells alone, and the names that they have."""
        before, self._interner = self._interner.names, Interner()
        used, places = np.unique(codes, return_inverse=True)
        own = np.array([self._interner.code(before[code]) for code in used.tolist()], np.int32)
        self._cells.clear()
        self._sums[:] = 0
        self._recent[:] = 0
        self._put(own[places.reshape(codes.shape)], sums, recent)


def _without(codes: Int32, dimensions: tuple[str, ...], others: int) -> Int32:
    found = codes.copy()
    for dimension in dimensions:
        found[:, DIMENSIONS.index(dimension)] = others
    return found


def _merged(codes: Int32, sums: Int64, recent: Float64) -> tuple[Int32, Int64, Float64]:
    """Cells of the same names as one."""
    values, places = _distinct(codes)
    merged = np.zeros((len(values), sums.shape[1]), np.int64)
    np.add.at(merged, places, sums)
    return values, merged, _weighed(places, recent, len(values))


def _weighed(places: Int64, weights: Float64, count: int) -> Float64:
    found = np.zeros(count)
    np.add.at(found, places, weights)
    return found


def _distinct(codes: Int32) -> tuple[Int32, Int64]:
    """The different rows, and for each row its place among them."""
    whole = np.ascontiguousarray(codes)
    packed = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).reshape(-1)
    _, firsts, places = np.unique(packed, return_index=True, return_inverse=True)
    return whole[firsts], places.reshape(-1)
