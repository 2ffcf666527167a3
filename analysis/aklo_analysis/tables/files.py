"""Files and directories by what was done with them.

Calls that cannot be charged to a path are apart, under the names of `WITHOUT_PATH`,
`NAMELESS` (the file is known by its identity alone), `UNKNOWN_FILE` and `NO_FILE`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aklo_analysis.frames import Frames
from aklo_analysis.measure import SUMS, Measure, measured
from aklo_analysis.nullable import optional
from aklo_analysis.ranking import Ranking, rank
from aklo_analysis.tables.access import COLUMNS, Accesses

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
    access: Accesses


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """The entries of one directory, without those of the directories in it."""

    path: str
    entries: int
    measure: Measure


Files = Ranking[FileRow, Measure]
Directories = Ranking[DirectoryRow, Measure]


def named_files(frames: Frames) -> pd.DataFrame:
    """For each row of `frames.files` its `name`: the path, or that of what it is apart with;
    `kind`, and whether it `is_path`. Two rows follow, so that also the places of `calls.NO_FILE`
    and `calls.UNKNOWN` have their names, counted from the end."""
    kind, path = frames.files["kind"].astype("object"), frames.files["path"].astype("object")
    is_path = path.notna() & (~kind.isin(WITHOUT_PATH.keys()) | path.str.startswith("/", na=False))
    name = path.where(is_path, kind.map(WITHOUT_PATH).fillna(NAMELESS))
    known = pd.DataFrame({"name": name, "kind": kind, "is_path": is_path.astype(bool)})
    last = {"name": [NO_FILE, UNKNOWN_FILE], "kind": [None, None], "is_path": [False, False]}
    return pd.concat([known, pd.DataFrame(last, dtype="object").astype({"is_path": bool})])


def parent(path: str) -> str:
    """The directory that an absolute path is in."""
    return path.rpartition("/")[0] or "/"


def by_path(frames: Frames, calls: pd.DataFrame, access: pd.DataFrame) -> pd.DataFrame:
    """Measures per path, or per name of what is apart: `name`, `kind`, `is_path`; and the columns
    of `access`, which `access.by_file` gives."""
    sums = measured(calls, calls["file"].to_numpy())
    sums = sums.join(access.reindex(sums.index, fill_value=0))
    names = named_files(frames)
    for column in names:
        sums[column] = names[column].to_numpy()[sums.index]
    groups = sums.groupby(["name", "is_path"], sort=False)
    summed = dict.fromkeys(["calls", *SUMS, *COLUMNS], "sum")
    return groups.agg(summed | {"kind": "first"}).reset_index()


def files(paths: pd.DataFrame, top: int) -> Files:
    """`paths` as `by_path` gives them."""
    is_path = paths["is_path"]
    return rank(
        paths[is_path],
        Measure,
        lambda group, measure: FileRow(
            group.name, optional(group.kind), measure, Accesses.of(group._asdict())
        ),
        top=top,
        apart=_apart(paths[~is_path]),
    )


def directories(paths: pd.DataFrame, top: int) -> Directories:
    """`paths` as `by_path` gives them."""
    absolute = paths["is_path"] & paths["name"].str.startswith("/")
    directory = paths["name"][absolute].map(parent)
    groups = paths[absolute].groupby(directory.to_numpy(), sort=False)
    sums = groups[["calls", *SUMS]].sum().join(groups.size().rename("entries"))
    apart = paths[~absolute].copy()
    apart["name"] = apart["name"].mask(apart["is_path"], RELATIVE)
    return rank(
        sums,
        Measure,
        lambda group, measure: DirectoryRow(group.Index, group.entries, measure),
        top=top,
        apart=_apart(apart),
    )


def _apart(groups: pd.DataFrame) -> dict[str, Measure]:
    return {str(name): Measure.over(rows) for name, rows in groups.groupby("name", sort=True)}
