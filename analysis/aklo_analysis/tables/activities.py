"""Where the time went, by what processes were doing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aklo_analysis.activity import BY_KEY, Activity
from aklo_analysis.calls import categories, durations
from aklo_analysis.distribution import Distribution, distributions
from aklo_analysis.lives import Lives
from aklo_analysis.measure import Measure, measured


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


def activities(calls: pd.DataFrame, lives: Lives) -> tuple[ActivityRow, ...]:
    """One row for each activity that occurs, costliest first."""
    sums = measured(calls, "activity")
    unfinished_ns = lives.unfinished.groupby("activity", observed=True)["ns"].sum()
    keys, code = categories(calls["activity"])
    timed, dur_ns = durations(calls)
    spread = dict(zip(keys, distributions(code[timed], dur_ns, len(keys)), strict=True))
    rows = [
        ActivityRow(
            BY_KEY[str(key)],
            Measure.of(group),
            spread[str(key)],
            int(unfinished_ns.get(key, 0)),
        )
        for key, group in sums.to_dict("index").items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.time_ns, -row.measure.calls)))
