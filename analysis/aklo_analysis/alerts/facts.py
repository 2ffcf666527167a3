"""What of a trace can be limited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import BY_KEY
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import optional
from aklo_analysis.rules.finding import Finding
from aklo_analysis.tables.caches import CacheRow
from aklo_analysis.tables.summary import Summary
from aklo_trace.meta import MEASURED, Meta


@dataclass(frozen=True)
class Facts:
    """`calls` as `calls.derive` gives them."""

    meta: Meta
    frames: Frames
    calls: pd.DataFrame
    summary: Summary
    findings: tuple[Finding, ...]
    caches: tuple[CacheRow, ...]

    @property
    def is_timed(self) -> bool:
        """Whether it is known how long calls took."""
        return self.meta.timing == MEASURED

    def path(self, call: int) -> str | None:
        """Of the file that a call worked on, by its row."""
        file = int(self.calls["file"].iloc[call])
        return optional(self.frames.files["path"].iloc[file]) if file > UNKNOWN else None


@dataclass(frozen=True, slots=True)
class Subject:
    """What an amount is of: a class of operations, a system call or the code of a finding, and
    what it was done to, if that is known. `title` is what people call the operation."""

    operation: str | None = None
    target: str | None = None
    title: str | None = None

    @classmethod
    def named(cls, of: str | None) -> Subject:
        """A class of operations, or a system call; all of them."""
        return cls(of, title=BY_KEY[of].title if of in BY_KEY else of)


@dataclass(frozen=True)
class Readings:
    """Amounts of one metric, and by its place what each is of."""

    amounts: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    subject: Callable[[int], Subject]
