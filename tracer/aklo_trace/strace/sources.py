"""Where logs come from: files, compressed files, standard input."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from aklo_trace.errors import TraceError
from aklo_trace.strace.layout import Layout, detect
from aklo_trace.strace.quoting import unescape
from aklo_trace.strace.ranges import LAST_PID, LAST_SECOND

_COMPRESSIONS: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_MAGIC_BYTES: Final = 4
DAY_S: Final = 86_400
HEAD_BYTES: Final = 1 << 17
"""How much of a log is looked at to find its layout."""
_OWN_PID: Final = re.compile(rb"\b(?:set_tid_address\(\w+\)|get[tp]id\(\)) += (\d{1,9})\b")
_OWN_CWD: Final = re.compile(rb"AT_FDCWD<(/[^<>\n]*)>")
_LEAVES_CWD: Final = re.compile(rb"\b(?:f?chdir|clone3?|v?fork)\(")
_PID_SUFFIX: Final = re.compile(r"(?:\A|\.)([0-9]{1,7})\Z")
STDIN: Final = "standard input"


@dataclass(frozen=True)
class LogSource:
    """A log: the file `path`, or `stream`, or standard input where both are None.

    `pid` is who made all lines of a file that names no pids itself, one of a `-ff` family.
    """

    path: Path | None = None
    pid: int | None = None
    stream: BinaryIO | None = None

    @classmethod
    def of(cls, path: Path) -> LogSource:
        """A file; as `-ff` names them, ``LOG.12345`` is of process 12345, ``LOG.20240501`` of
        none."""
        stem = path.name.removesuffix(".gz").removesuffix(".zst")
        suffix = _PID_SUFFIX.search(stem)
        pid = int(suffix[1]) if suffix else None
        return cls(path, pid if (pid or 0) <= LAST_PID else None)

    @property
    def name(self) -> str:
        return STDIN if self.path is None else str(self.path)

    @property
    def is_plain_file(self) -> bool:
        """Whether pieces of it can be read independently."""
        return self.path is not None and self.path.is_file() and self.compression() is None

    def compression(self) -> str | None:
        if self.path is None or not self.path.is_file():
            return None
        with reading(self), self.path.open("rb") as file:
            return _compression_of(file.read(_MAGIC_BYTES))

    def modified(self) -> datetime:
        """When it was last written, as far as that can be known."""
        if self.path is None:
            return datetime.fromtimestamp(time.time())
        with reading(self):
            seconds = self.path.stat().st_mtime
        return datetime.fromtimestamp(min(max(seconds, DAY_S), LAST_SECOND))

    def open(self) -> BinaryIO:
        """Its text, decompressed, to be read from the beginning. Raises TraceError."""
        with reading(self):
            if self.path is None:
                return _decompressed(_Peekable(self.stream or sys.stdin.buffer))
            return _decompressed(_Peekable(self.path.open("rb")))

    def spooled(self, folder: Path) -> LogSource:
        """The same, decompressed into a file of the folder if it is not a plain one already."""
        if self.path is None or self.is_plain_file:
            return self
        copy = folder / f"{len(list(folder.iterdir()))}.{self.pid}"
        written = self.modified().timestamp()
        with reading(self), copy.open("wb") as file:
            stream = self.open()
            while chunk := stream.read(HEAD_BYTES):
                file.write(chunk)
        os.utime(copy, (written, written))
        return LogSource(copy, self.pid)


class _Peekable:
    """A stream whose beginning can be looked at before it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.head = b""
        while len(self.head) < _MAGIC_BYTES and (more := stream.read(_MAGIC_BYTES)):
            self.head += more
        self._waiting = self.head

    closed = False

    def readable(self) -> bool:
        return True

    def read(self, size: int) -> bytes:
        if self._waiting:
            waiting, self._waiting = self._waiting[:size], self._waiting[size:]
            return waiting + self._stream.read(size - len(waiting))
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()


def _decompressed(stream: _Peekable) -> BinaryIO:
    compression = _compression_of(stream.head)
    if compression is None:
        return cast(BinaryIO, stream)
    import pyarrow as pa

    return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), compression))


def _compression_of(head: bytes) -> str | None:
    for magic, name in _COMPRESSIONS.items():
        if head.startswith(magic):
            return name
    return None


@contextmanager
def reading(source: LogSource) -> Iterator[None]:
    """Errors of the system and of decompression, as TraceError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TraceError(
            f"cannot read the strace log {source.name}: {reason}. "
            "Give the file that strace wrote with -o, or its compressed copy."
        ) from error


@dataclass(frozen=True)
class Head:
    """What the beginning of a log tells: its layout, when it begins (as printed), and pid and
    working directory of the process that it begins with, where it says them."""

    layout: Layout
    first_ns: int | None
    own_pid: int | None
    own_cwd: bytes | None

    @classmethod
    def of(cls, text: bytes) -> Head:
        lines = text.split(b"\n")
        layout = detect(lines)
        times = (leader.ns for line in lines if (leader := layout.read(line)))
        first_ns = next((ns for ns in times if ns is not None), None)
        own_pid = _OWN_PID.search(text.partition(b"[pid ")[0])
        leaves = _LEAVES_CWD.search(text)
        own_cwd = _OWN_CWD.search(text[: leaves.start()] if leaves else text)
        return cls(
            layout,
            first_ns,
            int(own_pid[1]) if own_pid and int(own_pid[1]) <= LAST_PID else None,
            unescape(own_cwd[1]) if own_cwd else None,
        )
