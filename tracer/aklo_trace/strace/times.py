"""Times of the lines of a log, from what strace printed to nanoseconds.

Workers see pieces: their times count from the piece's own beginning where only the whole log
can tell the rest, and `Timebase` says for each piece what to add.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from aklo_trace.events import NULL, Int64
from aklo_trace.quantity import DAY_NS
from aklo_trace.strace.layout import Clock
from aklo_trace.strace.ranges import LAST_NS

LINE_NS: Final = 1_000_000_000
"""Lines without any time are put this far apart, the first so far from the epoch, where nobody
takes it for the time when they were written. It is more than an exec, a fork or a chdir takes,
so that the next line comes after its end."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Of a piece's times: the first and last as printed, `NULL` without any, and the span of
    its lines: in days for times of day, in ns where times only count from line to line."""

    first_ns: int
    last_ns: int
    span: int


def piece_times(printed: Int64, clock: Clock) -> tuple[Int64, Extent]:
    """Times of a piece's lines; `printed` is as in `Leaders`, `NULL` on lines without."""
    if clock is Clock.ORDER:
        count = len(printed)
        return np.arange(count, dtype=np.int64) * LINE_NS, Extent(0, 0, count * LINE_NS)
    if clock is Clock.DELTA:
        steps = np.where(printed == NULL, 0, printed)
        times = np.where(np.cumsum(steps.astype(float)) > LAST_NS, LAST_NS, np.cumsum(steps))
        return times, Extent(0, 0, int(times[-1]) if len(times) else 0)
    known = printed[printed != NULL]
    if not len(known):
        return np.zeros_like(printed), Extent(NULL, NULL, 0)
    filled, first_ns, last_ns = fill_gaps(printed), int(known[0]), int(known[-1])
    if clock is Clock.EPOCH:
        return filled, Extent(first_ns, last_ns, 0)
    days = np.cumsum(np.diff(filled, prepend=filled[:1]) < -DAY_NS // 2)
    return filled + days * DAY_NS, Extent(first_ns, last_ns, int(days[-1]))


def fill_gaps(printed: Int64) -> Int64:
    """Lines without a time get that of the line before, or after where none is before. At
    least one must have a time."""
    known = np.flatnonzero(printed != NULL)
    if len(known) == len(printed):
        return printed
    place = np.searchsorted(known, np.arange(len(printed)), side="right") - 1
    return printed[known[np.maximum(place, 0)]]


class Timebase:
    """What to add to the times of each piece of a log, in order.

    `start` is when the log begins, where its times don't say: for a time of day, the midnight
    before its first line.
    """

    def __init__(self, clock: Clock, start_ns: int) -> None:
        self._clock = clock
        self._base_ns = start_ns
        self._last_ns = NULL

    def shift(self, extent: Extent) -> int:
        if self._clock is Clock.EPOCH:
            return 0
        if self._clock is Clock.DAY:
            return min(self._day_shift(extent), LAST_NS)
        shift = self._base_ns
        self._base_ns += extent.span
        return min(shift, LAST_NS)

    def _day_shift(self, extent: Extent) -> int:
        if extent.first_ns == NULL:
            return self._base_ns
        if self._last_ns != NULL and extent.first_ns - self._last_ns < -DAY_NS // 2:
            self._base_ns += DAY_NS
        shift = self._base_ns
        self._base_ns += extent.span * DAY_NS
        self._last_ns = extent.last_ns
        return shift


def midnight_ns(day: date) -> int:
    """The beginning of a day, local time."""
    return int(datetime(day.year, day.month, day.day).timestamp()) * 1_000_000_000


def first_midnight_ns(start_date: date | None, ended: datetime, first_ns: int) -> int:
    """The midnight before the first line of a log whose times are times of day.

    The log's last line was written when the file was last changed, at `ended`; its first line
    was written on that day or, if it is later in its day, on the day before.
    """
    if start_date:
        return midnight_ns(start_date)
    midnight = midnight_ns(ended.date())
    if midnight + first_ns > ended.timestamp() * 1e9:
        midnight = midnight_ns(ended.date() - timedelta(days=1))
    return midnight
