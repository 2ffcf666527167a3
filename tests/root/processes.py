"""The processes of a recording, and the BPF programs that they hold."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def holder_of(file: Path) -> int | None:
    """A process that has the file open for writing."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(fd.resolve() == file for fd in (process / "fd").iterdir()):
                return int(process.name)
    return None


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process is stopped meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def programs_of(pid: int) -> set[int]:
    """The ids of the BPF programs that links of a process run."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(OSError):
            lines = info.read_text().splitlines()
            found |= {int(line.split()[1]) for line in lines if line.startswith("prog_id:")}
    return found


def is_gone(program: int) -> bool:
    """Whether the kernel no longer has a BPF program."""
    fd = ctypes.CDLL("libbpf.so.1").bpf_prog_get_fd_by_id(ctypes.c_uint32(program))
    if fd >= 0:
        os.close(fd)
    return bool(fd < 0)


def has_ended(pid: int) -> bool:
    """Whether there is no such process, or only what its parent has not yet waited for."""
    try:
        return state_of(pid) in {"Z", "X"}
    except OSError:
        return True


def state_of(pid: int) -> str:
    """As proc(5) has it: S while it sleeps. Raises OSError."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
