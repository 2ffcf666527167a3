"""The paths of a trace, by numbers that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.program import base_name

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LOCALE: Final = r"/locale/|/locale[-.]a|/gconv/"
"""Paths of the files by which the C library learns a language, as a regular expression."""


@dataclass(frozen=True)
class Paths:
    """Of each row of `frames.files`, and of two more for none: the number of its `path`, of the
    `folder` that it is in, among the same numbers, and of its `name` there, a place in `names`;
    `UNKNOWN` without a path."""

    path: Int64
    folder: Int64
    name: Int64
    names: list[str]
    texts: pd.Index

    def number(self, path: str) -> int:
        """That of a path or folder, or `UNKNOWN`."""
        return int(self.texts.get_indexer(pd.Index([path]))[0])

    def match(self, pattern: str) -> Bools:
        """Of each row, and of none, whether its path has a match for a regular expression."""
        found = np.asarray(self.texts.str.contains(pattern), dtype=bool)
        return np.append(found, False)[self.path]


def paths_of(files: pd.DataFrame) -> Paths:
    """`files` as in `Frames`."""
    path = files["path"].astype("object").fillna("").to_numpy()
    folder = np.array([one.rpartition("/")[0] or "/" for one in path], dtype=object)
    codes, texts = pd.factorize(np.concatenate([path, folder]))
    name, names = pd.factorize(np.array([base_name(one) for one in path], dtype=object))

    def numbers(column: Int64) -> Int64:
        return np.append(np.where(path == "", UNKNOWN, column), [UNKNOWN, UNKNOWN])

    return Paths(
        numbers(codes[: len(path)]),
        numbers(codes[len(path) :]),
        numbers(name),
        [str(one) for one in names],
        pd.Index(texts, dtype="object"),
    )
