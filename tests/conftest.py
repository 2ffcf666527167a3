"""What all tests share: the compiled fixture programs, and the permission to load BPF."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from aklo_trace.ebpf.engine import EbpfEngine

WORKLOADS = Path(__file__).parent / "workloads"
BPF_LOCK = Path(tempfile.gettempdir()) / "aklo-trace-tests-bpf.lock"


@pytest.fixture(scope="session")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fixture programs, compiled; other users may read it."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.fail("no C compiler for tests/workloads; `make setup` installs clang")
    folder = tmp_path_factory.mktemp("workloads")
    for source in WORKLOADS.glob("*.c"):
        program = folder / source.stem
        subprocess.run([compiler, "-O1", "-Wall", "-o", program, source], check=True)
    for script in WORKLOADS.glob("*.py"):
        shutil.copy(script, folder)
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@pytest.fixture(scope="module")
def bpf() -> Iterator[EbpfEngine]:
    """The engine, where it can run, while no other test loads BPF."""
    engine = EbpfEngine()
    capability = engine.probe()
    if not capability.usable:
        pytest.skip(capability.reason)
    lock = os.open(BPF_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield engine
    finally:
        os.close(lock)
