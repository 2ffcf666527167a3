"""Processes that are running and that somebody wants traced: which they are, and whether that may
be."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aklo_trace.ancestry import Process
from aklo_trace.engine import MOST_JOINED
from aklo_trace.errors import CaptureError, UsageError
from aklo_trace.threads import living_thread


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process by its pid, which stays its own as long as `pidfd` is not readable. `tid` is
    the thread by which /proc shows it."""

    pid: int
    pidfd: int
    tid: int


def pids_of(words: Sequence[str]) -> list[int]:
    """Pids from words such as ``12,34``, each once. Raises UsageError."""
    if not words:
        raise UsageError(
            "-p PID is missing: the process to attach to, as 'ps' or 'pgrep' shows it."
        )
    numbers = [number.strip() for word in words for number in word.split(",")]
    for number in numbers:
        if not (number.isdecimal() and number.isascii() and 0 < int(number) < 1 << 31):
            raise UsageError(f"-p: '{number}' is not the number of a process.")
    pids = list(dict.fromkeys(map(int, numbers)))
    if len(pids) > MOST_JOINED:
        raise UsageError(
            f"-p: {len(pids)} processes are more than can be asked for at once ({MOST_JOINED}); "
            "their descendants need not be named."
        )
    return pids


def find(pid: int) -> RunningProcess:
    """A process that may be traced by us. Raises CaptureError that says why not."""
    if pid == os.getpid():
        raise CaptureError(f"Process {pid} is aklo-trace itself, which cannot trace itself.")
    try:
        pidfd = os.pidfd_open(pid)
    except OSError as error:
        raise _not_found(pid, error) from error
    try:
        return RunningProcess(pid, pidfd, _checked(Process.read(pid)))
    except OSError as error:
        os.close(pidfd)
        raise CaptureError(f"Process {pid} has just ended.") from error
    except CaptureError:
        os.close(pidfd)
        raise


def _not_found(pid: int, error: OSError) -> CaptureError:
    if error.errno in (errno.EINVAL, errno.ENOENT):  # the latter since Linux 6.15
        try:
            process = Process.read(pid).status["Tgid"]
        except OSError:
            process = str(pid)
        if process != str(pid):
            return CaptureError(
                f"{pid} is a thread of process {process}: attach to that, with all its threads."
            )
    if error.errno in (errno.ESRCH, errno.EINVAL):
        return CaptureError(
            f"There is no process {pid} here. It has ended, or the number is from another pid "
            "namespace: a process of a container has one number inside and another outside (NSpid "
            f"in /proc/PID/status), and aklo-trace wants the one that 'ps -p {pid}' shows where "
            "it runs."
        )
    return CaptureError(f"Process {pid} cannot be opened: {error.strerror}.")


def _checked(process: Process) -> int:
    """The thread by which a process is looked at. Raises CaptureError if it may not be traced."""
    tid = living_thread(process.pid)
    name = f"Process {process.pid} ({process.status['Name']})"
    if tid is None:
        raise CaptureError(
            f"{name} has ended already; its parent, process {process.ppid}, has not taken note of "
            "it yet."
        )
    seen = Process.read(tid)
    if seen.status.get("Kthread") == "1" or "VmSize" not in seen.status:
        raise CaptureError(f"{name} is a thread of the kernel: it makes no system calls.")
    users = {int(uid) for uid in seen.status["Uid"].split()}
    if os.geteuid() != 0 and users != {os.geteuid()}:
        raise CaptureError(
            f"{name} runs as user {seen.uid}, or with another user's privilege: only root may "
            "trace it. Put sudo before the command."
        )
    try:
        Path(f"/proc/{tid}/exe").readlink()
    except PermissionError as error:
        raise CaptureError(f"{name} {_why_hidden(seen)}") from error
    return tid


def _why_hidden(process: Process) -> str:
    """Why the system lets us look at nothing of a process, and what to do about it. See ptrace(2)
    on access mode checking."""
    own = Process.read(os.getpid())
    ours, its = (int(one.status["CapPrm"], 16) for one in (own, process))
    if process.uid != own.uid:
        why = f"runs as user {process.uid}, and we may not look at what others run."
    elif its & ~ours:
        why = "has privileges that aklo-trace lacks, so we may look at nothing of it."
    else:
        why = (
            "hides from its own user: that user may not read the program, or the process has asked "
            "for it (PR_SET_DUMPABLE)."
        )
    if own.uid == 0:
        return f"{why} Run aklo-trace with the capability SYS_PTRACE, or outside of the container."
    return f"{why} Put sudo before the command."
