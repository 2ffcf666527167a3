"""The traces of a store, each with its totals and its state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aklo_trace import location, summary
from aklo_trace.errors import NotATrace, TraceError
from aklo_trace.store import LIVE, is_recorded
from aklo_trace.summary import Totals, TraceSummary

FINISHED, RECORDING, INTERRUPTED, DAMAGED = "finished", "recording", "interrupted", "damaged"
"""States of a trace. An interrupted one is finished by the next who reads it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """`totals` is None if the trace is damaged; `problem` says how."""

    directory: Path
    state: str
    totals: Totals | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def ended_at_ns(self) -> int:
        """When its command ended, or it was written last if that cannot be read."""
        if self.totals is not None:
            return self.totals.ended_at_ns
        return self.directory.stat().st_mtime_ns

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
        state = _state(directory)
        return Stored(directory, state, summary.totals(directory))
    except (OSError, NotATrace):
        return None
    except TraceError as error:
        return Stored(directory, DAMAGED, None, str(error))


def _state(directory: Path) -> str:
    if not (directory / LIVE).exists():
        return FINISHED
    return RECORDING if is_recorded(directory) else INTERRUPTED


def free_bytes(store: Path) -> int | None:
    """What this user can still write on the disk of a store; None if that is not there."""
    try:
        found = os.statvfs(store)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
