"""Failed calls by error and system call."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aklo_analysis.calls import categories
from aklo_analysis.frames import Frames
from aklo_analysis.measure import Measure, measured
from aklo_analysis.nullable import known_values, optional, optional_int
from aklo_analysis.ranking import Ranking, rank
from aklo_trace.restarts import RESTARTS

RESTART_NAMES = {number: name for name, number in RESTARTS.items()}


@dataclass(frozen=True, slots=True)
class FailureRow:
    """`path` is the file of most of these failures, of `paths` different ones; `fd` the
    descriptor of most."""

    errno: int
    name: str
    meaning: str
    syscall: str
    path: str | None
    paths: int
    fd: int | None
    measure: Measure


Failures = Ranking[FailureRow, Measure]


def failures(frames: Frames, calls: pd.DataFrame, top: int) -> Failures:
    """Calls that ended with an errno, most frequent first."""
    failed = calls[calls["failed"]].copy()
    names, codes = categories(failed["syscall"])
    numbers = known_values(frames.syscalls["errno"])[failed.index] * len(names) + codes
    failed["fd"] = frames.syscalls["fd"].iloc[failed.index].array

    def row(group: Any, measure: Measure) -> FailureRow:
        number, syscall = divmod(group.Index, len(names))
        same = numbers == group.Index
        file = failed["file"][same & (failed["file"] >= 0)].value_counts()
        path = optional(frames.files["path"].iloc[file.index[0]]) if len(file) else None
        name, meaning = error(number)
        fd = optional_int(failed["fd"][same].mode().get(0))
        return FailureRow(number, name, meaning, names[syscall], path, len(file), fd, measure)

    sums = measured(failed, numbers)
    return rank(sums, Measure, row, by=("calls", "work_ns"), top=top)


def error(number: int) -> tuple[str, str]:
    """Name and meaning of an errno."""
    if number in RESTART_NAMES:
        return RESTART_NAMES[number], "interrupted by a signal"
    return errno.errorcode.get(number, str(number)), os.strerror(number)
