"""What each process has read: which files, how much, and from when on."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from aklo_analysis.calls import among
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.beginnings import LOADED

READS: Final = (
    "read",
    "copy",
    "directory",
    "read_unknown",
    "pipe_read",
    "network",
    "terminal_read",
)
"""Activities of calls that read."""

OWN_NEEDS: Final = rf"{LOADED}|^/proc/(?:self|\d+)/|^/etc/localtime$|/zoneinfo/|/terminfo/"
"""Paths of what programs read for themselves, as a regular expression."""

PIPES: Final = ("pipe", "fifo")
HERE_DOCUMENT: Final = "/sh-thd"
"""What the names of files have in which a shell puts a long here-document."""


def reading(frames: Frames, calls: pd.DataFrame, lives: Lives) -> pd.DataFrame:
    """A row for each life and file that it read, without what programs read for themselves:

    ========  =====  ==================================================
    life      int64  a row of `lives.table`
    file      int64  a row of `frames.files`, or negative if not known
    stdin     bool   as its standard input
    piped     bool   it is a pipe
    bytes     int64  how much
    first_ns  int64  when it first read from it
    ========  =====  ==================================================
    """
    rows = np.flatnonzero(among(calls["activity"], READS) & ~calls["failed"].to_numpy())
    file = calls["file"].to_numpy(np.int64)[rows]
    paths = frames.files["path"].astype("object").fillna("").str
    loaded = np.append(paths.contains(OWN_NEEDS).to_numpy(dtype=bool), [False, False])[file]
    rows, file = rows[~loaded], file[~loaded]
    columns = {
        "life": lives.of_calls[rows],
        "file": file,
        "stdin": (frames.syscalls["fd"] == 0).fillna(False).to_numpy(dtype=bool)[rows],
        "bytes": calls["bytes"].to_numpy(np.int64)[rows],
        "first_ns": frames.syscalls["ts_ns"].to_numpy(np.int64)[rows],
    }
    groups = pd.DataFrame(columns).groupby(["life", "file", "stdin"], as_index=False, sort=False)
    found = groups.agg({"bytes": "sum", "first_ns": "min"})
    piped = frames.files["kind"].isin(PIPES) | paths.contains(HERE_DOCUMENT, regex=False)
    kinds = np.append(piped.to_numpy(dtype=bool), [False, False])
    return found.assign(piped=kinds[found["file"].to_numpy()])
