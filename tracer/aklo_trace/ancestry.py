"""The processes above this one, as /proc shows them."""

from __future__ import annotations

import os
import resource
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Limits = dict[int, tuple[int, int]]
"""Soft and hard limit by resource; `resource.RLIM_INFINITY` is none."""

_LIMIT_NAMES: Final = {
    "Max cpu time": resource.RLIMIT_CPU,
    "Max file size": resource.RLIMIT_FSIZE,
    "Max data size": resource.RLIMIT_DATA,
    "Max stack size": resource.RLIMIT_STACK,
    "Max core file size": resource.RLIMIT_CORE,
    "Max resident set": resource.RLIMIT_RSS,
    "Max processes": resource.RLIMIT_NPROC,
    "Max open files": resource.RLIMIT_NOFILE,
    "Max locked memory": resource.RLIMIT_MEMLOCK,
    "Max address space": resource.RLIMIT_AS,
    "Max file locks": 10,
    "Max pending signals": resource.RLIMIT_SIGPENDING,
    "Max msgqueue size": resource.RLIMIT_MSGQUEUE,
    "Max nice priority": resource.RLIMIT_NICE,
    "Max realtime priority": resource.RLIMIT_RTPRIO,
    "Max realtime timeout": resource.RLIMIT_RTTIME,
}

_SUDO_NAMES: Final = ("sudo", "sudo-rs")
WRAPPED: Final = b"wrapped"
"""The verb by which the wrapper has us run the real aklo, which is the word behind it."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process, at the moment when it was read. Fields are those of proc_pid_status(5)."""

    pid: int
    status: dict[str, str]

    @classmethod
    def read(cls, pid: int) -> Process:
        """Raises OSError if there is no such process, or it may not be seen."""
        text = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
        return cls(pid, dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line))

    @property
    def ppid(self) -> int:
        return int(self.status["PPid"])

    @property
    def uid(self) -> int:
        return int(self.status["Uid"].split()[0])

    @property
    def groups(self) -> tuple[int, ...]:
        return tuple(int(group) for group in self.status["Groups"].split())

    @property
    def umask(self) -> int:
        return int(self.status["Umask"], 8)

    @property
    def is_stopped(self) -> bool:
        return self.status["State"][0] in "Tt"

    def ignores(self, signo: int) -> bool:
        return bool(int(self.status["SigIgn"], 16) >> (signo - 1) & 1)

    def cmdline(self) -> list[bytes]:
        return _strings(Path(f"/proc/{self.pid}/cmdline"))

    def environ(self) -> tuple[bytes, ...]:
        """The environment that it was started with, byte by byte."""
        return tuple(_strings(Path(f"/proc/{self.pid}/environ")))

    def limits(self) -> Limits:
        lines = Path(f"/proc/{self.pid}/limits").read_text("ascii").splitlines()[1:]
        values = ((line[:25].rstrip(), line[25:].split()[:2]) for line in lines)
        return {
            _LIMIT_NAMES[name]: (_limit(soft), _limit(hard))
            for name, (soft, hard) in values
            if name in _LIMIT_NAMES
        }

    @property
    def program(self) -> str:
        """The name of the file that it runs; of the process if the file is not shown to us,
        as in a container without CAP_SYS_PTRACE."""
        try:
            return Path(f"/proc/{self.pid}/exe").readlink().name.removesuffix(" (deleted)")
        except PermissionError:
            return self.status["Name"]

    @property
    def is_sudo(self) -> bool:
        """Whether it runs sudo: a program of that name which is set-user-ID root."""
        if self.program not in _SUDO_NAMES:
            return False
        try:
            status = Path(f"/proc/{self.pid}/exe").stat()
        except PermissionError:
            return True
        return status.st_uid == 0 and bool(status.st_mode & stat.S_ISUID)


def _strings(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\0")[:-1]


def _limit(text: str) -> int:
    return resource.RLIM_INFINITY if text == "unlimited" else int(text)


def ancestors() -> Iterator[Process]:
    """The parent of this process, its parent, and so on as far as they can be seen."""
    pid = os.getppid()
    while pid > 0:
        try:
            process = Process.read(pid)
        except OSError:
            return
        yield process
        pid = process.ppid


def sudo_that_ran_us() -> Process | None:
    """The sudo that was asked to run this very command line, or the aklo that we stand in for; None
    if we were not run by one.

    A process below a root shell that sudo started is not "run by sudo": there root is what
    the user asked for. With `use_pty` sudo forks a monitor, which is not the one we mean:
    it is the one whose environment and parent are the user's own.
    """
    found: Process | None = None
    for process in ancestors():
        if found and not (process.is_sudo and process.cmdline() == found.cmdline()):
            break
        if process.is_sudo:
            found = process
    return None if found is None or words_before_ours(found) is None else found


def words_before_ours(sudo: Process) -> list[bytes] | None:
    """The beginning of the command line of a sudo that ends as ours does; None of any other."""
    asked = sudo.cmdline()
    count = max(len(sys.argv) - 1, 1)
    arguments = Process.read(os.getpid()).cmdline()[-count:]
    if arguments[0] != WRAPPED:
        return asked[: -len(sys.argv)] if asked[-count:] == arguments else None
    real, *words = arguments[1:] or [b""]
    before, (program, *others) = asked[: -len(words) - 1], asked[-len(words) - 1 :]
    is_asked_for = os.path.basename(program) == os.path.basename(real)  # noqa: PTH119 (bytes)
    return before if is_asked_for and others == words else None
