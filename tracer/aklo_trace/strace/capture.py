"""Attaches strace to a process that is held before its exec.

strace does not launch the command itself: every engine has the same launcher, and the target is
nobody's child but the launcher's. What the launcher did before its exec is in the log too, and
is left out when the log is read (`read_logs(skip_until_exec_of=…)`).

What strace cannot hide from the target:

* `TracerPid` in /proc/self/status is strace's, and a ptrace(2) of the target's own fails;
* a setuid or setgid program, or one with file capabilities, that the target runs does not gain
  its privilege, unless strace itself is privileged;
* a stop by a signal, and the wait of the target's parent for it, take a detour through strace;
* every call costs at least two context switches and a few reads of the target's memory.

strace prints into a pipe, and `scribe` writes the log. It holds all arguments, and up to
`options.STRING_BYTES` of the data of every read and write: it is made with mode 0600, and
should go once it has been read.
"""

from __future__ import annotations

import errno
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace.engine import Capability
from aklo_trace.errors import CaptureError, EngineUnavailable, reason_of, remedy_of
from aklo_trace.strace import scribe
from aklo_trace.strace.options import OLDEST, STRING_BYTES, options, version_of

PROGRAM: Final = "strace"
ATTACH_TIMEOUT_S: Final = 10.0
STOP_TIMEOUT_S: Final = 5.0
_PROBE_TIMEOUT_S: Final = 5.0
_PAUSE_S: Final = 0.002
_MESSAGE_BYTES: Final = 4096
_INSTALL: Final = "install the package strace"
_YAMA: Final = Path("/proc/sys/kernel/yama/ptrace_scope")
_PRIVILEGED_ONLY: Final = 2


def probe() -> Capability:
    """Whether strace is here and may trace. Tries it on itself."""
    program = _program()
    if program is None:
        return Capability(False, "strace is not installed", _INSTALL)
    try:
        version = _version(program)
    except OSError as error:
        reason = f"{program} cannot be run: {reason_of(error)}"
        return Capability(False, reason, remedy_of(error))
    if version is None:
        return Capability(False, f"{program} does not tell its version", _INSTALL)
    number = ".".join(map(str, version))
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Capability(False, f"strace {number} is older than {oldest}", "install a newer one")
    refusal = _refusal(program)
    if refusal:
        return Capability(
            False,
            f"strace may not trace here ({refusal})",
            "in a container add the capability SYS_PTRACE; else set "
            "kernel.yama.ptrace_scope to 1 or 0, or put sudo before the command",
        )
    return Capability(True, f"strace {number} is here and may trace")


def _program() -> str | None:
    """Where strace is, also where PATH, which is the target's, leaves the system's programs out."""
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=os.defpath)


