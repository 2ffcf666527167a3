"""Time cut into columns of the same length, and what fell into each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

COLUMNS: Final = 160
"""As many as can be told apart on a page."""


@dataclass(frozen=True, slots=True)
class Columns:
    """`count` columns from `start_ns` on, which together take `ns`, 1 or more."""

    start_ns: int
    ns: int
    count: int

    @property
    def edges_ns(self) -> Int64:
        """Where each begins, and the end of the last."""
        numbers = np.arange(self.count + 1, dtype=np.float64)
        return self.start_ns + np.rint(numbers * self.ns / self.count).astype(np.int64)

    def of(self, at_ns: Int64) -> Int64:
        """The column of each instant; of what is outside of all, the nearest."""
        found = (np.searchsorted(self.edges_ns, at_ns, "right") - 1).astype(np.int64)
        return np.clip(found, 0, self.count - 1)

    def shared(self, start_ns: Int64, end_ns: Int64) -> Int64:
        """How much time of all spans, which may overlap, is within each column, in ns."""
        return np.diff(_passed(start_ns, self.edges_ns) - _passed(end_ns, self.edges_ns))


def whole_time(case: Case, count: int) -> Columns:
    """From the start of a trace until the command, and all that it left behind, has ended."""
    start_ns, last_ns = case.meta.started_at_ns, case.lives.table["end_ns"].max()
    end_ns = max(case.meta.ended_at_ns, start_ns + 1, *([last_ns] if len(case.lives.table) else []))
    return Columns(start_ns, int(end_ns) - start_ns, count)


def _passed(since_ns: Int64, at_ns: Int64) -> Int64:
    """Summed over all beginnings, how long ago at each instant they were."""
    ordered = np.sort(since_ns)
    count = np.searchsorted(ordered, at_ns, "right")
    # a sum that is too large for 64 bits is right again in the difference of two
    sums = np.append(0, np.cumsum(ordered - at_ns[0]))
    found: Int64 = count * (at_ns - at_ns[0]) - sums[count]
    return found
