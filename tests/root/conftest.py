"""Fixtures of the tests that record with BPF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aklo_trace.ebpf.engine import EbpfEngine

from .recording import Recorder, environment


@pytest.fixture
def record(bpf: EbpfEngine, tmp_path: Path) -> Recorder:
    """Makes recordings in a folder of the test's own."""
    return Recorder(bpf.name, tmp_path, environment(tmp_path))


@pytest.fixture(scope="module")
def module_record(bpf: EbpfEngine, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The same for a recording that the tests of a module share."""
    folder = tmp_path_factory.mktemp("recording")
    return Recorder(bpf.name, folder, environment(folder))


@pytest.fixture(scope="module")
def plain_folder() -> Iterator[Path]:
    """A folder on a file system whose device and inode numbers are the same everywhere: those
    of overlay and btrfs differ between stat(2) and the kernel's own."""
    with TemporaryDirectory(dir="/dev/shm", prefix="aklo-trace-") as folder:
        yield Path(folder)
