"""Session logs of aklo: ``timestamp|type|target|duration_ms|status|details``, a line for each
operation, written when it had ended.

A timestamp is in seconds since the epoch or ISO 8601, in local time if it names no zone. Text may
hold bars: those beyond the fifth belong to the details. Lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from aklo_trace import tracked
from aklo_trace.engine import Account
from aklo_trace.errors import TraceError, UsageError, reason_of
from aklo_trace.events import EventBatch
from aklo_trace.plain_file import read_plain
from aklo_trace.tracked import Tracked

FORMAT: Final = "aklo-session"
STDIN: Final = "-"
FIELDS: Final = 6
MOST_BYTES: Final = 256 << 20
HEAD_BYTES: Final = 1 << 16
LAST_S: Final = 4_260_000_000
"""In the year 2104."""
SECONDS: Final = re.compile(r"\d{1,10}(\.\d+)?")


@dataclass(frozen=True)
class SessionLog:
    """`strange`: how many lines are neither operations nor comments."""

    operations: tuple[Tracked, ...]
    strange: int

    @property
    def start_ns(self) -> int:
        return min(one.ts_ns for one in self.operations)

    def batches(self) -> Iterator[EventBatch]:
        """There is no system call in it."""
        return iter(())

    def account(self) -> Account:
        what = "1 line was" if self.strange == 1 else f"{self.strange:,} lines were"
        missing = (f"{what} not understood",) if self.strange else ()
        return Account(0, 0, {}, {}, {}, missing=missing)


def is_session_log(path: Path) -> bool:
    """Whether the first line of a file that is no comment is one of such a log. Nothing is taken
    from a pipe, which gives what it has but once."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    first = next(filter(_says_something, _texts(head)), "")
    return _operation(first) is not None


def read(logs: Sequence[str]) -> SessionLog:
    """All operations of some logs, `-` for standard input, by time. Raises TraceError if there is
    none."""
    found: list[Tracked] = []
    strange, lines = 0, 0
    for log in logs:
        try:
            texts = _texts(_content(log))
        except OSError as error:
            raise TraceError(f"{log} cannot be read: {reason_of(error)}.") from error
        for text in filter(_says_something, texts):
            lines += 1
            operation = _operation(text)
            if operation is None:
                strange += 1
            else:
                found.append(operation)
    if not found:
        raise TraceError(
            f"There is no operation in {', '.join(logs)}: {lines:,} lines, none of the "
            "form timestamp|type|target|duration_ms|status|details."
        )
    return SessionLog(tuple(sorted(found, key=lambda one: one.ts_ns)), strange)


def _content(log: str) -> bytes:
    return sys.stdin.buffer.read() if log == STDIN else read_plain(Path(log), MOST_BYTES)


def _texts(raw: bytes) -> list[str]:
    return [line.decode("utf-8", "surrogateescape").rstrip("\r") for line in raw.split(b"\n")]


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _operation(line: str) -> Tracked | None:
    """None for a line that is none."""
    parts = line.split("|", FIELDS - 1)
    if len(parts) < FIELDS - 1:
        return None
    when, operation, target, duration_ms, status, *details = parts
    at_ns = _instant_ns(when.strip())
    if at_ns is None:
        return None
    try:
        took = float(duration_ms) if duration_ms.strip() else None
        at_ns -= round((took or 0) * 1_000_000) if math.isfinite(took or 0) else 0
        return tracked.made(operation, target, took, status, "".join(details), at_ns=at_ns)
    except (ValueError, UsageError):
        return None


def _instant_ns(text: str) -> int | None:
    try:
        seconds = (
            float(text) if SECONDS.fullmatch(text) else datetime.fromisoformat(text).timestamp()
        )
    except (ValueError, OverflowError, OSError):
        return None
    if not 0 <= seconds < LAST_S:
        return None
    return int(seconds) * 1_000_000_000 + round(seconds % 1 * 1_000_000_000)
