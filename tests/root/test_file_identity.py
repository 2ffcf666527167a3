"""Which file a descriptor means: device and inode as the kernel knows them, and the name."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from aklo_trace.schema import FileFlag

from .recording import Call, Recorder, Recording

PYTHON = (sys.executable, "-I", "-S")
APPENDED = "log"


@pytest.fixture(scope="module")
def worked(module_record: Recorder, workloads: Path, plain_folder: Path) -> Recording:
    recording = module_record.once(*PYTHON, workloads / "works_on_files.py", plain_folder)
    assert recording.status == 0
    return recording


def expected(recording: Recording) -> list[list[Any]]:
    calls: list[list[Any]] = json.loads(recording.stdout)
    return calls


@pytest.fixture(scope="module")
def made(worked: Recording) -> list[Call]:
    """The calls between the two marks that the workload speaks of."""
    names = {name for name, *_ in expected(worked)} | {"newfstatat"}
    first = worked.call("access", "/begin").ts_ns
    last = worked.call("access", "/end").ts_ns
    between = [call for call in worked.calls if first < call.ts_ns < last]
    speaks_of = {fd for _, fd, *_ in expected(worked)}
    return [call for call in between if call.syscall in names and call.fd in speaks_of]


def name_of(call: Call) -> str:
    """C libraries differ in how they make fstat(3)."""
    return "fstat" if call.syscall == "newfstatat" else call.syscall


def test_calls_work_on_the_files_that_they_say(worked: Recording, made: list[Call]) -> None:
    assert [[name_of(call), call.fd, list(call.identity)] for call in made] == [
        [name, fd, identity] for name, fd, identity, *_ in expected(worked)
    ]


def test_second_descriptors_have_their_files(worked: Recording, made: list[Call]) -> None:
    for call, (name, _, _, second, *_) in zip(made, expected(worked), strict=True):
        assert list(call.identity2) == (second or [None, None]), name


def test_bytes_are_those_moved(worked: Recording, made: list[Call]) -> None:
    assert [call.bytes for call in made] == [moved for *_, moved, _ in expected(worked)]


def test_offsets_are_where_the_transfer_began(worked: Recording, made: list[Call]) -> None:
    for call, (name, *_, offset) in zip(made, expected(worked), strict=True):
        if not (call.path or "").endswith(APPENDED):
            assert call.offset == offset, name


def test_an_append_begins_at_the_end_or_nowhere(made: list[Call]) -> None:
    """The position of such a descriptor is moved by the write itself."""
    (call,) = (call for call in made if (call.path or "").endswith(APPENDED))
    assert call.offset in (None, len(b"first"))


def test_descriptors_have_the_name_their_file_was_opened_by(
    made: list[Call], plain_folder: Path
) -> None:
    paths = {call.fd: call.path for call in made if call.syscall not in {"dup2", "close"}}
    assert list(paths.values())[:2] == [f"{plain_folder}/input", f"{plain_folder}/output"]
    assert paths[100] == f"{plain_folder}/output"
    assert "/dev/null" in paths.values()


def test_kinds_are_those_of_the_files(made: list[Call]) -> None:
    kinds = {call.file["kind"] for call in made}
    assert kinds == {"regular", "pipe", "socket", "character"}


def test_an_opening_has_the_identity_of_what_it_opened(
    worked: Recording, plain_folder: Path
) -> None:
    status = (plain_folder / "output").stat()
    opened = worked.call("openat", plain_folder / "output")
    assert opened.identity == (status.st_dev, status.st_ino)
    assert opened.fd == opened.ret
    opened = worked.call("openat", plain_folder)
    assert opened.file["kind"] == "directory"


def test_an_inherited_descriptor_has_the_name_that_it_was_opened_by(
    record: Recorder, plain_folder: Path
) -> None:
    given = plain_folder / "given"
    given.write_bytes(b"content")
    with given.open("rb") as file:
        recording = record("cat", stdin=file)
    status = given.stat()
    reads = [call for call in recording.calls if call.fd == 0 and call.file_id is not None]
    assert {call.identity for call in reads} == {(status.st_dev, status.st_ino)}
    assert {(call.path, call.file["kind"]) for call in reads} == {(str(given), "regular")}
    assert {call.file["flags"] for call in reads} == {FileFlag.INHERITED}


def test_the_program_that_was_loaded_has_its_identity(record: Recorder) -> None:
    (image,) = record("true").images
    status = os.stat(image["exe"])  # noqa: PTH116
    assert image["inode"] == status.st_ino


def test_a_name_for_another_file_has_another_row(record: Recorder, plain_folder: Path) -> None:
    path = plain_folder / "replaced"
    script = f"echo 1 > {path}; mv {path} {path}.old; echo 2 > {path}; stat {path}"
    recording = record("bash", "-c", script)
    rows = [row for row in recording.files if row["path"] == str(path)]
    opened = [call for call in recording.calls_of("openat") if call.path == str(path)]
    assert len({call.identity for call in opened}) == 2
    assert len(rows) == 2
    assert {row["inode"] for row in rows} == {call.identity[1] for call in opened}


def test_times_without_a_path_are_set_on_the_descriptor(
    record: Recorder, plain_folder: Path
) -> None:
    """futimens(3) is utimensat(2) without a path."""
    path = plain_folder / "timed"
    program = f"import os; file = open('{path}', 'w'); os.utime(file.fileno())"
    recording = record(*PYTHON, "-c", program)
    (call,) = recording.calls_of("utimensat")
    assert call.ret == 0
    assert call.path == str(path)
