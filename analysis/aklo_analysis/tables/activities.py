"""Where the time went, by what processes were doing."""

from __future__ import annotations

from dataclasses import dataclass

from aklo_analysis.activity import BY_KEY, Activity
from aklo_analysis.distribution import Distribution
from aklo_analysis.lives import Lives
from aklo_analysis.measure import Measure
from aklo_analysis.performed import Performed


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """`unfinished_ns`: time in calls that never returned, which `measure` has not.
    `distribution` is None if no call has a duration."""

    activity: Activity
    measure: Measure
    distribution: Distribution | None
    unfinished_ns: int

    @property
    def time_ns(self) -> int:
        return self.measure.total_ns + self.unfinished_ns


def activities(done: Performed, lives: Lives) -> tuple[ActivityRow, ...]:
    """One row for each activity that occurs, costliest first."""
    unfinished_ns = lives.unfinished.groupby("activity", observed=True)["ns"].sum()
    sums = done.by_activity()
    rows = [
        ActivityRow(
            BY_KEY[key],
            Measure.of(group),
            done.distribution(key),
            int(unfinished_ns.get(key, 0)),
        )
        for key, group in zip(sums.index.tolist(), sums.to_dict("records"), strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.time_ns, -row.measure.calls)))
