"""Numbers, each once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]


def distinct(*arrays: Int64) -> Int64:
    """What is in any of these arrays, sorted and each once. np.unique counts in a hash table, which
    takes many times as long for what is nearly sorted, as numbers of rows are."""
    values = np.sort(np.concatenate(arrays), kind="stable")
    found: Int64 = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return found
