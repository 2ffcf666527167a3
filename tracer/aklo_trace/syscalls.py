"""The system calls of Linux: numbers, operation class, and what their arguments are.

``syscalls.tsv`` beside this module is the data: one row per call, with its number on each
machine, the class of operation it belongs to, and which arguments are descriptors and
paths. Both engines and the analysis read it from here. Numbers are those of the kernel's
``unistd.h`` headers; arguments are those of man-pages section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

NONE = -1
"""No such argument."""


@dataclass(frozen=True, slots=True)
class PathArgument:
    """Where a path stands: argument `index`, relative to the descriptor in argument `dirfd`."""

    index: int
    dirfd: int = NONE


@dataclass(frozen=True, slots=True)
class Syscall:
    """One call. `fd` and `fd2` are argument numbers, or `NONE`; `returns` is one of
    ``bytes``, ``fd``, ``pid`` or ``value``. A transfer begins at the file position in argument
    `offset`, or at the descriptor's own one when `at_position`."""

    code: int
    name: str
    numbers: dict[str, int]
    operation: str
    fd: int
    fd2: int
    path: PathArgument | None
    path2: PathArgument | None
    returns: str
    offset: int
    at_position: bool


def _index(text: str) -> int:
    return NONE if text == "-" else int(text)


def _path(text: str) -> PathArgument | None:
    if text == "-":
        return None
    dirfd, _, index = text.rpartition(":")
    return PathArgument(int(index), int(dirfd) if dirfd else NONE)


@cache
def table() -> tuple[Syscall, ...]:
    """Every known call; a call's place in the tuple is its `code`."""
    header, *rows = Path(__file__).with_name("syscalls.tsv").read_text("ascii").splitlines()
    machines = header.split("\t")[1:4]
    calls = []
    for code, row in enumerate(rows):
        name, *rest = row.split("\t")
        numbers, (operation, fd, fd2, path, path2, returns, offset) = rest[:3], rest[3:]
        calls.append(
            Syscall(
                code,
                name,
                {m: int(n) for m, n in zip(machines, numbers, strict=True) if n != "-"},
                operation,
                _index(fd),
                _index(fd2),
                _path(path),
                _path(path2),
                "value" if returns == "-" else returns,
                NONE if offset == "position" else _index(offset),
                offset == "position",
            )
        )
    return tuple(calls)


@cache
def by_name() -> dict[str, Syscall]:
    return {call.name: call for call in table()}


@cache
def by_number(machine: str) -> dict[int, Syscall]:
    """The calls of one machine: ``x86_64``, ``i386`` or ``aarch64``."""
    return {call.numbers[machine]: call for call in table() if machine in call.numbers}


UNKNOWN: Final = "unknown"
"""The name of calls whose number no table has."""


@cache
def operations() -> tuple[str, ...]:
    """The classes of operation, in the order of the table."""
    return tuple(dict.fromkeys(call.operation for call in table()))


MAKERS: Final = frozenset(
    {"accept", "accept4", "epoll_create", "epoll_create1", "eventfd", "eventfd2", "fanotify_init"}
    | {"inotify_init", "inotify_init1", "io_uring_setup", "memfd_create", "memfd_secret"}
    | {"perf_event_open", "signalfd", "signalfd4", "socket", "timerfd_create", "userfaultfd"}
)
"""Calls that return the descriptor of a file that is new and has no path. Not those that may
return one that is not new, as bpf(2) and pidfd_open(2)."""

PAIRS: Final = {"pipe": 0, "pipe2": 0, "socketpair": 3}
"""Calls that write two new descriptors, and the argument that says where."""

ENTERS: Final = frozenset({"chdir", "chroot"})
"""Calls whose path is the directory that they enter."""
