"""Where lives are on the critical path."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.rules.family import Family
from aklo_analysis.wall.slices import counted_up

Int64 = npt.NDArray[np.int64]


class OnPath:
    """Finds the segments of the wall in which lives are on the critical path. `upkeep` as
    `upkeep.upkeep` gives it."""

    def __init__(self, family: Family, segments: pd.DataFrame, upkeep: Int64) -> None:
        number = np.append(family.first, UNKNOWN)[segments["life"].to_numpy(np.int64)]
        self._family, self._number = family, _Sorted(number)
        self._upkeep = _Sorted(upkeep)

    def of_families(self, ancestors: Int64) -> tuple[Int64, Int64]:
        """The segments of these lives and of all that come from them, and for each the place
        of the ancestor; a segment of two ancestors is there twice."""
        first = self._family.first[ancestors]
        return self._number.between(first, first + self._family.size[ancestors])

    def of_lives(self, lives: Int64) -> tuple[Int64, Int64]:
        """The same, without what comes from them."""
        first = self._family.first[lives]
        return self._number.between(first, first + 1)

    def of_upkeep(self, forked: Int64) -> tuple[Int64, Int64]:
        """The same for what their shells did for these."""
        return self._upkeep.between(forked, forked + 1)


class _Sorted:
    """Looks up rows by ranges of a number that each has."""

    def __init__(self, numbers: Int64) -> None:
        order = np.argsort(numbers, kind="stable")
        self._numbers = numbers[order].astype(np.int32)
        self._order = order.astype(np.int32)

    def between(self, low: Int64, high: Int64) -> tuple[Int64, Int64]:
        """The rows whose number is in each range, `low` included, and the place of the range."""
        limits = low.astype(np.int32), high.astype(np.int32)
        begin, end = (np.searchsorted(self._numbers, limit) for limit in limits)
        counts = (end - begin).astype(np.int64)
        rows = self._order[np.repeat(begin, counts) + counted_up(counts)].astype(np.int64)
        return rows, np.repeat(np.arange(len(counts)), counts)
