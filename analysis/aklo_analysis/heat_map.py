"""How long calls took, over time: for each class of calls how many of what duration began when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aklo_analysis.activity import ACTIVITIES, Activity
from aklo_analysis.calls import durations
from aklo_analysis.distribution import powers
from aklo_analysis.over_time import COLUMNS, Columns, whole_time
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """`counts`: calls of a class, by the power of two of their duration in ns (see
    `aklo_analysis.distribution`) and the column of time they began in."""

    activity: Activity
    counts: Int64


@dataclass(frozen=True)
class HeatMap:
    """Layers of the same shape, for each class that occurs. Calls without a duration are not in
    them."""

    columns: Columns
    layers: tuple[Layer, ...]


def heat_map(case: Case, columns: int = COLUMNS) -> HeatMap:
    whole = whole_time(case, columns)
    timed, dur_ns = durations(case.calls)
    power = powers(dur_ns)
    rows = int(power.max(initial=0)) + 1
    column = whole.of(case.frames.syscalls["ts_ns"].to_numpy()[timed])
    activity = case.calls["activity"].cat.codes.to_numpy()[timed].astype(np.int64)
    cell = (activity * rows + power) * columns + column
    shape = len(ACTIVITIES), rows, columns
    counts = np.bincount(cell, minlength=len(ACTIVITIES) * rows * columns).reshape(shape)
    layers = [Layer(one, counts[code]) for code, one in enumerate(ACTIVITIES) if counts[code].any()]
    return HeatMap(whole, tuple(layers))
