"""Fixtures of the tests that record with BPF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aklo_trace.engine import CaptureEngine

from .recording import Recorder, environment


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
