"""What all tests share: the compiled fixture programs, and the permission to load BPF."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

import aklo_trace
from aklo_trace.engine import CaptureEngine
from aklo_trace.engines import engine_named

WORKLOADS = Path(__file__).parent / "workloads"
Ready = Callable[[str], CaptureEngine]
Passable = Callable[..., None]
OF_BPF = {"ebpf", "bcc"}
SYSTEM_PYTHON = "/usr/bin/python3"
AS_NOBODY = ("runuser", "-u", "nobody", "--")
BPF_LOCK = Path(tempfile.gettempdir()) / "aklo-trace-tests-bpf.lock"


INHERITED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""What nohup and shells make their background commands ignore."""


settings.register_profile("suite", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Signals end the programs that tests start, however the tests were started themselves; and
    other users keep their way to a test's folder: a run of pytest that begins takes it from them,
    where runs share a folder."""
    restore_signals()
    if os.geteuid() == 0 and config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="aklo-trace-tests-")
        config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


def restore_signals() -> None:
    for signo in INHERITED:
        if signal.getsignal(signo) is signal.SIG_IGN:
            default = signal.default_int_handler if signo == signal.SIGINT else signal.SIG_DFL
            signal.signal(signo, default)


@pytest.fixture(scope="session")
def passable() -> Passable:
    """Lets all users pass through a temporary folder and those that it is in, which pytest makes
    for its own user alone; with 0o055 they can also see what is there."""

    def passable(folder: Path, mode: int = 0o011) -> None:
        above = Path(tempfile.gettempdir())
        for path in (folder, *folder.parents):
            if path == above:
                break
            path.chmod(path.stat().st_mode | mode)

    return passable


@pytest.fixture(scope="session")
def public_python(tmp_path_factory: pytest.TempPathFactory, passable: Passable) -> str:
    """An interpreter that every user may run, with our packages."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to run programs as another user")
    for python in (sys.executable, _environment(tmp_path_factory.mktemp("python"), passable)):
        check = [*AS_NOBODY, python, "-c", "import pyarrow, numpy, aklo_trace, aklo_analysis"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip(f"{sys.executable} is not for other users to run")


def _environment(folder: Path, passable: Passable) -> str:
    """The system's interpreter, in a virtual environment that has the packages of ours."""
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    ours = Path(aklo_trace.__file__).parents[1]
    paths = [sysconfig.get_path("purelib"), ours, Path(__file__).parents[1] / "analysis"]
    for packages in folder.glob("lib/python3*/site-packages"):
        (packages / "ours.pth").write_text("\n".join(map(str, paths)))
    passable(folder)
    return str(folder / "bin/python")


@pytest.fixture(scope="session")
def workloads(tmp_path_factory: pytest.TempPathFactory, passable: Passable) -> Path:
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
    passable(folder)
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module runs over the engines that it names in ENGINES."""
    if "capturing" in metafunc.fixturenames:
        names = getattr(metafunc.module, "ENGINES", ("ebpf",))
        metafunc.parametrize("capturing", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def ready(request: pytest.FixtureRequest) -> Ready:
    """Gives the engine of a name, unless it cannot run, while no other test loads BPF."""

    def ready(name: str) -> CaptureEngine:
        engine = engine_named(name)
        capability = engine.probe()
        if not capability.usable:
            pytest.skip(capability.reason)
        if name in OF_BPF:
            request.getfixturevalue("bpf_lock")
        return engine

    return ready


@pytest.fixture(scope="module")
def capturing(request: pytest.FixtureRequest, ready: Ready) -> CaptureEngine:
    """Each engine of the module."""
    return ready(request.param)


@pytest.fixture(scope="module")
def bpf(ready: Ready) -> CaptureEngine:
    return ready("ebpf")


@pytest.fixture(scope="module")
def bpf_lock(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that load BPF run side by side, as tracers do, but for modules that are ALONE."""
    alone = getattr(request.module, "ALONE", False)
    lock = os.open(BPF_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)
