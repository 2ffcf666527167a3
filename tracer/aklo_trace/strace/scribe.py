"""The process that writes down what strace says.

strace prints into a pipe, and this process moves that to the live log: whole lines only, at the
latest some hundredth of a second after they were said. strace itself would go on where a disk is
full, and leave holes that nobody can see. Here a line that cannot be written is counted, in a
file that has its full size from the start; when there is room again, a line of our own in the
log says that others are missing there.

It blocks all signals, holds the lock of the recording, and ends when strace has. If it is
killed, strace goes on for nothing: the target is left alone.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

HOLE: Final = b"aklo-trace: %d lines are missing here\n"
PIPE_BYTES: Final = 1 << 20
STOP_TIMEOUT_S: Final = 20.0
FAULT: Final = 255
_BYTES_PER_MS: Final = 100 << 10
"""Several times what strace says in that time: it does not wait for room in the pipe."""
_PAUSE_S: Final = 0.001
_COUNTS: Final = struct.Struct("=QQQ")


@dataclass(slots=True)
class Unwritten:
    """What is not in the log, and the error number of the first failure to write."""

    lines: int = 0
    size_bytes: int = 0
    errno: int = 0

    @classmethod
    def read(cls, path: Path) -> Unwritten:
        return cls(*_COUNTS.unpack(path.read_bytes()))

    def packed(self) -> bytes:
        return _COUNTS.pack(self.lines, self.size_bytes, self.errno)


class LiveLog:
    """A log that only grows by whole lines, and the file that says what it lacks. Neither must
    exist. Raises OSError."""

    def __init__(self, log: Path, counts: Path) -> None:
        self._log, self._counts = _created(log), _created(counts)
        self.unwritten = Unwritten()
        self._length = 0
        self._begun = b""
        self._missing = 0
        os.posix_fallocate(self._counts, 0, _COUNTS.size)
        os.pwrite(self._counts, self.unwritten.packed(), 0)

    def add(self, text: bytes) -> None:
        """Write what is whole, and keep the beginning of a line for later."""
        whole = text.rfind(b"\n") + 1
        if whole:
            self._write(self._begun + text[:whole])
            self._begun = text[whole:]
        else:
            self._begun += text

    def end(self) -> None:
        """Write a last line that has no end."""
        if self._begun:
            self._write(self._begun)
            self._begun = b""

    def close(self) -> None:
        os.close(self._log)
        os.close(self._counts)

    def _write(self, text: bytes) -> None:
        hole = HOLE % self._missing if self._missing else b""
        text, written = hole + text, 0
        try:
            while written < len(text):
                rest = memoryview(text)[written:]
                written += os.pwrite(self._log, rest, self._length + written)
        except OSError as error:
            written = text.rfind(b"\n", 0, written) + 1
            os.ftruncate(self._log, self._length + written)
            self._lose(text[max(written, len(hole)) :], error.errno or FAULT)
        if written:
            self._missing = text.count(b"\n", written)
        self._length += written

    def _lose(self, text: bytes, errno: int) -> None:
        lines = text.count(b"\n")
        self._missing += lines
        self.unwritten.lines += lines
        self.unwritten.size_bytes += len(text)
        self.unwritten.errno = self.unwritten.errno or errno
        os.pwrite(self._counts, self.unwritten.packed(), 0)


def _created(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


@dataclass(slots=True)
class Scribe:
    """The process, seen from the one that started it."""

    pid: int
    status: int | None = None

    def wait(self) -> int:
        """Its status as waitpid(2) gives it, once strace has ended. A process that does not
        end, being stopped for instance, is killed."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = status
            elif time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(_PAUSE_S)
        return self.status


def start(
    log: LiveLog, leave: Callable[[], None], clear: Callable[[], None] = lambda: None
) -> tuple[Scribe, int]:
    """Start the process; gives it, and the descriptor that strace is to print to. The process
    first calls `leave`, and `clear` when strace has ended. Raises OSError."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    with suppress(OSError):  # the user has too many pipes, or may have none of that size
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        _live(reading, log, leave, clear)
    os.close(reading)
    log.close()
    return Scribe(pid), writing


def _live(
    pipe: int, log: LiveLog, leave: Callable[[], None], clear: Callable[[], None]
) -> NoReturn:
    status = FAULT
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        os.setsid()
        leave()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        write_down(pipe, log)
        clear()
        status = 0
    finally:
        os._exit(status)


def write_down(pipe: int, log: LiveLog) -> None:
    """Until nobody can write to the pipe any more."""
    capacity = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    pause_ms = max(capacity // _BYTES_PER_MS, 1)
    hung_up = select.poll()
    hung_up.register(pipe, 0)
    while text := os.read(pipe, capacity):
        log.add(text)
        if len(text) < capacity // 2:
            hung_up.poll(pause_ms)
    log.end()
