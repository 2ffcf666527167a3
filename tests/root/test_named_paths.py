"""Paths of calls: absolute, whatever they start from, and complete or marked."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from aklo_trace.schema import FileFlag, SyscallFlag

from .recording import Recorder, Recording

LONGEST = 4095
PYTHON = (sys.executable, "-I", "-S")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("named")


@pytest.fixture(scope="module")
def named(module_record: Recorder, workloads: Path, folder: Path) -> Recording:
    recording = module_record.once(*PYTHON, workloads / "names_paths.py", folder)
    assert recording.status == 0
    return recording


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("openat", "plain"),
        ("mkdir", "sub"),
        ("access", "sub/after-chdir"),
        ("openat", "sub/.."),
        ("access", "after-fchdir"),
        ("access", "sub/after-dots"),
        ("access", "in-child"),
        ("access", "sub/moved-child"),
        ("access", "after-child"),
        ("openat", "sub/in-dirfd"),
        ("symlinkat", "sub/symlink"),
        ("unlink", "renamed"),
    ],
)
def test_a_relative_path_is_made_absolute(
    named: Recording, folder: Path, call: str, path: str
) -> None:
    assert not named.call(call, f"{folder}/{path}").flags & SyscallFlag.PATH_RELATIVE


@pytest.mark.parametrize(
    ("call", "path", "path2"),
    [("renameat2", "sub/in-dirfd", "renamed"), ("linkat", "renamed", "sub/linked")],
)
def test_both_paths_start_from_their_own_directory(
    named: Recording, folder: Path, call: str, path: str, path2: str
) -> None:
    found = named.call(call, folder / path)
    assert (found.ret, found.path2) == (0, f"{folder}/{path2}")


def test_an_absolute_path_is_only_tidied(named: Recording) -> None:
    assert named.call("access", "/plain/../x/y/z").errno == errno.ENOENT


def test_a_path_that_does_not_exist_has_its_row(named: Recording, folder: Path) -> None:
    call = named.call("access", folder / "in-child")
    assert (call.ret, call.errno) == (-1, errno.ENOENT)
    assert call.identity == (None, None)


def test_the_longest_path_is_whole(named: Recording, folder: Path) -> None:
    """PATH_MAX counts the NUL."""
    (call,) = (c for c in named.calls_of("access") if len(c.path or "") > LONGEST // 2)
    given = (call.path or "").removeprefix(f"{folder}/")
    assert (call.ret, call.flags) == (0, 0)
    assert given == "sub/../" * given.count("sub") + "plain"
    assert given.count("sub") == (LONGEST - len("plain")) // len("sub/../")


def test_a_longer_path_is_marked_as_cut(named: Recording) -> None:
    (call,) = (c for c in named.calls if c.errno == errno.ENAMETOOLONG)
    assert call.flags & SyscallFlag.PATH_TRUNCATED
    assert call.file["flags"] & FileFlag.PATH_TRUNCATED
    assert len(call.path or "") >= LONGEST - len("sub/../")


def test_bytes_that_are_not_utf8_are_escaped_and_flagged(named: Recording, folder: Path) -> None:
    call = named.call("access", rf"{folder}/caf\xe9")
    assert call.flags == SyscallFlag.NOT_UTF8
    assert call.file["flags"] == FileFlag.NOT_UTF8


@pytest.mark.parametrize("name", ["new\nline", "\x1b[2J"])
def test_other_odd_characters_stay_as_they_are(named: Recording, folder: Path, name: str) -> None:
    assert named.call("access", folder / name).flags == 0


def test_an_empty_path_names_nothing(named: Recording) -> None:
    (call,) = (c for c in named.calls_of("access") if c.path is None)
    assert (call.errno, call.flags) == (errno.ENOENT, 0)


def test_no_path_is_left_out(named: Recording) -> None:
    of_paths = [c for c in named.calls_of("openat", "access", "newfstatat") if c.fd is None]
    assert all(c.path for c in of_paths if c.errno != errno.ENOENT)
    assert named.meta.complete


def test_paths_start_from_the_directory_the_target_starts_in(
    record: Recorder, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    recording = record("stat", "something", cwd=here)
    assert str(here / "something") in {row["path"] for row in recording.files}


def test_a_directory_that_was_open_before_has_its_name(record: Recorder, tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    program = f"import os; os.access('somewhere', os.F_OK, dir_fd={fd})"
    try:
        recording = record(*PYTHON, "-c", program, pass_fds=(fd,))
    finally:
        os.close(fd)
    (call,) = recording.calls_of("faccessat", "faccessat2")
    assert (call.path, call.flags) == (str(tmp_path / "somewhere"), 0)


def test_a_path_that_was_not_in_memory_is_read_after_the_call(
    record: Recorder, workloads: Path, tmp_path: Path
) -> None:
    paths = ("/first/of/the/file", "/at/the/start/of/a/page", "/across/two/pages")
    content = bytearray(16384)
    for place, path in zip((0, 8192, 12288 - 6), paths, strict=True):
        content[place : place + len(path)] = path.encode()
    (tmp_path / "paths").write_bytes(content)
    recording = record(workloads / "absent_paths", tmp_path / "paths")
    assert recording.status == 0
    assert [recording.call("access", path).flags for path in paths] == [0, 0, 0]
