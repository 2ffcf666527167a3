"""Operations that a program reports itself: lines of JSON in a file beside the tables.

While a trace is being recorded the file is in its folder `live`, and becomes the table `tracked`
with the others; what is added later stays in a file of the trace itself, and is read with the
table. A line is added as a whole, by as many processes at once as there are, under a lock on the
file. Nothing heavy is imported: a script may report in a loop.
"""

from __future__ import annotations

import errno
import json
import math
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from aklo_trace import schema
from aklo_trace.errors import StoreError, UsageError, reason_of, remedy_of
from aklo_trace.lock import take
from aklo_trace.plain_file import open_plain
from aklo_trace.schema import TrackedFlag
from aklo_trace.text import decode

FILE: Final = "tracked.jsonl"
LIVE: Final = "live"
MOST_BYTES: Final = 64 << 20
"""Of one trace: a loop that reports for ever fills no disk."""
LONGEST: Final = {"operation": 100, "status": 100, "target": 4096, "details": 4096}
"""Bytes of each text that are kept."""
MOST_MS: Final = 1e12
"""Some thirty years."""
SUCCEEDED: Final = frozenset({"", "0", "ok", "success", "true", "done", "hit"})
"""Values of `status`, in small letters, of an operation that did not fail."""
PATIENCE_S: Final = 20.0
"""How long the tables of a trace may take to make, for which nothing is added."""
NUMBERS: Final = range(-(1 << 62), 1 << 62)
PIDS: Final = range(1 << 31)
FLAGS: Final = range(1 << len(TrackedFlag))


@dataclass(frozen=True, slots=True)
class Tracked:
    """A row of the table `tracked`. In texts, bytes that are not UTF-8 are lone surrogates."""

    ts_ns: int
    dur_ns: int | None
    operation: str
    target: str | None = None
    status: str | None = None
    details: str | None = None
    pid: int | None = None
    flags: int = 0


NAMES: Final = tuple(field.name for field in fields(Tracked))


def made(
    operation: str,
    target: str = "",
    duration_ms: float | None = None,
    status: str = "",
    details: str = "",
    pid: int | None = None,
    at_ns: int | None = None,
) -> Tracked:
    """An operation that has just ended, or that began at `at_ns`. Raises UsageError."""
    if not operation:
        raise UsageError("An operation needs a name, such as 'parse'.")
    dur_ns = None if duration_ms is None else _nanoseconds(duration_ms)
    texts, flags = _cut(
        {"operation": operation, "target": target, "status": status, "details": details}
    )
    began_ns = time.time_ns() - (dur_ns or 0) if at_ns is None else at_ns
    return Tracked(ts_ns=began_ns, dur_ns=dur_ns, pid=pid, flags=flags, **texts)


def _nanoseconds(duration_ms: float) -> int:
    if not (math.isfinite(duration_ms) and 0 <= duration_ms <= MOST_MS):
        raise UsageError(f"{duration_ms!r} is no duration: it takes milliseconds, 0 or more.")
    return round(duration_ms * 1_000_000)


def _cut(texts: dict[str, str]) -> tuple[dict[str, Any], int]:
    """What is kept of texts, None for empty ones; and whether one was longer."""
    flags, found = 0, dict[str, Any]()
    for name, text in texts.items():
        raw = _bytes(text)
        end = min(len(raw), LONGEST[name])
        while 0 < end < len(raw) and raw[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        flags |= TrackedFlag.TRUNCATED if end < len(raw) else 0
        found[name] = raw[:end].decode("utf-8", "surrogateescape") or None
    return found, int(flags)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, which is no byte of anybody's
        return text.encode("utf-8", "backslashreplace")


def add(directory: Path, operations: Iterable[Tracked]) -> None:
    """Add operations to a trace, all or none. Raises StoreError."""
    lines = b"".join(json.dumps(asdict(one)).encode() + b"\n" for one in operations)
    try:
        with _locked(directory) as fd:
            _append(fd, lines)
    except BlockingIOError as error:
        raise StoreError(
            f"The trace {directory} is being finished by another process, which takes too long. "
            "Report the operation again later."
        ) from error
    except OSError as error:
        raise StoreError(
            f"No operation can be added to {directory}: {reason_of(error)}; {remedy_of(error)}."
        ) from error


@contextmanager
def _locked(directory: Path) -> Iterator[int]:
    """The file to which lines are added now, with its lock. Raises OSError."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        path = place(directory)
        try:
            fd = _opened(path)
        except FileNotFoundError:
            if place(directory) == path:
                raise
            continue  # the tables have just been made
        try:
            take(fd, max(deadline - time.monotonic(), 0))
            if _is_still(fd, path):  # else the tables were made meanwhile
                yield fd
                return
        finally:
            os.close(fd)


def place(directory: Path) -> Path:
    """The file of a trace to which lines are added now."""
    live = directory / LIVE
    return (live if live.is_dir() else directory) / FILE


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def _is_still(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


def _append(fd: int, lines: bytes) -> None:
    size = os.fstat(fd).st_size
    if size + len(lines) > MOST_BYTES:
        reason = f"the operations of one trace may take {MOST_BYTES >> 20} MiB"
        raise OSError(errno.EFBIG, reason)
    if size and os.pread(fd, 1, size - 1) != b"\n":  # a write was interrupted
        lines = b"\n" + lines
    if os.write(fd, lines) < len(lines):
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def closed(live: Path) -> Iterator[list[Tracked]]:
    """What was reported while a trace was recorded. Within, nobody adds anything: what comes
    meanwhile waits. Raises OSError, BlockingIOError."""
    fd = _opened(live / FILE)
    try:
        take(fd, PATIENCE_S)
        yield list(_read(fd))
    finally:
        os.close(fd)


def added(directory: Path) -> list[Tracked]:
    """What was added to a trace after its tables were made. Raises OSError."""
    try:
        fd = open_plain(directory / FILE)
    except FileNotFoundError:
        return []
    try:
        return list(_read(fd))
    finally:
        os.close(fd)


def _read(fd: int) -> Iterator[Tracked]:
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(0)
        for line in file.read(MOST_BYTES).split(b"\n"):
            if found := _row(line):
                yield found


def _row(line: bytes) -> Tracked | None:
    """None for a line that is none of ours, or was not written to its end."""
    try:
        found = json.loads(line)
        values = [found[name] for name in NAMES]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    ts_ns, dur_ns, operation, *texts, pid, flags = values
    needed = _is_within(ts_ns, NUMBERS) and _is_within(flags, FLAGS)
    if not needed or not all(
        one is None or _is_within(one, known) for one, known in ((dur_ns, NUMBERS), (pid, PIDS))
    ):
        return None
    if not isinstance(operation, str) or not all(t is None or isinstance(t, str) for t in texts):
        return None
    return Tracked(*values)


def _is_within(number: object, known: range) -> bool:
    return type(number) is int and number in known


def columns(operations: Iterable[Tracked]) -> dict[str, list[object]]:
    """Of the table `tracked`."""
    rows = [_shown(one) for one in operations]
    return {name: [row[name] for row in rows] for name in schema.TRACKED.column_names}


def _shown(one: Tracked) -> dict[str, object]:
    row, flags = dict[str, object](asdict(one)), one.flags
    for name in LONGEST:
        text = getattr(one, name)
        if text is not None:
            row[name], is_odd = decode(_bytes(text))
            flags |= TrackedFlag.NOT_UTF8 if is_odd else 0
    return row | {"flags": int(flags)}
