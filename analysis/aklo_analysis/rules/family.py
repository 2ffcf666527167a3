"""Which lives of processes come from which."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.lives import Lives

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Family:
    """Numbers the lives so that all that come from one follow it without a gap: `first` is the
    number of each life, and `size` how many it and those that come from it are."""

    def __init__(self, lives: Lives) -> None:
        origin = lives.table["origin"].to_numpy(np.int64)
        youngest_first = np.argsort(-lives.table["birth"].to_numpy(), kind="stable").tolist()
        size = [1] * len(origin)
        for life in youngest_first:
            if origin[life] != UNKNOWN:
                size[origin[life]] += size[life]
        self.first, self.size = _numbered(origin, size, youngest_first), np.array(size, np.int64)

    def of(self, ancestors: Int64) -> Bools:
        """Of each life whether it is one of these or comes from one."""
        first = self.first[ancestors]
        edges = np.zeros(len(self.first) + 1, np.int64)
        np.add.at(edges, first, 1)
        np.add.at(edges, first + self.size[ancestors], -1)
        found: Bools = np.cumsum(edges)[self.first] > 0
        return found

    def branches(self, roots: Int64) -> Int64:
        """For each life the place in `roots` of the one that it is, or comes from, or `UNKNOWN`.
        None of the roots comes from another."""
        order = np.argsort(self.first[roots])
        first, size = self.first[roots[order]], self.size[roots[order]]
        place = np.searchsorted(first, self.first, side="right") - 1
        inside = (place >= 0) & (self.first < np.append(first + size, 0)[place])
        return np.where(inside, np.append(order, UNKNOWN)[place], UNKNOWN)

    def sums(self, values: Int64) -> Int64:
        """For each life the sum over it and all that come from it of their `values`."""
        before = np.zeros(len(values) + 1, np.int64)
        np.add.at(before, self.first + 1, values)
        np.cumsum(before, out=before)
        found: Int64 = before[self.first + self.size] - before[self.first]
        return found

    def comes_from(self, lives: Int64, ancestors: Int64) -> Bools:
        """Of each life whether it is or comes from the ancestor at the same place."""
        behind = self.first[lives] - self.first[ancestors]
        return (behind >= 0) & (behind < self.size[ancestors])

    def is_from(self, life: int, ancestor: int) -> bool:
        """Whether a life is or comes from another."""
        behind = int(self.first[life] - self.first[ancestor])
        return 0 <= behind < int(self.size[ancestor])

    def count(self, lives: Int64, ancestors: Int64) -> Int64:
        """How many of `lives` are or come from each ancestor."""
        numbers = np.sort(self.first[lives])
        first = self.first[ancestors]
        low, high = (np.searchsorted(numbers, at) for at in (first, first + self.size[ancestors]))
        return (high - low).astype(np.int64)


def _numbered(origin: Int64, size: list[int], youngest_first: list[int]) -> Int64:
    """The number of each life: behind its origin, and behind what comes from older siblings."""
    first, free, free_root = [0] * len(size), [0] * len(size), 0
    for life in reversed(youngest_first):
        mother = int(origin[life])
        if mother == UNKNOWN:
            first[life], free_root = free_root, free_root + size[life]
        else:
            first[life], free[mother] = free[mother], free[mother] + size[life]
        free[life] = first[life] + 1
    return np.array(first, np.int64)
