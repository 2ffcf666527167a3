"""The system calls of a trace with what a report asks about each: where it belongs, what
it did, and whether its time was work or waiting.

`derive` gives a frame with one row per call, in the order of `frames.syscalls`:

============  ========  ==========================================================
process       int32     row in `frames.processes`, `UNKNOWN` if it has none
image         int32     row in `frames.images`; the one that ran, or `UNKNOWN`
file          int32     row in `frames.files`, `UNKNOWN`, or `NO_FILE`
site          int32     row in `frames.sites`, or `UNKNOWN`
syscall       category  name of the call
activity      category  key of an `aklo_analysis.activity.Activity`
leader        bool      the call was made by the main thread of its process
failed        bool      it ended with an errno
untimed       bool      it has no duration
bytes         int64     bytes moved, 0 if none
work_ns       int64     duration if its activity works, else 0
wait_ns       int64     duration if its activity waits, else 0
============  ========  ==========================================================
"""

from __future__ import annotations

import errno
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES, MEDIA, activity_codes, medium_codes
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import known_values
from aklo_trace import syscalls as known
from aklo_trace.errors import CorruptTrace

UNKNOWN: Final = -1
"""It is about a file, process or image that the trace does not know."""

NO_FILE: Final = -2
"""The call is not about a file."""

SPARSE: Final = 64
"""How many times more numbers than ids there may be in a table of them."""

KEYS: Final = pd.Index([activity.key for activity in ACTIVITIES])

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def derive(frames: Frames) -> pd.DataFrame:
    """The frame described above. Raises `CorruptTrace` if an id is used twice."""
    rows = frames.syscalls
    file = _files(frames)
    names, codes = categories(rows["syscall"])
    activity = activity_codes(names, _media(frames, file), codes)
    waits = np.array([a.waits for a in ACTIVITIES])[activity]
    dur_ns = known_values(rows["dur_ns"])
    return pd.DataFrame(
        {
            "process": positions(frames.processes, "proc_id", frames.column("proc_id")),
            "image": positions(frames.images, "image_id", frames.column("image_id")),
            "file": file,
            "site": positions(frames.sites, "site_id", frames.column("site_id")),
            "syscall": rows["syscall"],
            "activity": pd.Categorical.from_codes(activity, KEYS),
            "leader": rows["tid"].to_numpy() == rows["pid"].to_numpy(),
            "failed": rows["errno"].notna().to_numpy(),
            "untimed": rows["dur_ns"].isna().to_numpy(),
            "bytes": known_values(frames.column("bytes")),
            "work_ns": np.where(waits, 0, dur_ns),
            "wait_ns": np.where(waits, dur_ns, 0),
        },
        copy=False,
    )


def durations(calls: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Which calls have a duration, and the durations of these."""
    timed = ~calls["untimed"].to_numpy()
    return timed, (calls["work_ns"].to_numpy() + calls["wait_ns"].to_numpy())[timed]


def categories(column: pd.Series[Any]) -> tuple[list[str], npt.NDArray[np.integer]]:
    """The categories of a column, and for each row the place of its own."""
    return list(column.cat.categories), column.cat.codes.to_numpy()


def among(column: pd.Series[Any], values: Collection[str]) -> npt.NDArray[np.bool_]:
    """For each row of a categorical column without nulls whether it is one of the values."""
    names, codes = categories(column)
    found = np.zeros(len(codes), dtype=bool)
    for code, name in enumerate(names):
        if name in values:
            found |= codes == code
    return found


def positions(table: pd.DataFrame, column: str, values: pd.Series[Any]) -> Int32:
    """For each value its row in `table`, whose ids are in `column`; `UNKNOWN` if none."""
    wanted = values.to_numpy(dtype=np.int32, na_value=UNKNOWN)
    return rows_of(column, table[column].to_numpy(dtype=np.int64), wanted)


def rows_of(column: str, ids: Int64, wanted: Int32) -> Int32:
    """For each id that is wanted its place among `ids`, those of a column; `UNKNOWN` if it has
    none. Raises CorruptTrace if an id occurs twice."""
    index = pd.Index(ids)
    if not index.is_unique:
        raise CorruptTrace(
            f"The trace is damaged: a {column} occurs twice in one of its tables. "
            "Record it again, or import it again from its log."
        )
    if len(ids) and ids.min() >= 0 and ids.max() < SPARSE * len(ids):
        return _looked_up(ids, wanted)
    found: Int32 = index.get_indexer(pd.Index(wanted)).astype(np.int32)
    return found


def _looked_up(ids: Int64, wanted: Int32) -> Int32:
    """As `rows_of`, for ids that leave few numbers out: by a table of all numbers."""
    rows = np.full(int(ids.max()) + 2, UNKNOWN, np.int32)
    rows[ids] = np.arange(len(ids))
    # as unsigned numbers, negative ones are beyond all others
    return rows[np.minimum(wanted.view(np.uint32), np.uint32(len(rows) - 1))]


def _media(frames: Frames, file: Int32) -> npt.NDArray[np.int8]:
    """The medium of each call's file: calls without one have the last, `unknown`."""
    media = np.append(medium_codes(frames.files), np.int8(MEDIA.index("unknown")))
    return media[np.maximum(file, UNKNOWN)]


def _files(frames: Frames) -> Int32:
    rows = frames.syscalls
    file = positions(frames.files, "file_id", frames.column("file_id"))
    nothing_known = frames.files[["path", "kind", "inode"]].isna().all(axis=1)
    file = np.where(np.append(nothing_known, False)[file], np.int32(UNKNOWN), file)
    names, codes = categories(rows["syscall"])
    names_path = np.array([_names_path(name) for name in names], dtype=bool)
    has_fd = rows["fd"].notna().to_numpy() & (known_values(rows["errno"]) != errno.EBADF)
    about = has_fd | names_path[codes]
    return np.where((file == UNKNOWN) & ~about, np.int32(NO_FILE), file)


def _names_path(name: str) -> bool:
    call = known.by_name().get(name)
    return call is not None and call.path is not None
