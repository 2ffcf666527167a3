"""System calls by name, with the distribution of their durations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aklo_analysis.activity import BY_KEY, Activity
from aklo_analysis.calls import categories, durations
from aklo_analysis.distribution import Distribution, distributions
from aklo_analysis.measure import Measure, measured
from aklo_analysis.ranking import Ranking, rank


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One system call in one activity: reads of files and reads of pipes are two rows.
    `distribution` is None if no call has a duration."""

    syscall: str
    activity: Activity
    measure: Measure
    distribution: Distribution | None


Operations = Ranking[OperationRow, Measure]


def operations(calls: pd.DataFrame) -> Operations:
    """Every system call of the trace, those that work before those that wait."""
    sums = measured(calls, ["syscall", "activity"])
    groups = sums.index.to_list()
    spread = dict(zip(groups, _distributions(calls, groups), strict=True))
    return rank(
        sums,
        Measure,
        lambda group, measure: OperationRow(
            group.Index[0], BY_KEY[group.Index[1]], measure, spread[group.Index]
        ),
    )


def _distributions(calls: pd.DataFrame, groups: list[tuple[str, str]]) -> list[Distribution | None]:
    """One for each of `groups`: pairs of a system call and an activity."""
    names, syscall = categories(calls["syscall"])
    keys, activity = categories(calls["activity"])
    numbers = np.full((len(names), len(keys)), -1, dtype=np.int16)
    for number, (name, key) in enumerate(groups):
        numbers[names.index(name), keys.index(key)] = number
    timed, dur_ns = durations(calls)
    return distributions(numbers[syscall[timed], activity[timed]], dur_ns, len(groups))
