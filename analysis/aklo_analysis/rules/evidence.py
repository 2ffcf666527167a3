"""What rules show: the files that calls were about, and how often."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.rules.case import Case
from aklo_analysis.units import count

Int64 = npt.NDArray[np.int64]

MOST: Final = 3
"""Lines of one kind."""
NAMELESS: Final = {"pipe": "a pipe", "fifo": "a fifo", "socket": "a socket"}
"""By kind, what has no path."""
UNNAMED: Final = "a file without a name"


def file_names(case: Case) -> npt.NDArray[np.object_]:
    """What to call each row of `frames.files`, and two more for those of no row."""
    kind, path = case.frames.files["kind"].astype("object"), case.frames.files["path"]
    names = path.astype("object").where(path.notna(), kind.map(NAMELESS)).fillna(UNNAMED)
    return np.array([*names, UNNAMED, UNNAMED], dtype=object)


def most_used(case: Case, calls: Int64) -> tuple[str, ...]:
    """The files that these calls were most often about."""
    used = pd.Series(file_names(case)[case.calls["file"].to_numpy()[calls]]).value_counts()
    lines = [f"{count(number)} times {name}" for name, number in used[:MOST].items()]
    more = len(used) - MOST
    return (*lines, *([f"and {count(more)} more"] if more > 0 else []))
