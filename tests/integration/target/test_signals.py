"""A signal sent to the tracer does to the target what it would have done untraced, once."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aklo_trace import ancestry
from aklo_trace.witness import PATIENCE_S

from .conftest import TIMEOUT_S

LAST = signal.SIGRTMAX

Process = subprocess.Popen[bytes]
Start = Callable[..., Process]


@pytest.fixture
def start(prefix: tuple[str, ...]) -> Iterator[Start]:
    """Start a command, traced or not, as the leader of a process group of its own."""
    started: list[Process] = []

    def start(*command: str | Path) -> Process:
        process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_S)


def line(process: Process) -> str:
    """The next line that it prints."""
    assert process.stdout
    assert select.select([process.stdout], [], [], TIMEOUT_S)[0], "nothing was printed"
    return process.stdout.readline().decode().rstrip("\n")


def rest(process: Process, answer: bytes | None = None) -> list[str]:
    """What it prints until it ends."""
    return process.communicate(answer, timeout=TIMEOUT_S)[0].decode().splitlines()


def settle(process: Process) -> None:
    """Wait until it has taken every signal."""
    deadline = time.monotonic() + TIMEOUT_S
    while int(ancestry.Process.read(process.pid).status["ShdPnd"], 16):
        assert time.monotonic() < deadline


@pytest.fixture
def taker(start: Start, workloads: Path) -> Process:
    process = start(workloads / "takes_signals")
    assert line(process) == "ready"
    return process


ALIKE = range(signal.SIGRTMIN + 2, signal.SIGRTMAX)
"""Real-time signals; the first two stand for all."""
OTHERWISE_TESTED = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT, LAST, *ALIKE}
FORWARDED = sorted(signal.valid_signals() - OTHERWISE_TESTED)


@pytest.mark.parametrize("signo", FORWARDED, ids=str)
def test_to_the_process_is_taken_once(taker: Process, signo: int) -> None:
    os.kill(taker.pid, signo)
    assert line(taker) == f"{signo} parent"
    os.kill(taker.pid, LAST)
    assert rest(taker) == []
    assert taker.returncode == 0


@pytest.mark.parametrize("signo", FORWARDED, ids=str)
def test_to_the_group_is_taken_once(taker: Process, signo: int) -> None:
    os.killpg(taker.pid, signo)
    assert line(taker).startswith(f"{signo} ")
    os.kill(taker.pid, LAST)
    assert rest(taker) == []
    assert taker.returncode == 0


def test_many_to_the_group_are_taken_once_each(taker: Process) -> None:
    for _ in range(200):
        os.killpg(taker.pid, signal.SIGUSR1)
        assert line(taker).startswith(f"{signal.SIGUSR1:d} ")
    os.kill(taker.pid, LAST)
    assert rest(taker) == []


def test_to_process_and_group_in_turn(taker: Process) -> None:
    """A signal to the process is not taken for an earlier one to the group."""
    for send in (os.kill, os.killpg, os.kill, os.killpg):
        send(taker.pid, signal.SIGUSR1)
        assert line(taker).startswith(f"{signal.SIGUSR1:d} ")
        settle(taker)
        time.sleep(2 * PATIENCE_S)
    os.kill(taker.pid, LAST)
    assert rest(taker) == []


def test_queued_signals_all_arrive(taker: Process) -> None:
    for _ in range(5):
        os.kill(taker.pid, signal.SIGRTMIN)
    os.kill(taker.pid, LAST)
    assert rest(taker) == [f"{signal.SIGRTMIN:d} parent"] * 5


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR2])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_a_fatal_signal_ends_the_target(
    start: Start, prefix: tuple[str, ...], signo: signal.Signals, send: Callable[[int, int], None]
) -> None:
    process = start("sh", "-c", "echo ready; read _")
    assert line(process) == "ready"
    send(process.pid, signo)
    assert process.wait(TIMEOUT_S) == (128 + signo if prefix else -signo)


def test_signals_of_the_target_to_its_parent(prefix: tuple[str, ...], tmp_path: Path) -> None:
    """$PPID is the tracer; what is sent there reaches the parent that is meant."""
    script = """trap 'echo caught' USR1; "$@" sh -c 'kill -USR1 $PPID; exit 3'; echo $?"""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *prefix], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("caught\n3\n", "")


def test_the_last_signal_of_the_target_to_its_parent(tracer: tuple[str, ...]) -> None:
    """It waits with the news of the target's end, and comes after it in the order of numbers."""
    taken: list[int] = []
    before = signal.signal(signal.SIGWINCH, lambda signo, _: taken.append(signo))
    script = "echo $$; kill -STOP $PPID; kill -WINCH $PPID"
    with subprocess.Popen([*tracer, "sh", "-c", script], stdout=subprocess.PIPE, bufsize=0) as it:
        target = int(line(it))
        while ancestry.Process.read(target).status["State"][0] != "Z":
            pass
        it.send_signal(signal.SIGCONT)
        assert it.wait(TIMEOUT_S) == 0
    signal.signal(signal.SIGWINCH, before)
    assert taken == [signal.SIGWINCH]


