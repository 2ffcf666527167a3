"""How the recording process answers what a file is that the kernel side met."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from aklo_trace.ebpf import layout, strangers
from aklo_trace.ebpf.devices import packed
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.ebpf.shells import SHELLS_FILE, kernel_identity
from aklo_trace.ebpf.strangers import Strangers

BASH = shutil.which("bash") or "/bin/bash"
NO_PROCESS = 2**22 + 1
COUNT = layout.CONTROL.offset("shells") // 4


class Ring:
    """A ring with questions in it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.taken = 0

    def ask(self, dev: int, inode: int, pid: int, path: str) -> None:
        question = struct.pack("=QII", inode, dev, pid) + os.fsencode(path)
        record = bytes(layout.RING_HEADER_BYTES) + question
        self.data += record.ljust(record_stride(layout.STRANGER.size), b"\0")

    def ready(self) -> tuple[memoryview, bool]:
        return memoryview(bytes(self.data)), True

    def take(self, count: int) -> None:
        self.taken += count
        self.data.clear()


@pytest.fixture
def table() -> memoryview:
    return memoryview(bytearray(layout.SHELL_LAYOUT.size * layout.SHELLS))


@pytest.fixture
def control() -> memoryview:
    return memoryview(bytearray(layout.CONTROL.size)).cast("I")


@pytest.fixture
def ring() -> Ring:
    return Ring()


@pytest.fixture
def answering(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ring: Ring,
    table: memoryview,
    control: memoryview,
) -> Strangers:
    monkeypatch.setattr(strangers, "RecordRing", lambda *_: ring)
    monkeypatch.setattr(strangers, "map_array", lambda *_, **__: table)
    (tmp_path / SHELLS_FILE).touch()
    return Strangers(0, 0, control, tmp_path)


def identity(path: str) -> tuple[int, int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        return kernel_identity(fd)
    finally:
        os.close(fd)


def told(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / SHELLS_FILE).read_text().splitlines()]


def test_a_shell_is_put_into_the_table_and_told(
    answering: Strangers, ring: Ring, table: memoryview, control: memoryview, tmp_path: Path
) -> None:
    dev, inode = identity(BASH)
    ring.ask(dev, inode, NO_PROCESS, BASH)
    size = len(ring.data)
    answering.answer()
    fields = struct.unpack_from(layout.SHELL_LAYOUT.format, table)
    assert (fields[:3], control[COUNT], ring.taken) == ((inode, dev, 1), 1, size)
    (binary,) = told(tmp_path)
    assert str(binary["shell"]).startswith("bash 5.")
    assert binary["path"] == BASH


def test_a_program_is_looked_at_once(
    answering: Strangers, ring: Ring, control: memoryview, tmp_path: Path
) -> None:
    dev, inode = identity("/bin/true")
    for _ in range(3):
        ring.ask(dev, inode, NO_PROCESS, "/bin/true")
    answering.answer()
    ring.ask(dev, inode, NO_PROCESS, "/bin/true")
    answering.answer()
    assert control[COUNT] == 1
    assert [binary["shell"] for binary in told(tmp_path)] == [None]


def test_a_process_is_asked_before_the_name(
    answering: Strangers, ring: Ring, control: memoryview
) -> None:
    """Its name may be relative to another directory, or cut."""
    ring.ask(*identity("/proc/self/exe"), os.getpid(), "no such name")
    answering.answer()
    assert control[COUNT] == 1


def test_another_file_of_the_name_is_not_taken(
    answering: Strangers, ring: Ring, control: memoryview, tmp_path: Path
) -> None:
    dev, inode = identity("/bin/true")
    ring.ask(dev, inode, NO_PROCESS, BASH)
    ring.ask(dev, inode, NO_PROCESS, "/absent")
    answering.answer()
    assert (control[COUNT], told(tmp_path)) == (0, [])


def test_a_file_without_a_name_is_asked_of_its_process(
    answering: Strangers, ring: Ring, control: memoryview, tmp_path: Path
) -> None:
    fd = os.memfd_create("nameless", 0)
    os.write(fd, Path("/bin/sleep").read_bytes())
    with subprocess.Popen(["sleep", "60"], executable=f"/dev/fd/{fd}", pass_fds=[fd]) as process:
        status = os.fstat(fd)
        ring.ask(packed(status.st_dev), status.st_ino, process.pid, f"/dev/fd/{fd}")
        answering.answer()
        process.kill()
    os.close(fd)
    assert (control[COUNT], len(told(tmp_path))) == (1, 1)


def test_a_question_that_failed_can_be_asked_again(
    answering: Strangers, ring: Ring, control: memoryview
) -> None:
    dev, inode = identity("/bin/true")
    for path in ("/absent", "/bin/true"):
        ring.ask(dev, inode, NO_PROCESS, path)
        answering.answer()
    assert control[COUNT] == 1


def test_a_full_table_stays_as_it_is(
    answering: Strangers, ring: Ring, table: memoryview, control: memoryview
) -> None:
    control[COUNT] = layout.SHELLS
    ring.ask(*identity("/bin/true"), NO_PROCESS, "/bin/true")
    answering.answer()
    assert control[COUNT] == layout.SHELLS
    assert not any(table)
