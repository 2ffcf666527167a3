"""What stacks are weighed by, as far as a trace knows it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_analysis.flame import WEIGHTS, Flame
from aklo_trace.errors import TraceError


def weighed(flame: Flame, weight: str) -> npt.NDArray[np.int64]:
    """What each node has itself. Raises TraceError."""
    if weight not in flame.own:
        known = ", ".join(flame.own)
        raise TraceError(
            f"This trace does not know the {WEIGHTS[weight]}: what it was recorded with does not "
            f"say that. Stacks can be weighed by {known}."
        )
    return flame.own[weight]
