"""Binary search in many sorted slices of one array at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_analysis.distinct import SIDES

Int64 = npt.NDArray[np.int64]


def first_at(values: Int64, low: Int64, high: Int64, wanted: Int64) -> Int64:
    """For each place the first index from `low` on, and before `high`, whose value is `wanted`
    or more, else `high`. `values` are sorted within each slice, but not from one to the next."""
    low, high = low.copy(), np.maximum(high, low)
    active = np.flatnonzero(low < high)
    while len(active):
        middle = (low[active] + high[active]) // 2
        below = values[middle] < wanted[active]
        low[active[below]] = middle[below] + 1
        high[active[~below]] = middle[~below]
        active = active[low[active] < high[active]]
    return low


def last_before(values: Int64, low: Int64, high: Int64, limit: Int64) -> Int64:
    """For each place the last index of the slice whose value is less than `limit`, or -1."""
    place = first_at(values, low, high, limit) - 1
    return np.where(place >= low, place, -1)


def latest(keys: Int64, at_ns: Int64, wanted: Int64, before_ns: Int64) -> Int64:
    """Of the rows with the key that is wanted at each place, the last one before a time: its
    number, or -1."""
    order = np.lexsort((at_ns, keys))
    keys = keys[order]
    low, high = (np.searchsorted(keys, wanted, side).astype(np.int64) for side in SIDES)
    return np.append(order, -1)[last_before(at_ns[order], low, high, before_ns)]


def counted_up(counts: Int64) -> Int64:
    """0, 1, … as far as each count goes, one after the other: [2, 0, 3] is [0, 1, 0, 1, 2]."""
    ends = np.cumsum(counts)
    found: Int64 = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return found


def bounds(keys: Int64, count: int) -> Int64:
    """Where the slices of the keys 0 to `count` - 1 begin in sorted `keys`, and the end."""
    found: Int64 = np.searchsorted(keys, np.arange(count + 1)).astype(np.int64)
    return found
