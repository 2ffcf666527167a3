"""What stands before each call of a log: pid and time, in one of many forms.

The form follows from strace's options and is the same for a whole log, so it is found once,
from the beginning of the log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from aklo_trace.strace.ranges import LAST_NS, LAST_PID

FIRST_EPOCH_SECOND: Final = 1_000_000_000
"""A lone whole number is a time from this on; pids are below 4,194,304."""


class PidStyle(StrEnum):
    NONE = "none"
    COLUMN = "column"
    """``-f -o FILE``: in front of every line."""
    BRACKET = "bracket"
    """``-f`` to a terminal: ``[pid 12345]``, only while more than one process runs."""


class Clock(StrEnum):
    """What the times of a log are."""

    EPOCH = "epoch"
    """``-ttt``: seconds since the epoch."""
    DAY = "day"
    """``-t`` and ``-tt``: time of day, local where strace ran."""
    DELTA = "delta"
    """``-r``: since the line before."""
    ORDER = "order"
    """None: only the order of the lines is known."""


@dataclass(frozen=True, slots=True)
class Leader:
    """What stands before one call. `ns` is since the epoch, midnight or the line before, None
    without times; `end` is where the rest of the line begins."""

    tid: int | None
    ns: int | None
    end: int


@dataclass(frozen=True)
class Layout:
    """The form of a log's lines. `fraction_digits` are those of its times; `bracketed` says
    that ``[…]`` columns follow or surround the time (`-i`, `-n`, `--secontext`)."""

    pid_style: PidStyle = PidStyle.NONE
    clock: Clock = Clock.ORDER
    fraction_digits: int = 0
    bracketed: bool = False

    @property
    def is_fine(self) -> bool:
        """Whether the times of a call's two halves tell how long it took."""
        return self.clock is not Clock.ORDER and self.fraction_digits > 0

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(
            _PID_PATTERNS[self.pid_style] + _BRACKETED + _TIME_PATTERNS[self.clock] + _BRACKETED
        )

    def read(self, line: bytes) -> Leader | None:
        """What stands before the call in `line`; None if it does not begin as others do."""
        found = self._pattern.match(line)
        if not found:
            return None
        groups = found.groupdict()
        pid, ns = groups.get("pid"), _nanoseconds(groups)
        tid = None if pid is None else int(pid)
        if (tid or 0) > LAST_PID or (ns or 0) > LAST_NS:
            return None
        return Leader(tid, ns, found.end())


_BRACKETED: Final = rb"(?:\[[^\]]*\] )*"
_PID_PATTERNS: Final = {
    PidStyle.NONE: rb"",
    PidStyle.COLUMN: rb"(?P<pid>\d{1,9})(?:<[^<>]*>)? +",
    PidStyle.BRACKET: rb"(?:\[pid +(?P<pid>\d{1,9})(?:<[^<>]*>)?\] )?",
}
_TIME_PATTERNS: Final = {
    Clock.EPOCH: rb"(?P<seconds>\d{1,10})(?:\.(?P<fraction>\d{1,9}))? (?:\(\+[ \d.]*\) )?",
    Clock.DAY: (
        rb"(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d|60)"
        rb"(?:\.(?P<fraction>\d{1,9}))? "
        rb"(?:\(\+[ \d.]*\) )?"
    ),
    Clock.DELTA: rb" *(?P<seconds>\d{1,10})(?:\.(?P<fraction>\d{1,9}))? ",
    Clock.ORDER: rb"",
}


def _nanoseconds(groups: dict[str, bytes | None]) -> int | None:
    seconds = groups.get("seconds")
    if seconds is None:
        return None
    minutes = int(groups.get("hours") or 0) * 60 + int(groups.get("minutes") or 0)
    fraction = (groups.get("fraction") or b"").ljust(9, b"0")
    return (minutes * 60 + int(seconds)) * 1_000_000_000 + int(fraction)


_SAMPLE: Final = re.compile(
    rb"""
    (?: (?P<bracket>\[pid\ +\d+[^\]]*\]\ ) | (?P<number>\d{1,19})(?:<[^<>]*>)?\ + )?
    (?P<context>(?:\[[^\]]*\]\ )*)
    (?: (?P<day>\d\d:\d\d:\d\d)(?:\.(?P<day_fraction>\d+))?\ (?:\(\+[^)]*\)\ )?
      | (?P<epoch>\d{9,10})(?:\.(?P<epoch_fraction>\d+))?\ (?:\(\+[^)]*\)\ )?
      | \ *(?P<delta>\d+)(?:\.(?P<delta_fraction>\d+))?\ )?
    (?P<columns>(?:\[[^\]]*\]\ )*)
    (?: [a-z_]\w*\( | <\.\.\.\ | \+\+\+\ | ---\ )
    """,
    re.VERBOSE,
)


def detect(lines: Iterable[bytes]) -> Layout:
    """The layout that most of `lines`, the beginning of a log, agree on."""
    votes = Counter(layout for line in lines if (layout := _layout_of(line)))
    if not votes:
        return Layout()
    most = votes.most_common(1)[0][0]
    if any(layout.pid_style is PidStyle.BRACKET for layout in votes):
        return Layout(PidStyle.BRACKET, most.clock, most.fraction_digits, most.bracketed)
    return most


def _layout_of(line: bytes) -> Layout | None:
    found = _SAMPLE.match(line)
    if not found:
        return None
    clock, fraction = Clock.ORDER, b""
    for name in (Clock.DAY, Clock.EPOCH, Clock.DELTA):
        if found[name.value]:
            clock, fraction = name, found[name.value + "_fraction"] or b""
    pid_style = PidStyle.BRACKET if found["bracket"] else PidStyle.NONE
    if found["number"]:
        pid_style = PidStyle.COLUMN
        if int(found["number"]) >= FIRST_EPOCH_SECOND and clock is Clock.ORDER:
            pid_style, clock = PidStyle.NONE, Clock.EPOCH
    bracketed = bool(found["context"] or found["columns"])
    return Layout(pid_style, clock, len(fraction), bracketed)
