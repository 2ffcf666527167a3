"""How it stands with an alert, from one trace of a command to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from aklo_trace.config.keys import SEVERITIES

OK, PENDING, RAISED, REPEATED, CONTINUED, HELD, CLEARED, SETTLED, UNKNOWN = STATES = (
    *("ok", "pending", "raised", "repeated", "continued"),
    *("held", "cleared", "settled", "unknown"),
)
"""`pending`: beyond the limit, but not yet often or long enough. `raised`: an alert from now on.
`repeated`: one still. `continued`: the same, but too soon to say it again. `held`: within the limit
again, but not for long enough. `cleared`: no alert any more. `settled`: it was pending, and never
became one. `unknown`: the trace does not tell."""
ACTIVE: Final = (RAISED, REPEATED, CONTINUED, HELD)
KEPT: Final = (PENDING, *ACTIVE)
"""Those that the next trace goes on from."""
LONGEST: Final = 200
"""Characters of a command."""


@dataclass(frozen=True, slots=True)
class Standing:
    """After a trace. `since_ns` is the end of the first trace, of `runs` one after the other, that
    was beyond the limit; `beyond_ns` that of the last one; `said_ns` when it was last said, which
    outlasts the alert. All are times since the epoch, and None if there was no such trace."""

    state: str = OK
    runs: int = 0
    since_ns: int | None = None
    beyond_ns: int | None = None
    said_ns: int | None = None


def badness(severity: str) -> int:
    """Grows with it; what is none of `SEVERITIES` is the least bad."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def command_of(argv: Sequence[str]) -> str:
    """What alerts of different traces are told apart by, and conditions name: the program without
    its directory, and its arguments. Of a long one the end is a number that stands for it."""
    program = argv[0].rstrip("/").rpartition("/")[2] if argv else ""
    text = " ".join([program, *argv[1:]])
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 9]} {crc32(text.encode('utf-8', 'surrogateescape')):08x}"
