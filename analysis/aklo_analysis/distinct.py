"""Numbers, each once."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")
"""The first place of a value among sorted ones, and the first behind it."""


def distinct(*arrays: Int64) -> Int64:
    """What is in any of these arrays, sorted and each once. np.unique counts in a hash table, which
    takes many times as long for what is nearly sorted, as numbers of rows are."""
    values = np.sort(np.concatenate(arrays), kind="stable")
    found: Int64 = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return found


def without(values: Int64, others: Int64) -> Int64:
    """Those of sorted values that are not among sorted others."""
    begin, end = (np.searchsorted(others, values, side) for side in SIDES)
    found: Int64 = values[begin == end]
    return found