def _version(program: str) -> tuple[int, int] | None:
    """None if it is no strace that tells its version. Raises OSError."""
    try:
        said = subprocess.run(
            [program, "-V"], capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(errno.ETIMEDOUT, "it does not tell its version") from error
    return version_of(said.stdout.decode("ascii", "replace"))


def _refusal(program: str) -> str | None:
    """Why strace may not attach to a process; None if it may."""
    with suppress(OSError, ValueError):
        if int(_YAMA.read_text()) >= _PRIVILEGED_ONLY and os.geteuid() != 0:
            return f"{_YAMA} forbids it"
    try:
        tried = subprocess.run(
            [program, "-qq", "-e", "trace=none", "-o", os.devnull, program, "-V"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if tried.returncode == 0:
        return None
    return _last_line(tried.stderr) or f"it ends with status {tried.returncode}"


@dataclass(slots=True)
class Tracer:
    """strace at work on a process and its descendants, and who writes down what it says. If
    they die, the processes run on."""

    process: subprocess.Popen[bytes]
    scribe: scribe.Scribe

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> int:
        """End strace in order, within `STOP_TIMEOUT_S`: at once if it still follows processes,
        which it lets go; else it has nothing left and ends by itself. Gives its exit status,
        -n if signal n ended it, 0 if it ended because it was told to."""
        deadline, told = time.monotonic() + STOP_TIMEOUT_S, False
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
            elif not told and self._follows_someone():
                self.process.terminate()
                told = True
            time.sleep(_PAUSE_S)
        self.scribe.wait()
        status = self.process.returncode
        return 0 if told and status in (-signal.SIGTERM, 128 + signal.SIGTERM) else status

    def _follows_someone(self) -> bool:
        """Whether a process that it traces is alive."""
        needle = f"TracerPid:\t{self.pid}\n".encode()
        return any(
            needle in status and b"State:\tZ" not in status and b"State:\tX" not in status
            for status in _statuses()
        )


def attach(
    pid: int,
    log: scribe.LiveLog,
    *,
    calls: Sequence[str] | None = None,
    string_bytes: int = STRING_BYTES,
    leave: Callable[[], None] = lambda: None,
    clear: Callable[[], None] = lambda: None,
) -> Tracer:
    """Start strace on the held process `pid`, and return when it has it: nothing that the
    process does from now on is missed. It records `calls`, None meaning all, into `log`,
    with `string_bytes` of each string.

    strace has a session of its own, so that Ctrl-C and Ctrl-Z reach the target alone; so has
    the process that writes the log, which calls `leave` first, and `clear` when strace has ended.
    Raises EngineUnavailable if there is no strace, CaptureError if it cannot attach, OSError.
    """
    program = _program()
    version = _version(program) if program else None
    if program is None or version is None:
        raise EngineUnavailable(f"cannot trace process {pid}: strace is not installed; {_INSTALL}.")
    writer, pipe = scribe.start(log, leave, clear)
    messages, stderr = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)  # strace never waits for us to read
    wanted = options(version, calls, string_bytes)
    command = [program, *wanted, "-o", f"/proc/self/fd/{pipe}", "-p", str(pid)]
    try:
        tracer = Tracer(_started(command, pipe, stderr), writer)
    finally:
        os.close(pipe)
        os.close(stderr)
    _await_attached(tracer, pid, messages)
    os.close(messages)
    return tracer


def _started(command: list[str], pipe: int, stderr: int) -> subprocess.Popen[bytes]:
    """strace, which has `pipe` open."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**os.environ, "LC_ALL": "C", "NO_COLOR": "1"},
        start_new_session=True,
        pass_fds=(pipe,),
        preexec_fn=_take_signals,
    )


def _take_signals() -> None:
    """Whoever holds a target blocks all signals; strace must hear when it is to end. But not of
    a broken pipe: it would let go of everybody at once, and take a signal that was just on its
    way to one of them with it. So if nobody writes the log any more it goes on for nothing."""
    signal.pthread_sigmask(signal.SIG_SETMASK, (signal.SIGPIPE,))


def _await_attached(tracer: Tracer, pid: int, messages: int) -> None:
    """Wait for strace's word that it has the process: from then on the process stops before
    it can make a call."""
    needle, said = f"Process {pid} attached".encode(), b""
    deadline = time.monotonic() + ATTACH_TIMEOUT_S
    while needle not in said:
        ready, _, _ = select.select([messages], [], [], max(deadline - time.monotonic(), 0))
        more = os.read(messages, _MESSAGE_BYTES) if ready else b""
        if not more:
            tracer.process.kill()
            tracer.process.wait()
            tracer.scribe.wait()
            os.close(messages)
            reason = _last_line(said) or "it says nothing"
            raise CaptureError(
                f"strace cannot attach to process {pid}: {reason}. Is another tracer or "
                "debugger attached, or does /proc/sys/kernel/yama/ptrace_scope forbid it?"
            )
        said += more


def _statuses() -> list[bytes]:
    """/proc/PID/status of every process that can be read, threads included."""
    found = []
    for status in Path("/proc").glob("[0-9]*/task/[0-9]*/status"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(status.read_bytes())
    return found


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "backslashreplace").strip().splitlines()
    return lines[-1].removeprefix("strace: ") if lines else ""
