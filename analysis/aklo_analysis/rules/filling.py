"""What is known at some places, for those between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


def last_known(known: Bools, run: Int64) -> Int64:
    """For each place the last one up to it, in its run, at which something is known, or `UNKNOWN`.
    `run`: the number of each place's, none of which comes twice."""
    place = np.maximum.accumulate(np.where(known, np.arange(len(known)), UNKNOWN))
    return np.where((place != UNKNOWN) & (run[place] == run), place, UNKNOWN)


def next_known(known: Bools, run: Int64) -> Int64:
    """The same with the first place from it on."""
    behind = last_known(known[::-1], run[::-1])[::-1]
    return np.where(behind != UNKNOWN, len(known) - 1 - behind, UNKNOWN)
