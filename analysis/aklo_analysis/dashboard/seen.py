"""What the dashboard adds up: calls with the names of what they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

DIMENSIONS: Final = ("function", "line", "program", "file", "call")
"""What calls are grouped by; each has a column in `Seen.names`."""
NOTHING: Final = ""
"""The name of what a call does not have, as a file."""
UNTIMED: Final = -1
"""A duration that is not known."""


@dataclass(frozen=True)
class Seen:
    """Some calls, in columns of length n, in about the order of their beginnings. `waits`: it is
    somebody else's time (see `aklo_analysis.activity`). `codes` has a row per dimension, of places
    in `names`. `started` and `ended` count processes."""

    ts_ns: Int64  # since the epoch
    dur_ns: Int64  # UNTIMED: unknown
    bytes: Int64
    failed: Bools
    absent: Bools  # it failed because there is no such file
    waits: Bools
    codes: Int32  # shape (len(DIMENSIONS), n)
    names: list[str]
    started: int = 0
    ended: int = 0

    def __len__(self) -> int:
        return len(self.ts_ns)


@dataclass
class Interner:
    """Texts as numbers, in the order in which they are met."""

    names: list[str] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)

    def code(self, name: str) -> int:
        found = self._codes.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found
