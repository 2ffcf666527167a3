"""The life of a held target: nothing runs before its release, and it outlives its holder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from aklo_trace.ancestry import Process

from .conftest import DRIVER, TIMEOUT_S, is_root

MARK = ("sh", "-c", "echo $$ >draft; mv draft ran")


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + TIMEOUT_S
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} was not made"
        time.sleep(0.01)
    return file.read_text()


@contextmanager
def held(
    folder: Path, *command: str, before: tuple[str, ...] = ()
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The driver, and the pid of the target that it holds until `folder/held` is removed."""
    process = subprocess.Popen(
        [*before, *DRIVER, "--held", folder / "held", "--", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    target = int(wait_for(folder / "held").split()[1])
    try:
        yield process, target
    finally:
        for pid in (process.pid, target):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_S)


def release(folder: Path) -> None:
    (folder / "held").unlink()


def test_nothing_runs_before_the_release(tmp_path: Path) -> None:
    with held(tmp_path, *MARK) as (process, target):
        assert Process.read(target).cmdline() == Process.read(process.pid).cmdline()
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 0
        assert (tmp_path / "ran").read_text() == f"{target}\n"


def test_closed_standard_streams_do_not_open_the_barrier(tmp_path: Path) -> None:
    closing = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    with held(tmp_path, *MARK, before=closing) as (process, target):
        launcher = Process.read(process.pid).cmdline()
        for _ in range(100):  # an open barrier would not take as long
            assert Process.read(target).cmdline() == launcher
            assert not (tmp_path / "ran").exists()
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 0
        assert (tmp_path / "ran").exists()


def test_target_runs_if_its_holder_is_killed(tmp_path: Path) -> None:
    with held(tmp_path, *MARK) as (process, target):
        process.kill()
        assert wait_for(tmp_path / "ran") == f"{target}\n"


def test_target_goes_on_if_its_holder_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    script = "echo >started; read line <fifo; echo $line >draft; mv draft ran"
    with held(tmp_path, "sh", "-c", script) as (process, _):
        release(tmp_path)
        wait_for(tmp_path / "started")
        process.kill()
        process.wait(TIMEOUT_S)
        (tmp_path / "fifo").write_text("went on\n")
        assert wait_for(tmp_path / "ran") == "went on\n"


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_release_is_the_targets(tmp_path: Path, signo: int) -> None:
    with held(tmp_path, *MARK) as (process, target):
        os.kill(target, signo)
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 128 + signo
        assert not (tmp_path / "ran").exists()


def test_a_signal_to_the_holder_before_the_release_arrives(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with held(tmp_path, "sh", "-c", "read line <fifo") as (process, _):
        process.terminate()
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 128 + signal.SIGTERM


def test_a_program_that_vanished_while_held(tmp_path: Path) -> None:
    program = Path(shutil.copy("/bin/true", tmp_path / "program"))
    with held(tmp_path, "./program") as (process, _):
        program.unlink()
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 127
        assert process.stderr
        assert "'./program': No such file" in process.stderr.read()


def test_a_program_that_was_opened_for_writing_while_held(tmp_path: Path) -> None:
    program = Path(shutil.copy("/bin/true", tmp_path / "program"))
    with held(tmp_path, "./program") as (process, _), program.open("ab"):
        release(tmp_path)
        assert process.wait(TIMEOUT_S) == 126
        assert process.stderr
        assert "'./program': Text file busy" in process.stderr.read()


FAULTY = """
import ctypes, os, signal, sys, time
from pathlib import Path
from aklo_trace.identity import invoking
from aklo_trace.supervise import exit_as, supervise
from aklo_trace.syscalls import by_name
from aklo_trace.target import hold

SI_KERNEL = 0x80

def is_sent_by_the_kernel(signo):
    info = (ctypes.c_int * 32)(signo, 0, SI_KERNEL)
    number = by_name()["rt_sigqueueinfo"].numbers[os.uname().machine]
    assert ctypes.CDLL(None).syscall(number, os.getpid(), signo, info) == 0

held = hold([os.fsencode(word) for word in sys.argv[2:]], invoking())
held.release()
while not Path("ready").exists():
    time.sleep(0.01)
if sys.argv[1] == "real":
    ctypes.string_at(0)
for name in sys.argv[1].split():
    is_sent_by_the_kernel(getattr(signal, "SIG" + name))
Path("sent").touch()
exit_as(supervise(held))
"""
FAULTS = "SEGV BUS FPE ILL TRAP SYS XCPU"
TAKES_THEM = f"""
trap 'echo taken' {FAULTS}; mkfifo fifo; : >ready
until read line <fifo; do :; done; echo $line >draft; mv draft ran
"""


@contextmanager
def faulty(folder: Path, faults: str) -> Iterator[subprocess.Popen[str]]:
    """What supervises a target that takes faults, and has these itself."""
    command = [sys.executable, "-c", FAULTY, faults, "bash", "-c", TAKES_THEM]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    wait_for(folder / "ready")
    yield process
    (folder / "fifo").write_text("went on\n")
    assert wait_for(folder / "ran") == "went on\n"
    assert process.communicate(timeout=TIMEOUT_S)[0] == ""


def test_what_the_kernel_sends_the_holder_for_its_own_doings_is_not_the_targets(
    tmp_path: Path,
) -> None:
    with faulty(tmp_path, FAULTS) as process:
        wait_for(tmp_path / "sent")
        deadline = time.monotonic() + TIMEOUT_S
        while not waits_for_signals(process.pid):
            assert time.monotonic() < deadline
    assert process.returncode == 0


def waits_for_signals(pid: int) -> bool:
    status = Process.read(pid).status
    return not int(status["ShdPnd"], 16) and status["State"].startswith("S")


def test_a_fault_of_the_holder_is_not_the_targets(tmp_path: Path) -> None:
    with faulty(tmp_path, "real") as process:
        assert process.wait(TIMEOUT_S) == -signal.SIGSEGV


CANCELLED = """
import os, signal
from aklo_trace.identity import invoking
from aklo_trace.target import hold
held = hold([b"touch", b"ran"], invoking())
held.cancel()
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), len(os.listdir("/proc/self/fd")))
try:
    os.wait()
except ChildProcessError:
    print("no children")
"""


def test_a_cancelled_target_never_runs_and_leaves_nothing(tmp_path: Path) -> None:
    script = CANCELLED.replace(
        "held.cancel()", "held.cancel()\nhold([b'true'], invoking()).cancel()"
    )
    once, twice = (
        subprocess.run(
            [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        for text in (CANCELLED, script)
    )
    assert once == twice
    assert once.startswith("set() ")
    assert once.endswith("no children\n")
    assert list(tmp_path.iterdir()) == []


UNABLE = """
from aklo_trace.identity import drop_privileges, invoking, of_user
from aklo_trace.target import hold
held = hold([b"touch", b"ran"], invoking())
drop_privileges(of_user(65534))
held.cancel()
"""


@pytest.mark.skipif(not is_root(), reason="needs root, to have privileges to give up")
def test_a_cancelled_target_that_can_not_be_killed_never_runs(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", UNABLE], cwd=tmp_path, check=True, timeout=TIMEOUT_S)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (["no-such"], 127, "cannot run 'no-such': not found in PATH (/bin:/empty)"),
        (["./no-such"], 127, "cannot run './no-such': No such file or directory"),
        (["/etc/passwd"], 126, "cannot run '/etc/passwd': Permission denied"),
        (["denied"], 126, "cannot run './denied': Permission denied"),
    ],
)
def test_a_command_that_can_not_be_run_is_explained(
    tmp_path: Path, command: list[str], status: int, message: str
) -> None:
    (tmp_path / "denied").touch()
    path = ".:/bin" if command == ["denied"] else "/bin:/empty"
    done = subprocess.run(
        [*DRIVER, "--", *command],
        cwd=tmp_path,
        env={"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert message in done.stderr


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_one_execve_follows_the_release(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "denied").mkdir()
    (tmp_path / "denied" / "true").touch()
    command = ["strace", "-ff", "-o", str(log), *DRIVER, "--", "true"]
    environ = os.environ | {"PATH": f"/nowhere:{tmp_path}/denied:{os.defpath}"}
    subprocess.run(command, env=environ, check=True, timeout=TIMEOUT_S)
    logs = [file.read_text() for file in tmp_path.glob("log.*")]
    target = next(text for text in logs if 'execve("/bin/true"' in text)
    calls = re.findall(r"^(\w+)\(", target, re.MULTILINE)
    execve = calls.index("execve")
    assert calls[execve - 2 : execve + 1] == ["write", "read", "execve"]
    assert calls.count("execve") == 1
