"""What a purge has removed: a line of JSON each, so that trends outlast the traces.

The file is beside the traces of a store. Lines are only added, but when it has grown beyond
`MOST_BYTES` the older half goes. Only who holds the lock of the purge writes.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from aklo_trace.plain_file import open_plain, write_whole
from aklo_trace.restoring import restored
from aklo_trace.summary import TraceSummary

FILE: Final = "removed-traces.jsonl"
VERSION: Final = 1
MOST_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Removed:
    """A trace of that name that is no more; `summary` lacks its single calls and operations."""

    name: str
    removed_at_ns: int
    why: str
    summary: TraceSummary
    version: int = VERSION

    @classmethod
    def of(cls, name: str, now_ns: int, why: str, summary: TraceSummary) -> Removed:
        return cls(name, now_ns, why, replace(summary, slowest=(), operations=()))

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others, of the same name too."""
        return self.name, self.summary.started_at_ns


def read(store: Path) -> list[Removed]:
    """What was removed, the oldest removal first. A line that cannot be read, as one of which the
    writing was interrupted, is passed over. Raises OSError."""
    try:
        with os.fdopen(open_plain(store / FILE), "rb") as file:
            lines = file.read(2 * MOST_BYTES).split(b"\n")
    except FileNotFoundError:
        return []
    return [found for line in lines if line and (found := _read(line))]


def add(store: Path, found: Sequence[Removed]) -> None:
    """Raises OSError; where there is no room for all nothing was added."""
    path = store / FILE
    raw = b"".join(_line(one) for one in found)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            raw = b"\n" + raw  # the last writing was interrupted
        if file.write(raw) < len(raw):
            file.truncate(size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    if size + len(raw) > MOST_BYTES:
        with suppress(OSError):  # then it is done the next time
            _halve(store)


def _halve(store: Path) -> None:
    lines = [_line(one) for one in read(store)]
    left, kept = MOST_BYTES // 2, 0
    for line in reversed(lines):
        left -= len(line)
        if left < 0:
            break
        kept += 1
    write_whole(store / FILE, b"".join(lines[len(lines) - kept :]))


def _line(one: Removed) -> bytes:
    return json.dumps(asdict(one), separators=(",", ":")).encode() + b"\n"


def _read(line: bytes) -> Removed | None:
    try:
        found = json.loads(line.decode("utf-8"))
        if not isinstance(found, dict) or found.get("version") != VERSION:
            return None
        return restored(Removed, found)
    except (ValueError, RecursionError):
        return None