def test_signal_of_the_target_to_its_group(start: Start) -> None:
    process = start("bash", "-c", 'trap "echo taken" USR1; kill -USR1 0; read _; echo end')
    assert line(process) == "taken"
    assert rest(process, b"\n") == ["end"]


@pytest.mark.parametrize("foreground", [(), ("--foreground",)])
def test_timeout_around_it(prefix: tuple[str, ...], foreground: tuple[str, ...]) -> None:
    script = 'trap "echo term; exit 5" TERM; echo ready; while :; do read _; done <&7'
    reading, writing = os.pipe()
    done = subprocess.run(
        [
            "timeout",
            *foreground,
            "-s",
            "TERM",
            "2",
            *prefix,
            "bash",
            "-c",
            script.replace("7", str(reading)),
        ],
        pass_fds=[reading, writing],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    os.close(reading)
    os.close(writing)
    assert (done.stdout, done.returncode) == ("ready\nterm\n", 124)


class TestStopping:
    """What a shell with job control sees of a target that stops."""

    @pytest.fixture
    def reader(self, start: Start) -> Process:
        process = start(
            "sh", "-c", "trap 'echo continued' CONT; echo $$; until read l; do :; done; echo $l"
        )
        self.target = int(line(process))
        return process

    def stopped_by(self, process: Process) -> int:
        deadline = time.monotonic() + TIMEOUT_S
        while not (ended := os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG))[0]:
            assert time.monotonic() < deadline, "it did not stop"
        assert os.WIFSTOPPED(ended[1])
        return os.WSTOPSIG(ended[1])

    def finish(self, process: Process) -> list[str]:
        return rest(process, b"x\n")

    @pytest.mark.parametrize("signo", [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU])
    @pytest.mark.parametrize("send", [os.kill, os.killpg])
    def test_stops_and_continues(
        self,
        reader: Process,
        signo: signal.Signals,
        send: Callable[[int, int], None],
    ) -> None:
        for _ in range(10):
            send(reader.pid, signo)
            assert self.stopped_by(reader) == signo
            send(reader.pid, signal.SIGCONT)
            assert line(reader) == "continued"
        assert self.finish(reader) == ["x"]
        assert reader.returncode == 0

    def test_group_is_stopped_for_good(self, reader: Process) -> None:
        os.killpg(reader.pid, signal.SIGSTOP)
        assert self.stopped_by(reader) == signal.SIGSTOP
        os.killpg(reader.pid, signal.SIGCONT)
        assert line(reader) == "continued"
        assert self.finish(reader) == ["x"]

    def test_target_alone_is_stopped(self, reader: Process) -> None:
        os.kill(self.target, signal.SIGSTOP)
        assert self.stopped_by(reader) == signal.SIGSTOP
        os.kill(reader.pid, signal.SIGCONT)
        assert line(reader) == "continued"
        assert self.finish(reader) == ["x"]

    def test_target_alone_is_continued(self, reader: Process) -> None:
        os.kill(self.target, signal.SIGSTOP)
        assert self.stopped_by(reader) == signal.SIGSTOP
        os.kill(self.target, signal.SIGCONT)
        assert line(reader) == "continued"
        assert self.finish(reader) == ["x"]

    def test_target_is_killed_while_stopped(self, reader: Process, prefix: tuple[str, ...]) -> None:
        os.kill(self.target, signal.SIGSTOP)
        assert self.stopped_by(reader) == signal.SIGSTOP
        os.kill(self.target, signal.SIGKILL)
        assert reader.wait(TIMEOUT_S) == (137 if prefix else -9)

    def test_stops_itself_again_at_once(self, start: Start) -> None:
        process = start("sh", "-c", "for i in 1 2 3 4 5; do kill -STOP $$; done; echo end")
        for _ in range(5):
            assert self.stopped_by(process) == signal.SIGSTOP
            os.killpg(process.pid, signal.SIGCONT)
        assert rest(process) == ["end"]
