"""The files of ``strace -ff -o LOG``: one for each thread, merged by time.

Every file is in order of time by itself. The whole is cut into windows of time that hold about
one piece of text each; a window is a slice of every file that has lines in it, and the worker
merges those. So no more is in memory than the windows being read, however many files there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

from aklo_trace.quantity import DAY_NS
from aklo_trace.strace.layout import Clock, Layout, PidStyle
from aklo_trace.strace.slices import Day, Slice, Task
from aklo_trace.strace.sources import HEAD_BYTES, Head, LogSource, reading
from aklo_trace.strace.times import midnight_ns

WINDOW_BYTES: Final = 2 << 20
STEP_BYTES: Final = 1 << 18
_TAIL_BYTES: Final = 1 << 16
_HEADS: Final = 8
"""How many of the files are looked at for the layout."""


@dataclass
class Member:
    """One file. `times` are those of the first lines from every `STEP_BYTES` on; what is
    before `position` has been given out."""

    source: int
    path: Path
    tid: int
    size: int
    day: Day | None
    times: list[int]
    position: int = 0

    def slice_until(self, bound_ns: int | None, layout: Layout) -> Slice | None:
        """The lines from the last slice's end to before a time, None meaning the end."""
        end = self.size if bound_ns is None else self._place_of(bound_ns, layout)
        if end <= self.position:
            return None
        found = Slice(self.source, self.path, self.position, end, tid=self.tid, day=self.day)
        self.position = end
        return found

    def _place_of(self, bound_ns: int, layout: Layout) -> int:
        """Where the first line from `bound_ns` on begins."""
        step = bisect_left(self.times, bound_ns)
        if step == 0:
            return self.position
        first = max((step - 1) * STEP_BYTES, self.position)
        last = min(step * STEP_BYTES, self.size)
        if first >= last:
            return self.position
        with self.path.open("rb") as file:
            file.seek(first)
            text = file.read(last - first) + file.readline()
        starts = list(_line_starts(text, at_line_start=first == self.position))
        found = bisect_left(
            starts, bound_ns, key=lambda at: _time_at(text, at, layout, self.day) or 0
        )
        return first + (starts[found] if found < len(starts) else len(text))


def family_head(sources: Sequence[LogSource]) -> Head:
    """The layout of the files, and the working directory of the first."""
    heads = []
    for source in sources[:_HEADS]:
        with reading(source):
            stream = source.open()
            heads.append(stream.read(HEAD_BYTES))
            stream.close()
    found = Head.of(b"\n".join(heads))
    layout = replace(found.layout, pid_style=PidStyle.NONE)
    return replace(found, layout=layout, own_cwd=Head.of(heads[0]).own_cwd)


def family_tasks(
    sources: Sequence[LogSource], layout: Layout, start_date: date | None
) -> Iterator[Task]:
    """The pieces of a family, in order of time; file after file if the times don't say.
    The files must be plain ones."""
    members = []
    for number, source in enumerate(sources):
        with reading(source):
            member = _member(number, source, layout)
        if member:
            members.append(member)
    if layout.clock in (Clock.ORDER, Clock.DELTA):
        return _one_after_another(members, layout)
    if start_date and layout.clock is Clock.DAY:
        _begin_on(start_date, members)
    return _windows(members, layout)


def _member(number: int, source: LogSource, layout: Layout) -> Member | None:
    path = source.path
    if path is None or source.pid is None or not (size := path.stat().st_size):
        return None
    member = Member(number, path, source.pid, size, None, [])
    with path.open("rb") as file:
        if layout.clock is Clock.DAY:
            file.seek(max(size - _TAIL_BYTES, 0))
            member.day = _day(file.read(), layout, source.modified())
        for first in range(0, size, STEP_BYTES):
            file.seek(first)
            text = file.read(_TAIL_BYTES)
            starts = _line_starts(text, at_line_start=first == 0)
            times = (_time_at(text, at, layout, member.day) for at in starts)
            known = next((ns for ns in times if ns is not None), None)
            member.times.append(member.times[-1] if known is None and member.times else known or 0)
    return member


def _line_starts(text: bytes, at_line_start: bool) -> Iterator[int]:
    """Where lines begin in `text`, but for an empty one at its end."""
    if at_line_start and text:
        yield 0
    at = text.find(b"\n") + 1
    while 0 < at < len(text):
        yield at
        at = text.find(b"\n", at) + 1


def _time_at(text: bytes, at: int, layout: Layout, day: Day | None) -> int | None:
    """The time of the line that begins at `at`, or of the one before that has one."""
    while at >= 0:
        end = text.find(b"\n", at)
        leader = layout.read(text[at : end if end >= 0 else len(text)])
        if leader and leader.ns is not None:
            return leader.ns if day is None else day.time(leader.ns)
        if at == 0:
            return None
        at = text.rfind(b"\n", 0, at - 1) + 1
    return None


def _day(tail: bytes, layout: Layout, modified: datetime) -> Day:
    """The day of a file's last line, which was written when the file was last changed."""
    last_line = tail.rfind(b"\n", 0, -1) + 1
    last_ns = _time_at(tail, last_line, layout, None) or 0
    midnight = midnight_ns(modified.date())
    if midnight + last_ns > (modified.timestamp() + 1) * 1e9:
        midnight -= DAY_NS
    return Day(midnight, last_ns)


def _begin_on(start_date: date, members: list[Member]) -> None:
    """Move all times so that the first is on a given day."""
    first_ns = min((member.times[0] for member in members if member.times[0]), default=0)
    shift = midnight_ns(start_date) - midnight_ns(datetime.fromtimestamp(first_ns / 1e9).date())
    for member in members:
        if member.day:
            member.day = Day(member.day.midnight_ns + shift, member.day.last_ns)
        member.times = [ns + shift for ns in member.times]


def _windows(members: list[Member], layout: Layout) -> Iterator[Task]:
    waiting = sorted(members, key=lambda member: member.times[0], reverse=True)
    active: list[Member] = []
    for bound in [*_bounds(members), None]:
        while waiting and (bound is None or waiting[-1].times[0] < bound):
            active.append(waiting.pop())
        slices = [part for member in active if (part := member.slice_until(bound, layout))]
        active = [member for member in active if member.position < member.size]
        if slices:
            yield Task(slices, layout, is_merged=True)


def _bounds(members: list[Member]) -> list[int]:
    """Times that part the family into windows of about `WINDOW_BYTES`."""
    steps = sorted(
        (ns, min(STEP_BYTES, member.size - step * STEP_BYTES))
        for member in members
        for step, ns in enumerate(member.times)
    )
    reached = accumulate(size for _, size in steps)
    bounds, window = [], 0
    for (ns, _), total in zip(steps, reached, strict=True):
        if total // WINDOW_BYTES > window:
            window = total // WINDOW_BYTES
            bounds.append(ns)
    return bounds


def _one_after_another(members: list[Member], layout: Layout) -> Iterator[Task]:
    """Without times: by pid, so that parents mostly come before their children."""
    slices: list[Slice] = []
    for member in sorted(members, key=lambda member: member.tid):
        for start in range(0, member.size, WINDOW_BYTES):
            end = min(start + WINDOW_BYTES, member.size)
            slices.append(Slice(member.source, member.path, start, end, tid=member.tid))
            if sum(part.end - part.start for part in slices) >= WINDOW_BYTES:
                yield Task(slices, layout)
                slices = []
    if slices:
        yield Task(slices, layout)
