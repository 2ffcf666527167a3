"""System calls by name, with the distribution of their durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aklo_analysis.activity import BY_KEY, Activity
from aklo_analysis.distribution import Distribution
from aklo_analysis.measure import Measure
from aklo_analysis.performed import Performed
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


def operations(done: Performed) -> Operations:
    """Every system call of the trace, those that work before those that wait."""

    def row(group: Any, measure: Measure) -> OperationRow:
        syscall, activity = done.name(group.Index)
        return OperationRow(syscall, BY_KEY[activity], measure, done.durations.of(group.Index))

    return rank(done.sums, Measure, row)
