"""Which shell a place is run by, for advice that fits its version."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

VERSION: Final = re.compile(r"bash (\d+)\.(\d+)")
Version = tuple[int, int]


def bash_version(case: Case, segments: Int64) -> Version | None:
    """The oldest bash that ran in these segments of the wall; None if none did whose version
    is known."""
    lives = np.unique(case.wall.segments["life"].to_numpy()[segments])
    images = np.unique(case.lives.table["image"].to_numpy()[lives[lives >= 0]])
    shells = case.frames.images["shell"].iloc[images[images >= 0]].dropna()
    found = [VERSION.match(name) for name in shells]
    return min(((int(one[1]), int(one[2])) for one in found if one), default=None)
