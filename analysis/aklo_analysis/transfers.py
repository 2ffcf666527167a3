"""Which reads and writes of files were sequential.

A transfer is sequential if it begins at the start of the file or goes on from the one before it:
the last of the same kind on that file by its process, or by anybody, since processes can share a
position. It goes on where that one ended, or at any place behind its beginning: a shell that reads
lines reads ahead, and seeks back to the end of its line. Elsewhere a transfer is random. Where it
began is not always known, and what moved nothing says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, categories
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import known_values

READ, WRITE = 0, 1
KINDS: Final = ("read", "write")
"""Activities, by these numbers."""

SEQUENTIAL, RANDOM, UNPLACED = 0, 1, 2

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Transfers:
    """The reads and writes of files that moved something: the row of each in `calls`, its `file`,
    a row of `frames.files` or `UNKNOWN`; its `kind`, `READ` or `WRITE`; its `bytes`; and its
    `pattern`, `SEQUENTIAL`, `RANDOM` or `UNPLACED`."""

    file: Int64
    kind: npt.NDArray[np.int8]
    bytes: Int64
    pattern: npt.NDArray[np.int8]


def transfers(frames: Frames, calls: pd.DataFrame) -> Transfers:
    """In order of time. `calls` as `derive` gives them."""
    rows, kind = _rows(calls)
    order = _in_time(frames.syscalls["ts_ns"].to_numpy()[rows])
    rows, kind = rows[order], kind[order]
    file = calls["file"].to_numpy()[rows].astype(np.int64)
    moved = calls["bytes"].to_numpy()[rows]
    begin = known_values(frames.column("offset").iloc[rows], UNKNOWN)
    pattern = np.full(len(rows), UNPLACED, np.int8)
    placed = np.flatnonzero((begin != UNKNOWN) & (file >= 0))
    process = calls["process"].to_numpy()[rows]
    stream = file * len(KINDS) + kind
    own = stream * (len(frames.processes) + 1) + (process - UNKNOWN)
    begin, end = begin[placed], begin[placed] + moved[placed]
    sequential = (begin == 0) | _goes_on(stream[placed], begin, end)
    sequential |= _goes_on(own[placed], begin, end)
    pattern[placed] = np.where(sequential, SEQUENTIAL, RANDOM)
    return Transfers(file, kind, moved, pattern)


def _rows(calls: pd.DataFrame) -> tuple[Int64, npt.NDArray[np.int8]]:
    """The calls that are transfers, and the kind of each."""
    keys, codes = categories(calls["activity"])
    kind_of = np.full(len(keys), -1, np.int8)
    kind_of[[keys.index(key) for key in KINDS]] = range(len(KINDS))
    kind = kind_of[codes]
    rows = np.flatnonzero((kind >= 0) & (calls["bytes"].to_numpy() > 0))
    return rows, kind[rows]


def _in_time(ts_ns: Int64) -> Int64 | slice:
    """The order of time, which calls nearly are in."""
    is_ordered = bool((ts_ns[1:] >= ts_ns[:-1]).all())
    return slice(None) if is_ordered else np.argsort(ts_ns, kind="stable")


def _goes_on(stream: Int64, begin: Int64, end: Int64) -> npt.NDArray[np.bool_]:
    """Which of them go on from the one before in the same stream."""
    order = np.argsort(stream, kind="stable")
    before, after = order[:-1], order[1:]
    found = np.zeros(len(stream), dtype=bool)
    ahead = (begin[after] > begin[before]) & (begin[after] <= end[before])
    found[after] = ahead & (stream[after] == stream[before])
    return found
