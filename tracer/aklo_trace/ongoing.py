"""Recordings that are under way: which traces are being recorded, and by which process.

A recorder holds a lock on a file of its trace; the kernel lists locks with their holders, so
nothing has to be written anywhere for this.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import location
from aklo_trace.ancestry import ancestors
from aklo_trace.errors import TraceError
from aklo_trace.store import LIVE, LOCK, is_recorded

LOCKS: Final = Path("/proc/locks")
"""Lines such as ``1: FLOCK  ADVISORY  WRITE 708 08:01:1066 0 EOF``; see proc(5)."""


@dataclass(frozen=True, slots=True)
class Ongoing:
    """`pid` is the process that took the lock, and stands between its command and the shell."""

    directory: Path
    pid: int


def ongoing(stores: Iterable[Path]) -> Iterator[Ongoing]:
    """The traces of these stores that are being recorded, newest first in each."""
    holders = _holders()
    for store in stores:
        for directory in location.traces(store):
            pid = holders.get(_inode(directory / LIVE / LOCK))
            if pid is not None and is_recorded(directory):  # of another disk, else, with this inode
                yield Ongoing(directory, pid)


def own(stores: Sequence[Path]) -> Path:
    """The trace that is being recorded of this very process, which a tracer has started, or the
    only one that is being recorded at all. Raises TraceError."""
    found = list(ongoing(stores))
    above = {process.pid for process in ancestors()}
    mine = [one for one in found if one.pid in above]
    if len(mine or found) != 1 and not mine:
        what = f"{len(found)} traces are" if found else "No trace is"
        raise TraceError(f"{what} being recorded here: say which one is meant, with --trace.")
    return (mine or found)[0].directory


def _holders() -> dict[int, int]:
    """By inode the process that locked a file first."""
    found: dict[int, int] = {}
    for line in LOCKS.read_text("ascii").splitlines():
        words = line.split()
        if "FLOCK" in words and "->" not in words:
            place = words.index("FLOCK")
            found.setdefault(int(words[place + 4].rpartition(":")[2]), int(words[place + 3]))
    return found


def _inode(path: Path) -> int:
    """-1 if it is not there."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - as location has it
    except OSError:
        return -1
