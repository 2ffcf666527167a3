"""The traces of a store, each with its totals and its state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import location, meta, summary
from aklo_trace.errors import NotATrace, TraceError
from aklo_trace.store import LIVE, is_recorded
from aklo_trace.summary import Totals, TraceSummary

PINNED: Final = "pinned"
"""The name of a file in a trace that is to stay."""
FINISHED, RECORDING, INTERRUPTED, DAMAGED = "finished", "recording", "interrupted", "damaged"
"""States of a trace. An interrupted one is finished by the next who reads it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """`closed_at_ns`: when it was written last, its meta.json that is: of an imported trace not the
    time of its command. `totals` is None if the trace is damaged; `problem` says how."""

    directory: Path
    state: str
    is_pinned: bool
    closed_at_ns: int
    totals: Totals | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.directory.name

    def size_bytes(self) -> int:
        """What it takes on disk."""
        if self.state == FINISHED and self.totals and self.totals.size_bytes is not None:
            return self.totals.size_bytes
        return summary.disk_bytes(self.directory)

    def summary(self) -> TraceSummary | None:
        """All there is; None if the trace is damaged, or is no more."""
        try:
            return summary.read(self.directory)
        except TraceError:
            return None


def stored(store: Path) -> Iterator[Stored]:
    """Those of a store, newest first; one that is removed meanwhile is left out."""
    for directory in location.traces(store):
        if found := at(directory):
            yield found


def at(directory: Path) -> Stored | None:
    """None if there is no trace."""
    try:
        names = set(os.listdir(directory))  # noqa: PTH208 - quicker than to look for each
        closed_at_ns = os.stat(directory / meta.FILE).st_mtime_ns  # noqa: PTH116 - the same
        state = _state(directory) if LIVE in names else FINISHED
        known = directory, state, PINNED in names, closed_at_ns
        return Stored(*known, summary.totals(directory))
    except (OSError, NotATrace):
        return None
    except TraceError as error:
        return Stored(directory, DAMAGED, PINNED in names, closed_at_ns, None, str(error))


def pin(directory: Path) -> None:
    """Keep a trace, whatever the limits are. Raises NotATrace, CorruptTrace, NewerTrace or
    OSError."""
    meta.read(directory)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(directory / PINNED, flags, 0o600))


def unpin(directory: Path) -> None:
    """Raises as `pin`."""
    meta.read(directory)
    (directory / PINNED).unlink(missing_ok=True)


def _state(directory: Path) -> str:
    return RECORDING if is_recorded(directory) else INTERRUPTED


def free_bytes(store: Path) -> int | None:
    """What this user can still write on the disk of a store; None if that is not there."""
    try:
        found = os.statvfs(store)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
