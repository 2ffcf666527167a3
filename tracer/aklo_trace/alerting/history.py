"""The history of alerts: a file to which lines are added, one JSON object each.

It is beside the traces of a store, and belongs to the user whose traces they are. What it says last
of an alert and a command is how it stands with that alert. A line is written as a whole, and is on
disk before anything is done about it. A write that was interrupted leaves a line that is none: it
is passed over, and named.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aklo_trace import location
from aklo_trace.alerting.standing import STATES, Standing
from aklo_trace.errors import StoreError, reason_of, remedy_of
from aklo_trace.lock import take
from aklo_trace.plain_file import open_plain

FILE: Final = "alert-history.jsonl"
VERSION: Final = 1
MOST_BYTES: Final = 8 << 20
"""What is read of its end; that is some ten thousand lines."""
PATIENCE_S: Final = 2.0
"""How long another process may take to add its lines."""
TIMES: Final = ("since_ns", "beyond_ns", "said_ns")
NUMBERS: Final = range(-(1 << 62), 1 << 62)


@dataclass(frozen=True, slots=True)
class Event:
    """What a trace, whose end was at `at_ns`, left of the alert `name` of a command. `trace` is
    its directory."""

    at_ns: int
    name: str
    command: str
    trace: str
    standing: Standing


@dataclass(frozen=True)
class History:
    """`problems`: what of the file is no event, in words."""

    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()

    def state(self, command: str) -> dict[str, Standing]:
        """How it stands with the alerts of a command, by name."""
        return {event.name: event.standing for event in self.events if event.command == command}

    def before(self, trace: str, at_ns: int) -> History:
        """As it was when a trace that ended then was judged."""
        own = [place for place, event in enumerate(self.events) if event.trace == trace]
        if own:
            return History(self.events[: own[0]])
        return History(tuple(event for event in self.events if event.at_ns < at_ns))


def of_store(stores: Iterable[Path], trace: Path) -> Path:
    """The file for a trace: that of its own store, else that of the first."""
    found = list(stores)
    store = trace.absolute().parent
    return (store if store in found else found[0]) / FILE


def read(path: Path) -> History:
    """What the file says; nothing if there is none."""
    try:
        fd = open_plain(path)
        with os.fdopen(fd, "rb") as file:
            return _read(path, file.fileno())
    except (FileNotFoundError, NotADirectoryError):
        return History()
    except OSError as error:
        return History((), (f"The history of alerts {path} cannot be read: {reason_of(error)}.",))


class Log:
    """A history that nobody else adds to meanwhile."""

    def __init__(self, path: Path, fd: int) -> None:
        self.history = _read(path, fd)
        self._path = path
        self._fd = fd

    def add(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Write them, all or none. Raises StoreError."""
        raw = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        if not raw:
            return
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            raw = b"\n" + raw
        try:
            if os.write(self._fd, raw) < len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, size)
            raise _unwritable(self._path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[Log]:
    """Raises StoreError."""
    try:
        location.make(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _check(path, fd)
        _take(path, fd)
        yield Log(path, fd)
    finally:
        os.close(fd)


def _take(path: Path, fd: int) -> None:
    try:
        take(fd, PATIENCE_S)
    except BlockingIOError as error:
        raise StoreError(
            f"The history of alerts {path} is held by another process; the alerts of this trace "
            "are not in it."
        ) from error


def _check(path: Path, fd: int) -> None:
    """Raises StoreError for what is no file of our own; others are not to read it."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise StoreError(
            f"The history of alerts {path} is no file of yours: nothing is written to it. Remove "
            "it, or name another place for traces."
        )
    os.fchmod(fd, 0o600)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The history of alerts {path} cannot be written: {reason_of(error)}; {remedy_of(error)}."
    )


def _read(path: Path, fd: int) -> History:
    size = os.fstat(fd).st_size
    start = max(size - MOST_BYTES, 0)
    lines = os.pread(fd, size - start, start).split(b"\n")[1 if start else 0 :]
    events: list[Event] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        event = _event(line)
        if event is not None:
            events.append(event)
        elif line and number == len(lines):
            problems.append(f"The last write to the history of alerts {path} was interrupted.")
        elif line:
            where = f"line {number}" if not start else f"line {number} of its end"
            problems.append(f"The history of alerts {path} has no event in {where}: passed over.")
    return History(tuple(events), tuple(problems))


def _event(line: bytes) -> Event | None:
    """None if it is none."""
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return None
    texts = [found.get(name) for name in ("name", "command", "trace", "state")]
    numbers = [found.get("at_ns"), found.get("runs")]
    times = [found.get(name) for name in TIMES]
    if not all(isinstance(text, str) for text in texts) or texts[3] not in STATES:
        return None
    if not all(map(_is_number, numbers)) or not all(t is None or _is_number(t) for t in times):
        return None
    name, command, trace, state = map(str, texts)
    return Event(found["at_ns"], name, command, trace, Standing(state, found["runs"], *times))


def _is_number(value: Any) -> bool:
    return type(value) is int and value in NUMBERS
