"""Time outside calls in which a process did not compute: stopped, waiting for a CPU, or in calls
that were not recorded.

How long that was is known of each process, but not in which of its lives: it is divided among
them. Arrays are by life, in no order; `process` is a row of `frames.processes`, or `UNKNOWN` for
a life that has no time outside calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.frames import Frames
from aklo_analysis.nullable import known_values

Int64 = npt.NDArray[np.int64]


def stopped(frames: Frames, process: Int64, outside_ns: Int64) -> Int64:
    """How long each life was stopped by a signal. A stop begins and ends outside calls, so the
    life with the most time there is taken first."""
    of_process_ns = _by_row(frames.processes["stopped_ns"])[process]
    order = np.lexsort((-outside_ns, process))
    before_ns = np.empty_like(outside_ns)
    before_ns[order] = _sum_before(process[order], outside_ns[order])
    found: Int64 = np.clip(of_process_ns - before_ns, 0, outside_ns)
    return found


def cpu_wait(frames: Frames, process: Int64, outside_ns: Int64) -> Int64:
    """How long each life was ready, at most, while no CPU took it: `outside_ns` is without
    stops. What a process waited for a CPU within calls cannot be told apart; so it is no more
    than is left of its time outside calls when its CPU time there is taken off, in equal
    shares of the lives' own."""
    processes = frames.processes
    whole_ns = of_processes(process, outside_ns, len(processes))
    user_ns = _by_row(processes["utime_ns"])
    idle_ns = np.where(_known(processes["utime_ns"]), np.maximum(whole_ns - user_ns, 0), 0)
    return _divided(process, outside_ns, np.minimum(_by_row(processes["run_delay_ns"]), idle_ns))


def unrecorded(frames: Frames, process: Int64, outside_ns: Int64, work_ns: Int64) -> Int64:
    """How long each life was in calls that were not recorded, without computing there, in a trace
    that has only some: `outside_ns` is without stops and waits for a CPU. It is all that the
    process has no CPU time for, as far as that is known: outside calls, and in calls beyond
    `work_ns`, the time in recorded ones that work."""
    processes = frames.processes
    whole_ns = of_processes(process, outside_ns, len(processes))
    in_calls_ns = _by_row(processes["stime_ns"]) - of_processes(process, work_ns, len(processes))
    cpu_ns = _by_row(processes["utime_ns"]) + np.maximum(in_calls_ns, 0)
    return _divided(process, outside_ns, np.maximum(whole_ns - cpu_ns, 0))


def of_processes(process: Int64, outside_ns: Int64, count: int) -> Int64:
    """Sums by row of `frames.processes`, of which there are `count`, and 0 as the last: a
    place of -1 is unknown."""
    sums = np.zeros(count + 1, np.int64)
    np.add.at(sums, process, outside_ns)
    return sums


def _divided(process: Int64, outside_ns: Int64, part_ns: Int64) -> Int64:
    """A part of the time of each process, given by row of `frames.processes`, in equal shares of
    its lives' own."""
    whole_ns = of_processes(process, outside_ns, len(part_ns) - 1)
    order = np.argsort(process, kind="stable")
    ordered, ordered_ns = process[order], outside_ns[order]
    begin_ns = _sum_before(ordered, ordered_ns)
    ends = (begin_ns, begin_ns + ordered_ns)
    low, high = (_scaled(end, part_ns[ordered], whole_ns[ordered]) for end in ends)
    share_ns = np.empty_like(outside_ns)
    share_ns[order] = high - low
    return share_ns


def _sum_before(process: Int64, outside_ns: Int64) -> Int64:
    """For each life, in order of processes, the sum over those of its process before it."""
    before_ns = np.cumsum(outside_ns) - outside_ns
    first = np.searchsorted(process, process)
    found: Int64 = before_ns - before_ns[first]
    return found


def _scaled(part: Int64, numerator: Int64, denominator: Int64) -> Int64:
    """`part * numerator / denominator`, rounded down, where the product may be beyond 64 bits."""
    product = part.astype(object) * numerator.astype(object)
    scaled: Int64 = (product // np.maximum(denominator, 1)).astype(np.int64)
    return scaled


def _by_row(column: pd.Series[Any]) -> Int64:
    """What is known of each process, and 0 as the last, for unknown ones."""
    return np.append(known_values(column), 0)


def _known(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    return np.append(column.notna().to_numpy(), False)
