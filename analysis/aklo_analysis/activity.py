"""What a process does in a call: the class of the call, refined by what it works on.

A `read` of a file is work; a `read` of a pipe mostly waits for the process at its other
end. An activity that waits is idle time spent on somebody else: a child, a peer, the
user, a timer, a lock. That somebody's own time is counted where it is spent, so waiting
is shown apart and never added to work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aklo_trace import syscalls

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Activity:
    """`io`: a call of this activity is an I/O operation. `idle`: it waits for nobody whose own
    time could be in the trace: for a timer, the network or the user."""

    key: str
    title: str
    waits: bool = False
    io: bool = False
    idle: bool = False


ACTIVITIES = (
    Activity("read", "reading files", io=True),
    Activity("write", "writing files", io=True),
    Activity("copy", "copying between files", io=True),
    Activity("open", "opening files", io=True),
    Activity("close", "closing files", io=True),
    Activity("stat", "looking files up", io=True),
    Activity("directory", "directories", io=True),
    Activity("metadata", "names and attributes of files", io=True),
    Activity("seek", "seeking", io=True),
    Activity("sync", "flushing to disk", io=True),
    Activity("descriptor", "making descriptors", io=True),
    Activity("socket", "setting up sockets", io=True),
    Activity("ioctl", "device control", io=True),
    Activity("terminal_write", "writing to the terminal", io=True),
    Activity("read_unknown", "reading unknown files or pipes", io=True),
    Activity("write_unknown", "writing unknown files or pipes", io=True),
    Activity("process", "creating processes"),
    Activity("exec", "starting programs"),
    Activity("exit", "ending processes"),
    Activity("memory", "mapping memory"),
    Activity("signal", "signals"),
    Activity("time", "clocks and timers"),
    Activity("other", "other calls"),
    Activity("unknown", "calls of unknown class"),
    Activity("wait_child", "for child processes", waits=True),
    Activity("pipe_read", "for pipe input", waits=True, io=True),
    Activity("pipe_write", "for room in a pipe", waits=True, io=True),
    Activity("network", "for the network", waits=True, io=True, idle=True),
    Activity("terminal_read", "for terminal input", waits=True, io=True, idle=True),
    Activity("wait_io", "for a ready descriptor", waits=True),
    Activity("wait_signal", "for a signal", waits=True),
    Activity("sleep", "for a timer (sleep)", waits=True, idle=True),
    Activity("lock", "for a lock", waits=True),
    Activity("ipc", "for System V IPC", waits=True),
)

BY_KEY = {activity.key: activity for activity in ACTIVITIES}

MEDIA = ("file", "pipe", "socket", "terminal", "event", "unknown")
"""What a transfer goes to or comes from."""

MEDIUM_OF_KIND = {
    "regular": "file",
    "directory": "file",
    "symlink": "file",
    "terminal": "terminal",
    "character": "file",
    "block": "file",
    "fifo": "pipe",
    "pipe": "pipe",
    "socket": "socket",
    "anonymous": "event",
}
"""By `files.kind`."""

BY_MEDIUM = {
    ("read", "pipe"): "pipe_read",
    ("read", "socket"): "network",
    ("read", "terminal"): "terminal_read",
    ("read", "event"): "wait_io",
    ("read", "unknown"): "read_unknown",
    ("write", "pipe"): "pipe_write",
    ("write", "socket"): "network",
    ("write", "terminal"): "terminal_write",
    ("write", "unknown"): "write_unknown",
    ("copy", "pipe"): "pipe_read",
    ("copy", "socket"): "network",
    ("copy", "unknown"): "read_unknown",
}
"""Transfers, by class of the call and medium; elsewhere the class is the activity."""

BY_NAME = {
    "rt_sigsuspend": "wait_signal",
    "rt_sigtimedwait": "wait_signal",
    "rt_sigtimedwait_time64": "wait_signal",
    "sigsuspend": "wait_signal",
    "vfork": "wait_child",  # until the child calls exec or ends
    "bind": "socket",
    "getpeername": "socket",
    "getsockname": "socket",
    "getsockopt": "socket",
    "listen": "socket",
    "setsockopt": "socket",
    "shutdown": "socket",
    "socket": "socket",
    "socketpair": "socket",
}
"""Calls that wait, in a class that does not, and the other way round."""


def activity_of(syscall: str, medium: str) -> Activity:
    """The activity of a call by its name, and the medium of the file it works on."""
    call = syscalls.by_name().get(syscall)
    operation = "unknown" if call is None else call.operation
    key = BY_NAME.get(syscall) or BY_MEDIUM.get((operation, medium)) or operation
    return BY_KEY[key]


@cache
def _codes() -> dict[str, int]:
    return {activity.key: code for code, activity in enumerate(ACTIVITIES)}


def activity_codes(
    names: list[str], media: npt.NDArray[np.int8], calls: npt.NDArray[np.integer]
) -> npt.NDArray[np.int8]:
    """Places in `ACTIVITIES`, for calls given as places in `names` and in `MEDIA`."""
    by_call = np.array(
        [[_codes()[activity_of(name, medium).key] for medium in MEDIA] for name in names],
        dtype=np.int8,
    ).reshape(len(names), len(MEDIA))
    codes: npt.NDArray[np.int8] = by_call[calls, media]
    return codes


def medium_codes(files: pd.DataFrame) -> npt.NDArray[np.int8]:
    """For each row of `files` its place in `MEDIA`. An absolute path of unknown kind is
    taken for a file."""
    import pandas as pd

    path = files["path"].fillna("").str
    medium = files["kind"].astype("object").map(MEDIUM_OF_KIND)
    medium = medium.mask(medium.isna() & path.startswith("/"), "file")
    return pd.Categorical(medium.fillna("unknown"), categories=MEDIA).codes
