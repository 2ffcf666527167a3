"""What the user was waiting for at an instant of the wall time, as one of a few classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Doing:
    """`word`: a shorter title."""

    key: str
    title: str
    word: str


DOINGS: Final = (
    Doing("shell_cpu", "computing in the shell", "shell"),
    Doing("program_cpu", "computing in programs", "computing"),
    Doing("fault", "blocked by page faults", "page faults"),
    Doing("cpu_wait", "waiting for a CPU", "no CPU"),
    Doing("process", "creating and ending processes", "processes"),
    Doing("startup", "program start-up", "start-up"),
    Doing("file", "reading and writing files", "files"),
    Doing("unknown_file", "reading and writing unknown files or pipes", "unknown files"),
    Doing("metadata", "opening and looking up files", "look-ups"),
    Doing("memory", "mapping memory", "memory"),
    Doing("pipe", "pipes", "pipes"),
    Doing("network", "network", "network"),
    Doing("terminal", "terminal", "terminal"),
    Doing("sleep", "sleeping", "sleep"),
    Doing("lock", "waiting for a lock", "locks"),
    Doing("stopped", "stopped by a signal", "stopped"),
    Doing("unseen", "waiting for what is not traced", "unseen"),
    Doing("unrecorded", "in calls not recorded", "unknown"),
    Doing("other", "other calls", "other"),
)

BY_KEY: Final = {doing.key: doing for doing in DOINGS}
CODES: Final = {doing.key: code for code, doing in enumerate(DOINGS)}

OF_ACTIVITY: Final = {
    "read": "file",
    "write": "file",
    "copy": "file",
    "sync": "file",
    "read_unknown": "unknown_file",
    "write_unknown": "unknown_file",
    "open": "metadata",
    "close": "metadata",
    "stat": "metadata",
    "directory": "metadata",
    "metadata": "metadata",
    "seek": "metadata",
    "process": "process",
    "exec": "process",
    "exit": "process",
    "wait_child": "process",
    "memory": "memory",
    "pipe_read": "pipe",
    "pipe_write": "pipe",
    "network": "network",
    "socket": "network",
    "terminal_read": "terminal",
    "terminal_write": "terminal",
    "sleep": "sleep",
    "lock": "lock",
    "ipc": "lock",
    "wait_io": "unseen",
    "wait_signal": "unseen",
}
"""The doing of a call by its activity, where the path goes no further; of others it is `other`."""
