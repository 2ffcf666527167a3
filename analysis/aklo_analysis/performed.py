"""What the calls of a trace did: by system call and activity, and by activity alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import categories, durations
from aklo_analysis.distribution import Distribution, Durations
from aklo_analysis.measure import measured


@dataclass(frozen=True)
class Performed:
    """`sums`: the measures of each system call in each activity that occurs. They are numbered by
    activity, and within it by system call; the names of these numbers are in `activities` and
    `syscalls`."""

    sums: pd.DataFrame
    durations: Durations
    activities: list[str]
    syscalls: list[str]

    def name(self, number: int) -> tuple[str, str]:
        """The system call and the activity."""
        activity, syscall = divmod(number, len(self.syscalls))
        return self.syscalls[syscall], self.activities[activity]

    def by_activity(self) -> pd.DataFrame:
        """The measures of each activity that occurs, by its name."""
        of_activity = self.sums.groupby(self.sums.index // max(len(self.syscalls), 1)).sum()
        return of_activity.set_axis([self.activities[number] for number in of_activity.index])

    def distribution(self, activity: str) -> Distribution | None:
        """That of all calls of an activity."""
        count = len(self.syscalls)
        return self.durations.of(self.activities.index(activity) * count, count)


def performed(calls: pd.DataFrame) -> Performed:
    """`calls` as `derive` gives them."""
    syscalls, syscall = categories(calls["syscall"])
    activities, activity = categories(calls["activity"])
    groups = len(activities) * len(syscalls)
    number: npt.NDArray[np.integer] = activity.astype(np.int32) * len(syscalls) + syscall
    number = number.astype(np.int16) if groups < 1 << 15 else number
    timed, dur_ns = durations(calls)
    spread = Durations.by(number[timed], dur_ns, groups)
    return Performed(measured(calls, number), spread, activities, syscalls)
