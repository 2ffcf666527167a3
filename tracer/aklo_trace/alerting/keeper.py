"""Run a program, and end all that it started when nobody waits for it any more.

A program of its own, ``keeper.py PROGRAM [ARG...]``, in a session of its own. Its standard output
is a pipe: how the program ended goes there, as `subprocess` has it, or why it did not begin; and
when nobody is there to read it, be it that whoever asked was killed, the program is killed with all
its descendants. These cannot leave: their parent dead, they are children of this process. What a
program leaves that ended by itself goes on.

It needs nothing but the standard library, not even the rest of aklo-trace.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
PATIENCE_S: Final = 5.0
"""For what does not end when it is killed: another user's, or within a call that hangs."""
PAUSE_S: Final = 0.005

_libc: Final = ctypes.CDLL(None)


def run(command: list[str]) -> str:
    """How the program ended, or why there is none; nothing if all was killed."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            env=_given_environment(),
            start_new_session=True,
            preexec_fn=_die_with_us,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"{command[0]}: {getattr(error, 'strerror', None) or error}"
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())  # the program alone reads it
    if _ends(process.pid):
        return str(process.wait())
    _end_descendants()
    return ""


def _given_environment() -> dict[bytes, bytes]:
    """As we were given it: Python adds to it where the locale is C, see PEP 538."""
    entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    return {name: value for name, mark, value in (e.partition(b"=") for e in entries) if mark}


def _die_with_us() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _ends(pid: int) -> bool:
    """Wait for its end; False if nobody reads what we write before that."""
    ended, output = os.pidfd_open(pid), sys.stdout.fileno()
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(output, 0)  # it has no reader: POLLERR comes in any case
    return any(fd == ended for fd, _ in poll.poll())


def _end_descendants() -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := set(_descendants())) and time.monotonic() < deadline_s:
        held = {pid: fd for pid in found if (fd := _opened(pid)) is not None}
        for pid in held.keys() & set(_descendants()):  # else the number is another's by now
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(held[pid], signal.SIGKILL)
        for fd in held.values():
            os.close(fd)
        _reap()
        time.sleep(PAUSE_S)


def _opened(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _descendants() -> Iterator[int]:
    """All that live, children before theirs."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = stat.read_bytes().rpartition(b")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found = list(children.get(os.getpid(), []))
    for pid in found:
        yield pid
        found += children.get(pid, [])


if __name__ == "__main__":
    print(run(sys.argv[1:]), end="", flush=True)
