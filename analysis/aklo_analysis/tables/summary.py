"""The trace in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.measure import LifeMeasure
from aklo_analysis.nullable import optional_int
from aklo_analysis.tables.processes import execs


@dataclass(frozen=True, slots=True)
class Summary:
    """`measure` is over all calls and processes. Times are sums over processes that may run
    at the same time: `own_ns` can exceed the wall time, and less of it means that all waited.
    CPU times and `max_rss_bytes` are None if no process's are known."""

    processes: int
    programs_started: int
    copies: int
    """processes that never called exec: subshells"""
    cpu_user_ns: int | None
    cpu_kernel_ns: int | None
    max_rss_bytes: int | None
    """of the largest process"""
    measure: LifeMeasure


def summary(frames: Frames, lives: Lives) -> Summary:
    processes, measure = frames.processes, LifeMeasure.over(lives.table)
    return Summary(
        processes=len(processes),
        programs_started=len(frames.images),
        copies=int((execs(frames) == 0).sum()),
        cpu_user_ns=optional_int(processes["utime_ns"].sum(min_count=1)),
        cpu_kernel_ns=optional_int(processes["stime_ns"].sum(min_count=1)),
        max_rss_bytes=optional_int(processes["max_rss_bytes"].max()),
        measure=measure,
    )
