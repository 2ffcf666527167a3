"""How files were read and written: in sequence or at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Access:
    """Transfers that moved something, and the bytes, by whether they were in sequence (see
    `aklo_analysis.transfers`); `unplaced` ones are those of which it is not known where they
    began."""

    sequential: int = 0
    random: int = 0
    unplaced: int = 0
    sequential_bytes: int = 0
    random_bytes: int = 0
    unplaced_bytes: int = 0

    @property
    def placed(self) -> int:
        return self.sequential + self.random


@dataclass(frozen=True, slots=True)
class Accesses:
    """Of reads and of writes."""

    reads: Access
    writes: Access

    @classmethod
    def of(cls, sums: Mapping[Any, Any]) -> Self:
        """From a mapping that has the columns of `by_file`, and maybe others."""
        columns = iter(COLUMNS)
        return cls(*(Access(*(int(sums[next(columns)]) for _ in ACCESS)) for _ in fields(cls)))


ACCESS: Final = [field.name for field in fields(Access)]
COLUMNS: Final = [f"{kind.name}_{name}" for kind in fields(Accesses) for name in ACCESS]


def by_file(transfers: Transfers) -> pd.DataFrame:
    """The sums of each file, from `UNKNOWN` on, in the columns `COLUMNS`."""
    files = int(transfers.file.max(initial=UNKNOWN)) + 1 - UNKNOWN
    kinds, patterns = len(fields(Accesses)), len(ACCESS) // 2
    cell = ((transfers.file - UNKNOWN) * kinds + transfers.kind) * patterns + transfers.pattern
    shape = files, kinds, patterns
    moved = np.zeros(files * kinds * patterns, np.int64)
    np.add.at(moved, cell, transfers.bytes)
    counts = np.bincount(cell, minlength=len(moved))
    sums = np.concatenate([counts.reshape(shape), moved.reshape(shape)], axis=2)
    index = pd.RangeIndex(UNKNOWN, UNKNOWN + files)
    return pd.DataFrame(sums.reshape(files, -1), index=index, columns=COLUMNS)


def accesses(by_file: pd.DataFrame) -> Accesses:
    """Of all files."""
    return Accesses.of(by_file.sum().to_dict())
