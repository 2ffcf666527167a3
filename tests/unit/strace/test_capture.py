"""strace attached to a process that is held, as the launcher holds the target."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from aklo_trace.errors import CaptureError, EngineUnavailable
from aklo_trace.strace import capture
from aklo_trace.strace.capture import Tracer, probe
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.options import STRING_BYTES, options, version_of
from aklo_trace.strace.scribe import LiveLog
from aklo_trace.strace.sources import LogSource

from .readable import Readable, readable

PATIENCE_S = 20.0
CAPABILITY = probe()
needs_strace = pytest.mark.skipif(not CAPABILITY.usable, reason=CAPABILITY.reason)

HOLD = """
import os, sys
os.read(0, 1)
os.dup2(os.open(os.devnull, os.O_RDWR), 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@dataclass
class Held:
    """A process that waits for a byte, and then is the command."""

    process: subprocess.Popen[bytes]

    def release(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"!")
        self.process.stdin.close()
        self.process.stdin = None


@pytest.fixture
def hold() -> Iterator[Callable[..., Held]]:
    processes = []

    def start(*argv: str) -> Held:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return Held(process)

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def tracers() -> Iterator[list[Tracer]]:
    """Whatever a test does, no strace is left."""
    started: list[Tracer] = []
    yield started
    for tracer in started:
        if tracer.process.poll() is None:
            tracer.process.kill()
        tracer.process.wait()
        tracer.scribe.wait()


def attach(pid: int, log: Path, calls: Sequence[str] | None = None) -> Tracer:
    """strace on a process, with files beside the log."""
    live = LiveLog(log, log.with_suffix(".unwritten"))
    return capture.attach(pid, live, calls=calls)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def log_of(path: Path, pid: int) -> Readable:
    return readable(read_logs([LogSource(path)], workers=0, skip_until_exec_of=pid))


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@needs_strace
def test_the_target_is_traced_from_its_exec_on_and_the_launcher_is_not(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sh", "-c", "exit 7", "x y")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    held.release()
    assert held.process.wait() == 7
    assert tracers[0].stop() == 0
    found = log_of(tmp_path / "log", held.process.pid)
    assert next(event["syscall"] for event in found.events) == "execve"
    assert [event["syscall"] for event in found.events][-1] == "exit_group"
    assert found.started(held.process.pid)["ts_ns"] == found.events[0]["ts_ns"]
    assert found.of_type("ImageStart")[0]["argv"] == ["sh", "-c", "exit 7", "x y"]
    assert (found.statistics.root_pid, found.statistics.exit_status) == (held.process.pid, 7)
    assert found.statistics.unparsed_lines == 0


@needs_strace
def test_a_target_that_is_released_at_once_loses_nothing(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    for turn in range(5):
        held = hold("true")
        tracers.append(attach(held.process.pid, tmp_path / f"log{turn}"))
        held.release()
        held.process.wait()
        assert tracers[-1].stop() == 0
        found = log_of(tmp_path / f"log{turn}", held.process.pid)
        assert found.events[0]["syscall"] == "execve"


@needs_strace
def test_only_the_calls_that_are_asked_for_are_recorded(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sh", "-c", "cat /dev/null; true")
    calls = ["execve", "exit_group", "clone", "vfork", "fork", "clone3", "wait4", "nosuchcall"]
    tracers.append(attach(held.process.pid, tmp_path / "log", calls=calls))
    held.release()
    held.process.wait()
    tracers[0].stop()
    found = log_of(tmp_path / "log", held.process.pid)
    assert {event["syscall"] for event in found.events} <= set(calls)
    assert len(found.of_type("ProcessEnd")) == 2


@needs_strace
def test_a_long_argument_is_whole_and_a_longer_one_is_marked(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    long, longer = "x" * STRING_BYTES, "y" * (STRING_BYTES + 1)
    for turn, word in enumerate((long, longer)):
        held = hold("true", word)
        tracers.append(attach(held.process.pid, tmp_path / f"log{turn}"))
        held.release()
        held.process.wait()
        tracers[-1].stop()
        image = log_of(tmp_path / f"log{turn}", held.process.pid).of_type("ImageStart")[0]
        assert image["argv"] == ["true", word[:STRING_BYTES]]
        assert ("flags" in image) == (word == longer)


@needs_strace
def test_daemons_that_outlive_the_target_are_let_go(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    held.release()
    assert held.process.stdout
    daemon = int(held.process.stdout.readline())
    try:
        held.process.wait()
        assert tracers[0].stop() == 0
        assert "TracerPid:\t0\n" in Path(f"/proc/{daemon}/status").read_text()
        assert state_of(daemon) in "SR"
    finally:
        os.kill(daemon, signal.SIGKILL)
    found = log_of(tmp_path / "log", held.process.pid)
    assert found.statistics.exit_status == 0
    assert found.statistics.unparsed_lines == 0


@needs_strace
def test_the_target_runs_on_when_strace_dies(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    held = hold("sh", "-c", f"echo ready; read line < {tmp_path}/fifo; /bin/true; exit 9")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    held.release()
    assert held.process.stdout
    assert held.process.stdout.readline() == b"ready\n"
    tracers[0].process.kill()
    assert tracers[0].process.wait() == -signal.SIGKILL
    (tmp_path / "fifo").write_text("go on\n")
    assert held.process.wait() == 9
    assert tracers[0].stop() == -signal.SIGKILL


@needs_strace
def test_no_call_and_no_signal_of_the_target_is_lost_when_nobody_writes_the_log(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sh", "-c", "(sleep 600 & echo $!; wait $!; exit 8); s=$?; /bin/true; exit $s")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    held.release()
    assert held.process.stdout
    sleeper = int(held.process.stdout.readline())
    wait_until(lambda: b'["sleep", "600"]' in (tmp_path / "log").read_bytes())
    os.kill(tracers[0].scribe.pid, signal.SIGKILL)
    os.waitid(os.P_PID, tracers[0].scribe.pid, os.WEXITED | os.WNOWAIT)
    os.kill(sleeper, signal.SIGTERM)
    assert held.process.wait(PATIENCE_S) == 8
    assert tracers[0].stop() == 0
    assert tracers[0].scribe.status == signal.SIGKILL
    found = log_of(tmp_path / "log", held.process.pid)
    assert found.of_type("ImageStart")[-1]["argv"] == ["sleep", "600"]


@needs_strace
def test_strace_says_as_much_as_it_likes_and_nobody_need_listen(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sh", "-c", "i=0; while [ $((i += 1)) -lt 3000 ]; do (:); done")
    tracers.append(attach(held.process.pid, tmp_path / "log", ["execve", "clone"]))
    held.release()
    assert held.process.wait() == 0
    assert tracers[0].stop() == 0
    assert len(log_of(tmp_path / "log", held.process.pid).of_type("ProcessEnd")) == 3000


@needs_strace
def test_signals_of_the_terminal_do_not_reach_strace(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sleep", "600")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    assert os.getsid(tracers[0].pid) == os.getpgid(tracers[0].pid) == tracers[0].pid
    held.release()
    held.process.send_signal(signal.SIGINT)
    assert held.process.wait() == -signal.SIGINT
    assert tracers[0].stop() == 0
    assert log_of(tmp_path / "log", held.process.pid).statistics.signal == signal.SIGINT


@needs_strace
def test_strace_can_be_stopped_though_its_starter_blocks_all_signals(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("sleep", "600")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        tracers.append(attach(held.process.pid, tmp_path / "log"))
        held.release()
        wait_until(lambda: b"execve" in (tmp_path / "log").read_bytes())
        assert tracers[0].stop() == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert held.process.poll() is None


@needs_strace
def test_the_log_is_for_its_owner_alone_and_never_replaces_a_file(
    hold: Callable[..., Held], tracers: list[Tracer], tmp_path: Path
) -> None:
    held = hold("true")
    tracers.append(attach(held.process.pid, tmp_path / "log"))
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        attach(held.process.pid, tmp_path / "log")
    held.release()


@needs_strace
def test_a_process_that_is_gone_is_named_with_the_reason(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with pytest.raises(CaptureError, match=rf"process {gone.pid}: .*No such process"):
        attach(gone.pid, tmp_path / "log")


def test_without_strace_the_probe_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(os, "defpath", "/nonexistent")
    capability = probe()
    assert not capability.usable
    assert "not installed" in capability.reason
    assert "strace" in capability.fix


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo something else", "does not tell its version"),
        ("echo strace -- version 4.5", "older than"),
        (
            '[ "$1" = -V ] && { echo strace -- version 6.1; exit; }\n'
            "echo strace: no can do >&2; exit 1",
            "no can do",
        ),
    ],
)
def test_the_probe_says_why_a_strace_cannot_be_used(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / capture.PROGRAM
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    capability = probe()
    assert not capability.usable
    assert reason in capability.reason
    assert capability.fix


@needs_strace
@pytest.mark.parametrize(("scope", "usable"), [("1", True), ("2", False), ("3", False)])
def test_yama_can_forbid_it_to_those_without_privilege(
    scope: str, usable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scope").write_text(f"{scope}\n")
    monkeypatch.setattr(capture, "_YAMA", tmp_path / "scope")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert probe().usable == usable


def test_without_strace_nothing_can_be_attached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(os, "defpath", "/nonexistent")
    with pytest.raises(EngineUnavailable, match="not installed"):
        attach(1, tmp_path / "log")


def test_options_follow_the_version() -> None:
    assert version_of("strace -- version 6.1\nCopyright") == (6, 1)
    assert version_of("strace -- version 5.16.0.27.a7ea") == (5, 16)
    assert version_of("bash 5") is None
    old, new = options((5, 5), None), options((5, 6), None)
    assert ("-ttt" in old, "-ttt" in new) == (True, False)
    assert "--seccomp-bpf" not in [*old, *new]
    assert options((6, 1), ["read", "write"])[-2:] == ["-e", "trace=?read,?write"]


def test_why_strace_cannot_be_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(capture.subprocess, "run", refuse)
    found = probe()
    assert not found.usable
    assert "Too many open files" in found.reason
    assert "ulimit -n" in found.fix


@needs_strace
@pytest.mark.parametrize("name", ["|touch made", "!touch made"])
def test_a_log_is_never_taken_for_a_command(
    name: str,
    hold: Callable[..., Held],
    tracers: list[Tracer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ``strace -o '|COMMAND'`` would take it."""
    monkeypatch.chdir(tmp_path)
    held = hold("true")
    tracers.append(attach(held.process.pid, Path(name)))
    held.release()
    held.process.wait()
    tracers[0].stop()
    assert {path.name for path in tmp_path.iterdir()} == {name, f"{name}.unwritten"}
    assert log_of(Path(name), held.process.pid).events
