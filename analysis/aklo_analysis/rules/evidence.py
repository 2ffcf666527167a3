"""What rules show: the files that calls were about, and how often."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.rules.case import Case
from aklo_analysis.units import count

Int64 = npt.NDArray[np.int64]

MOST: Final = 3
"""Lines of one kind."""


def most_used(case: Case, calls: Int64) -> tuple[str, ...]:
    """The files that these calls were most often about."""
    used = [*case.file_names.most_frequent(case.calls["file"].to_numpy()[calls])]
    lines = [f"{count(number)} times {name}" for name, number in used[:MOST]]
    more = len(used) - MOST
    return (*lines, *([f"and {count(more)} more"] if more > 0 else []))
