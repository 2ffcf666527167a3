"""Where the time of all processes went: inside calls, outside, waiting, stopped, or not known.

The rows are a partition of what the main threads lived, and of the calls of other threads:
their times add up to `own_ns`, `waited_ns`, `stopped_ns` and `unrecorded_ns` of the summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import known_values
from aklo_analysis.offcpu import of_processes
from aklo_analysis.tables.activities import ActivityRow

WORK = "work"
WAIT = "wait"
STOPPED = "stopped"
UNKNOWN = "unknown"

OUTSIDE = {
    "computing": "computing",
    "fault": "blocked by page faults",
    "off_cpu": "CPU waits and faults",
    "outside": "computing or waiting for CPU",
    "unrecorded_cpu": "computing in calls not recorded",
}
"""What the time outside calls can be: key and title. `off_cpu` is of processes of which it is not
known how long they had no CPU, and `outside` of those whose CPU time is not known; where only some
calls were recorded, `unrecorded_cpu` stands for these and `fault`."""

APART = {
    "cpu_wait": ("waiting for a CPU", WAIT),
    "stopped": ("stopped (job control)", STOPPED),
    "unrecorded": ("unknown: in calls not recorded", UNKNOWN),
}
"""Of time in which a process did not compute, its key in `LifeMeasure`, title and part."""


@dataclass(frozen=True, slots=True)
class TimeRow:
    """`part` is `WORK`, `WAIT` (for somebody else), `STOPPED` or `UNKNOWN`. `calls` is None for
    time outside calls."""

    key: str
    title: str
    part: str
    time_ns: int
    calls: int | None = None


def times(
    frames: Frames, lives: Lives, activities: tuple[ActivityRow, ...], filtered: bool
) -> tuple[TimeRow, ...]:
    """Every kind of work and of waiting that occurs, work first, costliest first."""
    rows = [*_inside(activities), *_outside(frames, lives, filtered)]
    for key, (title, part) in APART.items():
        if time_ns := int(lives.table[f"{key}_ns"].sum()):
            rows.append(TimeRow(key, title, part, time_ns))
    parts = (WORK, WAIT, STOPPED, UNKNOWN)
    return tuple(sorted(rows, key=lambda row: (parts.index(row.part), -row.time_ns)))


def _inside(activities: tuple[ActivityRow, ...]) -> Iterator[TimeRow]:
    for row in activities:
        waits = row.activity.waits
        title = f"waiting {row.activity.title}" if waits else row.activity.title
        part = WAIT if waits else WORK
        yield TimeRow(row.activity.key, title, part, row.time_ns, row.measure.calls)


def _outside(frames: Frames, lives: Lives, filtered: bool) -> Iterator[TimeRow]:
    for key, time_ns in zip(OUTSIDE, outside_parts(frames, lives, filtered), strict=True):
        if time_ns:
            yield TimeRow(key, OUTSIDE[key], WORK, time_ns)


def outside_parts(frames: Frames, lives: Lives, filtered: bool) -> tuple[int, ...]:
    """The time outside calls as the keys of `OUTSIDE` divide it. CPU time of a process that
    is more than its main thread had outside calls is that of other threads."""
    processes, table = frames.processes, lives.table
    sums = of_processes(table["process"].to_numpy(), table["outside_ns"].to_numpy(), len(processes))
    outside_ns = sums[: len(processes)]
    cpu_known = processes["utime_ns"].notna().to_numpy()
    delay_known = processes["run_delay_ns"].notna().to_numpy()
    computing_ns = np.minimum(known_values(processes["utime_ns"]), outside_ns)
    left_ns = outside_ns - computing_ns
    whole = np.full(len(left_ns), not filtered)
    kinds = cpu_known & delay_known, cpu_known & ~delay_known, ~cpu_known
    return (
        int(computing_ns.sum()),
        *(int(left_ns[whole & kind].sum()) for kind in kinds),
        int(left_ns[~whole].sum()),
    )
