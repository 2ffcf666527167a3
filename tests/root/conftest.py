"""Fixtures of the tests that record with BPF."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.engine import CaptureEngine

from .recording import Recorder, environment
from .users import RULES, TOOLS, USER, User


@pytest.fixture
def record(capturing: CaptureEngine, tmp_path: Path) -> Recorder:
    """Makes recordings in a folder of the test's own."""
    return Recorder(capturing.name, tmp_path, environment(tmp_path))


@pytest.fixture(scope="module")
def module_record(capturing: CaptureEngine, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The same for a recording that the tests of a module share."""
    folder = tmp_path_factory.mktemp("recording")
    return Recorder(capturing.name, folder, environment(folder))


@pytest.fixture(scope="module")
def plain_folder() -> Iterator[Path]:
    """A folder on a file system whose device and inode numbers are the same everywhere: those
    of overlay and btrfs differ between stat(2) and the kernel's own."""
    with TemporaryDirectory(dir="/dev/shm", prefix="aklo-trace-") as folder:
        yield Path(folder)


@pytest.fixture
def open_record(bpf: EbpfEngine) -> Iterator[Recorder]:
    """In a folder that other users can come to, which pytest's own are not."""
    with TemporaryDirectory(dir="/dev/shm", prefix="aklo-trace-") as folder:
        Path(folder).chmod(0o755)
        yield Recorder(bpf.name, Path(folder), environment(Path(folder)))


@pytest.fixture(scope="module")
def account(bpf: EbpfEngine) -> Iterator[pwd.struct_passwd]:  # noqa: ARG001
    if os.geteuid() != 0 or not all(map(shutil.which, TOOLS)):
        pytest.skip("needs root, to make a user who may use sudo")
    subprocess.run(["userdel", USER], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/bash", USER], check=True)
    RULES.write_text(f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n")
    RULES.chmod(0o440)
    yield pwd.getpwnam(USER)
    RULES.unlink()
    subprocess.run(["userdel", USER], check=True)


@pytest.fixture
def user(
    account: pwd.struct_passwd,
    public_python: str,
    tmp_path: Path,
    passable: Callable[..., None],
) -> User:
    passable(tmp_path)
    shutil.chown(tmp_path, USER, USER)
    return User(account.pw_uid, tmp_path, public_python)
