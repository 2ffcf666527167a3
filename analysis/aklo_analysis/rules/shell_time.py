"""The part of the critical path that shells themselves are on, shell by shell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.rules.places import Places

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ShellTime:
    """Segments of the wall by life, and by time within each: their `rows`, and of each its `life`,
    `call` (or `UNKNOWN`), and `place` as `Places` numbers them."""

    rows: Int64
    life: Int64
    call: Int64
    place: Int64


def shell_time(segments: pd.DataFrame, places: Places) -> ShellTime:
    life = segments["life"].to_numpy(np.int64)
    rows = np.flatnonzero(np.append(places.shells, False)[life])
    rows = rows[np.argsort(life[rows].astype(np.int32), kind="stable")]
    life = life[rows]
    place = places.of_segments(segments["cause"].to_numpy(np.int64)[rows], life)
    return ShellTime(rows, life, segments["call"].to_numpy(np.int64)[rows], place)
