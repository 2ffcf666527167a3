"""What work on files tells of pieces of work: whether each can be done without the others."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.nullable import known_values
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

DEVICES: Final = ("character", "block")
"""Kinds of files whose content nobody shares."""
READS: Final = ("read", "pipe_read", "terminal_read", "read_unknown", "copy", "memory", "exec")
WRITES: Final = ("write", "pipe_write", "terminal_write", "write_unknown", "copy", "metadata")
MAKES: Final = ("mkdir", "mkdirat", "rmdir")
LISTS: Final = ("getdents", "getdents64")

PARENT: Final = -1
"""The number of what the parent of all pieces does in between, with its other children."""


def independent(case: Case, calls: Int64, piece: Int64) -> bool:
    """Whether nothing tells that pieces of work must be done in turn. `calls` are rows of
    `frames.syscalls`, and `piece` the number of what each belongs to, from 0 on, or `PARENT`."""
    done = _done(case, calls, piece)
    files = done.groupby(["key", "piece"]).max().reset_index("piece")
    return not (_flows(files) or _same_input(files) or _folders(done))


def _done(case: Case, calls: Int64, piece: Int64) -> pd.DataFrame:
    """A row per call on a file that is no device: by `piece`, which file (`key`), the number of
    the `folder` that it is in, and what was done to it; by a descriptor of its `own`, if a call of
    its process has opened one of that number. Files of one path are one."""
    rows, frames, paths = case.calls.iloc[calls], case.frames, case.paths
    file = rows["file"].to_numpy(np.int64)
    kind = np.append(frames.files["kind"].astype("object").to_numpy(), ["", ""])[file]
    by_path = frames.syscalls["fd"].isna().to_numpy()[calls]
    activity, failed = rows["activity"], rows["failed"].to_numpy()
    opened = (activity == "open").to_numpy()
    makes = rows["syscall"].isin(MAKES).to_numpy()
    fd = known_values(frames.syscalls["fd"].iloc[calls]) << 32 | rows["process"].to_numpy()
    done = pd.DataFrame(
        {
            "piece": piece,
            "key": np.where(paths.path[file] == UNKNOWN, -2 - file, paths.path[file]),
            "folder": paths.folder[file],
            "opened": opened & ~failed,
            "own": np.isin(fd, fd[opened & ~failed]),
            "looked": opened | by_path & activity.isin(("stat", "directory")).to_numpy(),
            "read": activity.isin(READS).to_numpy() & ~failed,
            "written": (activity.isin(WRITES).to_numpy() | makes) & ~failed,
            "made": (activity == "metadata").to_numpy() & ~failed | makes & ~failed,
            "listed": rows["syscall"].isin(LISTS).to_numpy(),
        }
    )
    return done[(file >= 0) & ~np.isin(kind, DEVICES)]


def _flows(files: pd.DataFrame) -> bool:
    """One writes what another uses, and be it that it opens it to write as well; but both may
    write to what was open before, as the standard output. What the parent writes may be for the
    one that it is going to start, but not for two."""
    writers = files["piece"][files["written"]]
    users = files["piece"][files["read"] | files["looked"]]
    pairs = pd.merge(writers, users, left_index=True, right_index=True, suffixes=("_w", "_u"))
    pairs = pairs[pairs["piece_w"] != pairs["piece_u"]]
    of_parent = pairs["piece_w"] == PARENT
    handed = pairs[of_parent].groupby(level=0)["piece_u"].nunique()
    return bool((~of_parent).any() or (handed > 1).any())


def _same_input(files: pd.DataFrame) -> bool:
    """Two read on from where the other stopped, in what was open before."""
    own = files["looked"] | files["own"] | (files["piece"] == PARENT)
    some = files[files["read"] & ~own]
    return bool(some.groupby(level=0)["piece"].nunique().gt(1).any())


def _folders(done: pd.DataFrame) -> bool:
    """One lists a folder in which another makes something."""
    made = done[done["made"] | (done["opened"] & done["key"].isin(done["key"][done["written"]]))]
    pairs = pd.merge(
        made[["folder", "piece"]].drop_duplicates(),
        done.loc[done["listed"], ["key", "piece"]].drop_duplicates(),
        left_on="folder",
        right_on="key",
    )
    return bool((pairs["piece_x"] != pairs["piece_y"]).any())
