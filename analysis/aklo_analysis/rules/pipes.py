"""The pipes between processes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives

Int64 = npt.NDArray[np.int64]


def pipes(frames: Frames, lives: Lives) -> pd.DataFrame:
    """A row for each process that wrote into a pipe and each that read from it, not the same one:
    `file`, a row of `frames.files`, `writer` and `reader`, the first lives of the two."""
    first = _first_lives(frames, lives)
    writers, readers = (_ends(frames, end, first) for end in ("writers", "readers"))
    found: pd.DataFrame = writers.merge(readers, on="file")
    return found[found["writer"] != found["reader"]].reset_index(drop=True)


def _ends(frames: Frames, end: str, first: Int64) -> pd.DataFrame:
    proc_id = frames.files[end].dropna().explode().dropna().astype("int64")
    process = positions(frames.processes, "proc_id", proc_id)
    life = np.append(first, UNKNOWN)[process]
    found: pd.DataFrame = pd.DataFrame(
        {"file": proc_id.index.to_numpy(np.int64), end.removesuffix("s"): life}
    )
    known: pd.DataFrame = found[life != UNKNOWN]
    return known


def _first_lives(frames: Frames, lives: Lives) -> Int64:
    """Of each process the first life."""
    process = lives.table["process"].to_numpy(np.int64)
    rows = np.flatnonzero(process != UNKNOWN)[::-1]
    found = np.full(len(frames.processes), UNKNOWN, np.int64)
    found[process[rows]] = rows
    return found
