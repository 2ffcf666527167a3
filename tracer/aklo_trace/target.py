"""The program to trace: forked, made ready as if a shell had started it, and held.

Until it is released it waits in read(2) on a pipe, the barrier; then it makes one execve(2)
and nothing else. If the process that holds it dies, the barrier opens and the target runs,
untraced. Who holds it can also cancel it, whatever privilege it has given up since.

What stays different from being started by the shell: the parent's pid; that the target is
not the leader of its process group even where the shell made a group for it; and that its
peak memory and CPU time include the few megabytes and milliseconds of the forked Python.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aklo_trace.errors import (
    AkloTraceError,
    CaptureError,
    TargetError,
    UsageError,
    reason_of,
    remedy_of,
)
from aklo_trace.heir import CANCELLED, READY, Heir
from aklo_trace.identity import Identity
from aklo_trace.waiting_signals import block_signals, unblock_signals
from aklo_trace.witness import Witness


@dataclass(slots=True)
class HeldTarget:
    """A target that waits for its release.

    While it exists every signal is blocked in this process: those that come are meant for
    the target, and wait for `supervise`. Processes forked meanwhile inherit that; they must
    call `leave()`, or the death of this process would not open the barrier.
    """

    pid: int
    pidfd: int
    witness: Witness
    _barrier: int
    _report: int
    _mask: set[signal.Signals | int]
    started_ns: int = 0

    def release(self) -> None:
        """Let it run. The clock of the run starts here."""
        self.started_ns = time.time_ns()
        self._open_barrier(READY)

    def cancel(self) -> None:
        """End it before it begins, also if we may not kill it any more."""
        self._open_barrier(CANCELLED)
        with suppress(PermissionError):  # it is another user's; it ends by itself
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.dismiss()
        self.unblock_signals()

    def leave(self) -> None:
        """Let go of it, in a process forked from the one that holds it. `pidfd` stays."""
        os.close(self._barrier)
        os.close(self._report)
        self.witness.leave()

    def failure(self) -> AkloTraceError | None:
        """Why it could not be executed after its release; asked once, when it has ended."""
        report = _read_all(self._report)
        return _failure(report) if report else None

    def dismiss(self) -> None:
        """Free what belongs to a target that has ended."""
        os.close(self._report)
        os.close(self.pidfd)
        self.witness.dismiss()

    def unblock_signals(self) -> None:
        """Take signals again. What came for the target and too late for it is dropped."""
        unblock_signals(self._mask)

    def _open_barrier(self, word: bytes) -> None:
        with suppress(BrokenPipeError):  # it has been killed; supervise() will see it
            os.write(self._barrier, word)
        os.close(self._barrier)


def hold(argv: Sequence[bytes], identity: Identity, *, ptracer: bool = False) -> HeldTarget:
    """Start the program `argv` as `identity` and hold it before its first instruction.

    Call it before anything else changes dispositions, the mask or privileges of this
    process. With `ptracer` a process of the same user may attach to the held target where
    Yama would not let it.

    Raises UsageError if `argv` is no command, TargetError if there is no such program to
    execute, CaptureError if this process may not fork or become that user.
    """
    if not argv or any(b"\0" in argument for argument in argv):
        raise UsageError("no command to trace, or a NUL in its arguments; say: aklo-trace -- CMD")
    _occupy_standard_descriptors()
    mask = block_signals()
    try:
        held = _fork(Heir(argv, identity, mask, ptracer), identity, mask)
    except OSError as error:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise CaptureError(
            f"No process can be started for the target: {reason_of(error)}. "
            f"{remedy_of(error).capitalize()}."
        ) from error
    verdict = os.read(held._report, 1)
    if verdict != READY:
        verdict += _read_all(held._report)
        held.cancel()
        raise _failure(verdict)
    return held


def abandon_inherited_files() -> None:
    """Let go of the descriptors that are the target's: all that were passed to us but stderr.

    Else a pipe that the target closes would stay open, and the process at its other end
    would wait for us. Call it once the target is held.
    """
    for name in Path("/proc/self/fd").iterdir():
        descriptor = int(name.name)
        with suppress(OSError):  # the descriptor that listed them
            if descriptor > 2 and os.get_inheritable(descriptor):
                os.close(descriptor)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0, inheritable=False)
    os.dup2(null, 1, inheritable=False)
    os.close(null)


def _fork(heir: Heir, identity: Identity, mask: set[signal.Signals | int]) -> HeldTarget:
    waiting, barrier = os.pipe()
    report, reporting = os.pipe()
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # else nobody could wait for it
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(barrier)
        heir.succeed(waiting, reporting)
    os.close(waiting)
    os.close(reporting)
    heir.disinherit()
    pidfd = os.pidfd_open(pid)
    try:
        witness = Witness(identity, pid, pidfd)
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    return HeldTarget(pid, pidfd, witness, barrier, report, mask)


def _occupy_standard_descriptors() -> None:
    """Put something where stdin, stdout or stderr is closed, so that no file of ours lands
    there; it is close-on-exec, so the target still finds them closed."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 4096), b""))


def _failure(report: bytes) -> AkloTraceError:
    if not report:
        return CaptureError("the process for the target was ended before it could run")
    status, message = report[0], report[1:].decode("utf-8", "replace")
    if status == CaptureError.exit_status:
        return CaptureError(message)
    return TargetError(message, status)
