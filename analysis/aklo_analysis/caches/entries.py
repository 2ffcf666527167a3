"""Which files of a trace are entries of caches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from posixpath import basename, normpath

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.cache import WILD, Cache
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import objects

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True)
class Entries:
    """`paths` and `caches`: of each entry its path, and the place of its cache. `of_files`: for
    each row of `frames.files`, and for two more that stand for no file, its entry or `NONE`;
    `companion`: whether it is the file beside that."""

    paths: tuple[str, ...]
    caches: tuple[int, ...]
    of_files: Int64
    companion: Bools


def entries(frames: Frames, caches: Sequence[Cache]) -> Entries:
    """The first cache that a file belongs to has it."""
    paths = objects(frames.files["path"]).tolist()
    numbers: dict[tuple[int, str], int] = {}
    of_files = np.full(len(paths) + 2, NONE, np.int64)
    companion = np.zeros(len(paths) + 2, dtype=bool)
    owner = cache(lambda path: _owner(path, caches))
    for row, path in enumerate(paths):
        found = owner(path) if path else None
        if found:
            place, main, companion[row] = found
            of_files[row] = numbers.setdefault((place, main), len(numbers))
    return Entries(
        tuple(path for _, path in numbers),
        tuple(place for place, _ in numbers),
        of_files,
        companion,
    )


def _owner(path: str, caches: Sequence[Cache]) -> tuple[int, str, bool] | None:
    """A pattern that matched nothing is looked up by the name that it is, which is no entry."""
    if any(character in basename(path) for character in WILD):
        return None
    whole = normpath(path) if "/." in path or "//" in path else path
    for place, one in enumerate(caches):
        if found := one.entry(whole):
            return place, *found
    return None
