"""aklo behind the wrapper: as it is without, and traced."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from aklo_trace import location, wrapper
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.meta import read
from aklo_trace.store import LIVE
from aklo_trace.summary import written

from .recording import await_that

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "aklo"
NO_METRICS = "IO_MONITORING_ENABLED=false"
Done = subprocess.CompletedProcess[str]


class Wrapped:
    """The example with a wrapper before it, in a project of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("before", "real"):
            (folder / name).mkdir()
        shutil.copytree(EXAMPLE, folder / "tool")
        self.project = folder / "tool" / "project"
        (folder / "real" / "aklo").symlink_to(folder / "tool" / "bin" / "aklo")
        self.own = wrapper.install(folder / "before")
        self.store = self.project / location.PROJECT_STORE

    def __call__(self, *words: str, wrapped: bool = True, path: str = "", **more: str) -> Done:
        names = ("before", "real") if wrapped else ("real",)
        search = ":".join([*(str(self.folder / name) for name in names), os.environ["PATH"]])
        environ = {**os.environ, "PATH": path or search, "HOME": str(self.folder), **more}
        return subprocess.run(
            ["aklo", *words],
            executable=shutil.which("aklo", path=path or search),
            cwd=self.project,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def traces(self) -> list[Path]:
        """Those that are finished, once all are."""
        await_that(lambda: not any(self.store.glob(f"*/{LIVE}")), "the tables")
        return location.traces(self.store)


@pytest.fixture
def wrapped(bpf: EbpfEngine) -> Iterator[Wrapped]:  # noqa: ARG001
    with TemporaryDirectory(dir="/dev/shm", prefix="aklo-trace-") as folder:
        Path(folder).chmod(0o755)
        yield Wrapped(Path(folder))


@pytest.mark.parametrize("words", [("--help",), ("nonsense",)])
def test_a_command_is_as_without_it_and_stored(wrapped: Wrapped, words: tuple[str, ...]) -> None:
    plain, found = wrapped(*words, wrapped=False), wrapped(*words)
    assert (found.stdout, found.stderr) == (plain.stdout, plain.stderr)
    assert found.returncode == plain.returncode
    (trace,) = wrapped.traces()
    assert read(trace).exit_status == plain.returncode
    await_that(lambda: written(trace), "the summary")


def test_status_ends_with_the_dashboard_unless_that_is_off(wrapped: Wrapped) -> None:
    plain, found = wrapped("status", wrapped=False), wrapped("status")
    assert found.stdout == plain.stdout
    assert "aklo-trace status" in found.stderr
    conf = wrapped.project / location.PROJECT_FILE
    conf.write_text("IO_DASHBOARD_ENABLED=false\n" + conf.read_text())
    assert wrapped("status").stderr == ""


def test_monitor_dashboard_is_ours(wrapped: Wrapped) -> None:
    assert wrapped("monitor", "dashboard").stdout.startswith("── aklo-trace status")


def test_the_caches_are_told_as_they_were_measured(wrapped: Wrapped) -> None:
    found = wrapped("cache", "benchmark", "--rounds", "1")
    assert found.stdout.startswith("Cache benchmark")
    assert "Measured by aklo-trace:" in found.stderr
    assert "parsed" in found.stderr
    status = wrapped("cache", "status")
    assert "over the recent commands" in status.stderr
    assert "parsed" in status.stderr


def test_it_can_be_turned_off(wrapped: Wrapped) -> None:
    conf = wrapped.project / location.PROJECT_FILE
    text = conf.read_text().replace("IO_MONITORING_ENABLED=true", NO_METRICS)
    conf.write_text(text)
    assert wrapped("status").stderr == ""
    assert location.traces(wrapped.store) == []


def test_an_aklo_within_aklo_is_traced_once(wrapped: Wrapped) -> None:
    inner = wrapped.folder / "real" / "aklo"
    inner.unlink()
    inner.write_text('#!/bin/sh\n[ "$1" = inner ] || aklo inner\ngrep CapEff /proc/self/status\n')
    inner.chmod(0o755)
    assert wrapped("outer").stdout.count("CapEff") == 2
    assert len(wrapped.traces()) == 1


@pytest.mark.parametrize("signo", [2, 15])
def test_a_signal_ends_it_as_without(wrapped: Wrapped, signo: int) -> None:
    inner = wrapped.folder / "real" / "aklo"
    inner.unlink()
    inner.write_text(f"#!/bin/sh\nkill -{signo} $$\n")
    inner.chmod(0o755)
    plain, found = wrapped("x", wrapped=False), wrapped("x")
    expected = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode
    assert found.returncode in (expected, plain.returncode)
    (trace,) = wrapped.traces()
    assert read(trace).signal == signo


def test_where_no_trace_can_be_written_it_steps_aside(wrapped: Wrapped) -> None:
    """With one line, and the command runs."""
    data = wrapped.folder / "data"
    data.write_text("no directory")
    conf = wrapped.project / location.PROJECT_FILE
    conf.write_text(f"IO_METRICS_DIR={data}\n" + conf.read_text())
    found = wrapped("config", "get", "PROJECT_NAME", XDG_DATA_HOME=str(data))
    assert (found.returncode, found.stdout) == (0, "Harbour: search # 1\n")
    assert "not traced: " in found.stderr
    assert len(found.stderr.splitlines()) <= 2  # the second says which place was tried first


def test_an_ordinary_user_runs_it_untraced_and_sees_what_is_stored(
    wrapped: Wrapped,
    public_python: str,
    monkeypatch: pytest.MonkeyPatch,
    passable: Callable[..., None],
) -> None:
    monkeypatch.setattr(sys, "executable", public_python)
    wrapper.install(wrapped.folder / "before")
    passable(wrapped.folder)
    search = f"{wrapped.folder}/before:{wrapped.folder}/real:/usr/bin:/bin"
    script = f"cd {wrapped.project} && PATH={search} HOME=/nonexistent aklo status"
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("Project: Harbour")
    assert "There is no trace yet" in done.stderr
    assert "strace" not in done.stderr
