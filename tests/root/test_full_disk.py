"""A disk without room: the target runs on, and what was recorded is kept and counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.stored.stored_traces import DAY_NS, keep

from aklo_trace import location, removed
from aklo_trace.purging import purge
from aklo_trace.retention import Limits

from .recording import TRACER_FAILED, Recorder, Recording

CALLS = 20_000
KIB = 1 << 10


class Disk:
    """A file system of a given size, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, size_bytes: int, inodes: int = 1000) -> None:
        options = f"size={size_bytes},nr_inodes={inodes}"
        if self.folder.is_mount():
            options += ",remount"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "aklo-trace-test", self.folder], check=True
        )

    def remove(self) -> None:
        if self.folder.is_mount():
            subprocess.run(["umount", "--lazy", self.folder], check=True)


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    disk = Disk(folder)
    try:
        disk.resize(1 << 20)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    try:
        yield disk
    finally:
        disk.remove()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (folder := tmp_path / "disk").mkdir()
    with mounted(folder) as disk:
        yield disk


@pytest.fixture
def on_disk(record: Recorder, disk: Disk) -> Recorder:
    """Records onto the disk; the target's own output goes elsewhere."""
    return Recorder(record.engine, record.folder, record.environ, place=disk.folder)


def storm(on_disk: Recorder, workloads: Path, last: str = ":") -> Recording:
    """Calls with paths and without, so that both kinds of record need room."""
    loop = "for i in 1 2 3 4 5 6 7 8 9; do stat -t /proc/$i/nothing; done 2>/dev/null"
    calls = f"{workloads}/getpid_storm 4 {CALLS}"
    return on_disk("bash", "-c", f"{loop}; {calls}; {last}; echo finished; exit 3", fails=True)


def assert_left_alone(recording: Recording) -> None:
    assert (recording.stdout, recording.status) == ("finished\n", 3)
    assert "No space left on device" in recording.stderr
    assert "Traceback" not in recording.stderr
    assert {line.split()[0] for line in recording.stderr.splitlines()} <= {"aklo-trace:", "trace:"}


def assert_adds_up(recording: Recording) -> None:
    meta = recording.meta
    assert not meta.complete
    lost_by_cause = [meta.loss.get(cause, 0) for cause in ("disk_write_failed", "event_ring_full")]
    assert meta.lost == sum(lost_by_cause) == sum(meta.lost_by_syscall.values())
    in_flight = sum(meta.in_flight_by_syscall.values())
    assert meta.attempts == meta.tables["syscalls"] + meta.lost + in_flight
    seen = Counter(call.syscall for call in recording.calls)["getpid"]
    of_the_shell = seen + meta.lost_by_syscall.get("getpid", 0) - 4 * CALLS
    assert 0 <= of_the_shell < 50


@pytest.mark.parametrize("size", [256 * KIB, 1024 * KIB, 4096 * KIB])
def test_the_target_ends_as_it_would_have(
    on_disk: Recorder, workloads: Path, disk: Disk, size: int
) -> None:
    disk.resize(size)
    recording = storm(on_disk, workloads)
    assert_left_alone(recording)
    disk.resize(64 << 20)
    assert recording.meta.loss["disk_write_failed"] > 0
    assert_adds_up(recording)
    for verb in ("info", "report"):
        shown = on_disk.run(verb, recording.directory)
        assert shown.returncode == 0
        assert f"{recording.meta.lost:,}" in shown.stdout


def test_without_room_for_tables_the_recording_is_kept(
    on_disk: Recorder, workloads: Path, disk: Disk
) -> None:
    disk.resize(16 << 20)
    recording = storm(on_disk, workloads, last=f"cat /dev/zero 2>&- > {disk.folder}/ballast")
    assert_left_alone(recording)
    for verb in ("report", "info", "recover"):
        shown = on_disk.run(verb, recording.directory)
        assert shown.returncode == 1
        assert shown.stderr.startswith(f"aklo-trace: The tables of {recording.directory}")
        assert "make room" in shown.stderr
    (disk.folder / "ballast").unlink()
    assert on_disk.run("recover", recording.directory).returncode == 0
    assert_adds_up(recording)


def test_a_trace_can_be_moved_to_where_there_is_room(
    on_disk: Recorder, workloads: Path, disk: Disk, tmp_path: Path
) -> None:
    disk.resize(16 << 20)
    recording = storm(on_disk, workloads, last=f"cat /dev/zero 2>&- > {disk.folder}/ballast")
    moved = tmp_path / "moved"
    shutil.copytree(recording.directory, moved)
    shown = on_disk.run("report", moved)
    assert shown.returncode == 0
    assert "incomplete" in shown.stdout.lower()


def test_a_purge_makes_room(disk: Disk) -> None:
    now_ns = time.time_ns()
    keep(disk.folder, "1-old", closed_at_ns=now_ns - 8 * DAY_NS)
    keep(disk.folder, "2-new", closed_at_ns=now_ns)
    with pytest.raises(OSError, match="No space left"):
        (disk.folder / "ballast").write_bytes(bytes(2048 * KIB))
    done = purge(disk.folder, Limits(days=7), now_ns)
    assert [one.trace.name for one in done.removed] == ["1-old"]
    assert [path.name for path in location.traces(disk.folder)] == ["2-new"]
    assert [one.name for one in removed.read(disk.folder)] == ["1-old"]


@pytest.mark.parametrize(
    ("size", "inodes"), [(4 * KIB, 1000), (16 * KIB, 1000), (48 * KIB, 1000), (1 << 20, 4)]
)
def test_without_room_to_begin_the_target_does_not_start(
    on_disk: Recorder, disk: Disk, size: int, inodes: int
) -> None:
    disk.resize(size, inodes)
    recording = on_disk("echo", "ran", fails=True)
    assert recording.status == TRACER_FAILED
    assert recording.stdout == ""
    assert recording.stderr.startswith("aklo-trace: No trace can be")
    assert "No space left on device" in recording.stderr
    assert recording.stderr.count("\n") == 1
    assert os.listdir(disk.folder) == []  # noqa: PTH208
