"""What the tests of this folder share: the way to start a target, traced and untraced.

A case is a piece of bash in which "$@" stands before the command under test. Run with no
arguments it is untraced; run with a tracer's command line it is traced, and nothing may
tell the two apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aklo_trace.ancestry import Process
from aklo_trace.engines import ENGINES

from .terminal import Terminal

TIMEOUT_S = 180

DRIVER = (sys.executable, str(Path(__file__).with_name("driver.py")))

TRACED = Path(__file__).with_name("traced.py")
ENGINE_NAMES = tuple(engine.name for engine in ENGINES)
SHARES_ALL_BUT_THE_LOADER = {"bcc": 6}
"""Of the cases of an engine that differs from another by little, each so many-th one."""
UNLIKE = tuple(name for name in ENGINE_NAMES if name not in SHARES_ALL_BUT_THE_LOADER)


@dataclass(frozen=True)
class Ran:
    stdout: bytes
    stderr: bytes
    status: int


Run = Callable[..., Ran]


def command_line(
    request: pytest.FixtureRequest, engine: str, python: str = sys.executable
) -> tuple[str, ...]:
    """What to put before a command, to trace it with an engine; skips where that cannot run."""
    request.getfixturevalue("ready")(engine)
    store = request.getfixturevalue("tmp_path_factory").mktemp("traces")
    request.getfixturevalue("passable")(store)
    store.chmod(0o1777)
    return (python, str(TRACED), engine, str(store), "--")


@pytest.fixture(params=ENGINE_NAMES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def tracer(request: pytest.FixtureRequest, engine: str) -> tuple[str, ...]:
    """The command line before the command, for each engine."""
    return command_line(request, engine)


@pytest.fixture(params=["untraced", *UNLIKE])
def prefix(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """For what untraced and traced must do alike: nothing, or what traces."""
    return () if request.param == "untraced" else command_line(request, request.param)


@pytest.fixture
def run(workloads: Path, tmp_path: Path) -> Run:
    """Run a case in an empty folder, with $W the folder of the fixture programs."""

    def run(script: str, *prefix: str, stdin: bytes = b"") -> Ran:
        folder = tmp_path / ("traced" if prefix else "untraced") / "here"
        folder.mkdir(parents=True)
        process = subprocess.Popen(
            ["bash", "-c", script, "case", *prefix],
            cwd=folder,
            env=os.environ | {"W": str(workloads), "PATH": os.defpath},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        try:
            stdout, stderr = process.communicate(stdin, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        place = str(folder.parent).encode()
        return Ran(stdout.replace(place, b""), stderr.replace(place, b""), process.returncode)

    return run


@pytest.fixture
def terminal(workloads: Path, tmp_path: Path) -> Iterator[Terminal]:
    """An interactive bash in a terminal, in an empty folder."""
    environ = {"PATH": f"{workloads}:{os.defpath}", "HOME": str(tmp_path), "TERM": "xterm"}
    with Terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], tmp_path, environ) as it:
        yield it


def is_root() -> bool:
    return os.geteuid() == 0


def may_raise_limits() -> bool:
    """Whether this process has CAP_SYS_RESOURCE, which root lacks in many containers."""
    return bool(int(Process.read(os.getpid()).status["CapEff"], 16) >> 24 & 1)
