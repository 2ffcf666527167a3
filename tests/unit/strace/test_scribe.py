"""The live log: what has no room is counted, and where it would have been is marked."""

from __future__ import annotations

import errno
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from aklo_trace.strace import scribe
from aklo_trace.strace.scribe import LiveLog, Unwritten, write_down

from .readable import read

PATIENCE_S = 20.0


class Disk:
    """Takes `room` bytes of what is written into logs, and then is full."""

    def __init__(self) -> None:
        self.room = 1 << 30
        self._write = os.pwrite

    def pwrite(self, fd: int, data: memoryview | bytes, offset: int) -> int:
        if isinstance(data, bytes):  # the counts, which have their room
            return self._write(fd, data, offset)
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(self.room, len(data))
        self.room -= taken
        return self._write(fd, data[:taken], offset)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "pwrite", disk.pwrite)
    return disk


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "log", tmp_path / "unwritten"


def without_marks(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines(keepends=True) if not line.startswith(b"aklo-trace")]


def marked(text: bytes) -> int:
    return sum(map(int, re.findall(rb"^aklo-trace: (\d+) lines are missing here$", text, re.M)))


def test_lines_that_come_in_pieces_are_written_whole(files: tuple[Path, Path]) -> None:
    log = LiveLog(*files)
    log.add(b"one\ntw")
    assert files[0].read_bytes() == b"one\n"
    log.add(b"o")
    log.add(b"\nthree\nfour")
    assert files[0].read_bytes() == b"one\ntwo\nthree\n"
    log.end()
    assert files[0].read_bytes() == b"one\ntwo\nthree\nfour"
    assert Unwritten.read(files[1]) == Unwritten()


@pytest.mark.parametrize("room", range(0, 30))
def test_what_has_no_room_is_counted_and_marked_to_the_byte(
    room: int, disk: Disk, files: tuple[Path, Path]
) -> None:
    log = LiveLog(*files)
    lines = [b"line %d\n" % number for number in range(9)]
    disk.room = room
    log.add(b"".join(lines[:3]) + b"li")
    log.add(b"ne 3\n" + b"".join(lines[4:6]))
    disk.room = 1 << 30
    log.add(b"".join(lines[6:]))
    text, lost = files[0].read_bytes(), Unwritten.read(files[1])
    kept = without_marks(text)
    assert kept == [line for line in lines if line in kept]
    assert lost.lines == len(lines) - len(kept) == marked(text)
    assert lost.size_bytes == sum(map(len, lines)) - sum(map(len, kept))
    assert lost.errno == (errno.ENOSPC if lost.lines else 0)
    assert lines[8] in kept


def test_a_mark_that_has_no_room_is_written_later(disk: Disk, files: tuple[Path, Path]) -> None:
    log = LiveLog(*files)
    for room, line in ((0, b"a\n"), (10, b"b\n"), (1 << 30, b"c\n")):
        disk.room = room
        log.add(line)
    assert files[0].read_bytes() == scribe.HOLE % 2 + b"c\n"


def test_a_disk_that_stays_full_leaves_the_count_alone(
    disk: Disk, files: tuple[Path, Path]
) -> None:
    log = LiveLog(*files)
    log.add(b"a\n")
    disk.room = 0
    for _ in range(5):
        log.add(b"b\nb\n")
    log.add(b"cut")
    log.end()
    assert files[0].read_bytes() == b"a\n"
    assert Unwritten.read(files[1]) == Unwritten(10, 23, errno.ENOSPC)


def test_a_pipe_is_emptied_until_its_writers_have_gone(files: tuple[Path, Path]) -> None:
    reading, writing = os.pipe()
    thread = threading.Thread(target=write_down, args=(reading, LiveLog(*files)))
    thread.start()
    lines = [b"%0100d\n" % number for number in range(20_000)]
    for first in range(0, len(lines), 100):
        os.write(writing, b"".join(lines[first : first + 100]))
    os.close(writing)
    thread.join(PATIENCE_S)
    os.close(reading)
    assert files[0].read_bytes() == b"".join(lines)


def test_what_was_said_is_in_the_log_before_a_second_has_gone(files: tuple[Path, Path]) -> None:
    with started(files) as (_, writing):
        for number in range(3):
            os.write(writing, b"line %d\n" % number)
            deadline = time.monotonic() + 1
            while not files[0].read_bytes().endswith(b"line %d\n" % number):
                assert time.monotonic() < deadline
                time.sleep(0.001)


def test_signals_do_not_end_it(files: tuple[Path, Path]) -> None:
    with started(files) as (process, writing):
        os.write(writing, b"before\n")
        for signo in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP):
            os.kill(process.pid, signo)
        os.write(writing, b"after\n")
    assert process.status == 0
    assert files[0].read_bytes() == b"before\nafter\n"


@contextmanager
def started(files: tuple[Path, Path]) -> Iterator[tuple[scribe.Scribe, int]]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # as the launcher
    process, writing = scribe.start(LiveLog(*files), lambda: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield process, writing
    finally:
        with suppress(OSError):
            os.close(writing)
        process.wait()


HALVES = """\
10 1700000001.000001 read(3 <unfinished ...>
{}\
10 1700000001.000009 <... read resumed>, "", 1) = 0
"""


@pytest.mark.parametrize("apart", [False, True])
def test_halves_are_not_joined_over_a_gap(apart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if apart:
        monkeypatch.setattr("aklo_trace.strace.plan.PIECE_BYTES", 64)
    found: list[dict[str, Any]] = []
    for gap in ("", "aklo-trace: 7 lines are missing here\n"):
        result = read(HALVES.format(gap), pid=None)
        found.append(result.statistics.non_events)
        calls = [(call.get("dur_ns"), call.get("flags")) for call in result.events]
        assert calls == ([(None, None), (None, "NO_ENTRY")] if gap else [(8000, None)])
        assert result.statistics.unparsed_lines == 0
    assert found == [{}, {"hole": 1}]
