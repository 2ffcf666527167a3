"""Files and directories by what was done with them.

Calls that cannot be charged to a path are apart, under the names of `WITHOUT_PATH`,
`NAMELESS` (the file is known by its identity alone), `UNKNOWN_FILE` and `NO_FILE`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aklo_analysis.frames import Frames
from aklo_analysis.measure import SUMS, Measure, measured
from aklo_analysis.ranking import Ranking, rank

WITHOUT_PATH = {"pipe": "pipes", "socket": "sockets", "anonymous": "anonymous"}
"""Kinds of files that have no path."""

NAMELESS = "nameless"
UNKNOWN_FILE = "unknown"
NO_FILE = "none"
RELATIVE = "relative"
"""In directories: paths that start from an unknown directory."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """All files that had this path; `kind` is that of one of them."""

    path: str
    kind: str | None
    measure: Measure


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """The entries of one directory, without those of the directories in it."""

    path: str
    entries: int
    measure: Measure


Files = Ranking[FileRow, Measure]
Directories = Ranking[DirectoryRow, Measure]


def by_path(frames: Frames, calls: pd.DataFrame) -> pd.DataFrame:
    """Measures per path, or per name of what is apart: `name`, `kind`, `is_path`."""
    kind, path = frames.files["kind"].astype("object"), frames.files["path"].astype("object")
    is_path = path.notna() & (~kind.isin(WITHOUT_PATH.keys()) | path.str.startswith("/", na=False))
    name = path.where(is_path, kind.map(WITHOUT_PATH).fillna(NAMELESS))
    sums = measured(calls, "file")
    # rows -2 and -1 of a column, from its end, are those of NO_FILE and UNKNOWN
    for column, values, last in (
        ("name", name, [NO_FILE, UNKNOWN_FILE]),
        ("kind", kind, [None, None]),
        ("is_path", is_path, [False, False]),
    ):
        sums[column] = np.append(values.to_numpy(), np.array(last, dtype=object))[sums.index]
    groups = sums.groupby(["name", "is_path"], sort=False)
    return groups.agg(dict.fromkeys(["calls", *SUMS], "sum") | {"kind": "first"}).reset_index()


def files(paths: pd.DataFrame, top: int) -> Files:
    """`paths` as `by_path` gives them."""
    is_path = paths["is_path"].astype(bool)
    return rank(
        paths[is_path],
        Measure,
        lambda group, measure: FileRow(group.name, group.kind, measure),
        top=top,
        apart=_apart(paths[~is_path]),
    )


def directories(paths: pd.DataFrame, top: int) -> Directories:
    """`paths` as `by_path` gives them."""
    absolute = paths["is_path"].astype(bool) & paths["name"].str.startswith("/")
    parent = paths["name"][absolute].map(lambda path: path.rpartition("/")[0] or "/")
    groups = paths[absolute].groupby(parent.to_numpy(), sort=False)
    sums = groups[["calls", *SUMS]].sum().join(groups.size().rename("entries"))
    apart = paths[~absolute].copy()
    apart["name"] = apart["name"].mask(apart["is_path"].astype(bool), RELATIVE)
    return rank(
        sums,
        Measure,
        lambda group, measure: DirectoryRow(group.Index, group.entries, measure),
        top=top,
        apart=_apart(apart),
    )


def _apart(groups: pd.DataFrame) -> dict[str, Measure]:
    return {str(name): Measure.over(rows) for name, rows in groups.groupby("name", sort=True)}
