"""What the parser has to know of single system calls, and of error names."""

from __future__ import annotations

import errno
import re
import signal
from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_trace.restarts import RESTARTS
from aklo_trace.strace.ranges import LAST_FD, LAST_PID
from aklo_trace.syscalls import NONE, PAIRS, UNKNOWN, by_name, table

ALIASES: Final = {
    "pread": "pread64",
    "pwrite": "pwrite64",
    "_exit": "exit",
    "old_mmap": "mmap",
    "old_select": "select",
    "oldselect": "select",
    "oldumount": "umount",
    "sysctl": "_sysctl",
}
"""Names that some version of strace prints, and those of the table."""

CODES: Final = {
    **{name.encode(): call.code for name, call in by_name().items()},
    **{old.encode(): by_name()[new].code for old, new in ALIASES.items()},
}
UNKNOWN_CODE: Final = by_name()[UNKNOWN].code


def codes(*names: str) -> frozenset[int]:
    return frozenset(by_name()[name].code for name in names)


SPAWNS: Final = codes("fork", "vfork", "clone", "clone3")
WRITES_PAIR: Final = codes(*PAIRS)
EXECS: Final = codes("execve", "execveat")
EXITS: Final = codes("exit", "exit_group")
RETURNS_NOTHING: Final = codes("rt_sigreturn", "sigreturn")
"""Their return value, or error, is a restored register."""

IS_SPAWN, IS_EXEC, IS_EXIT = (
    np.isin(np.arange(len(table())), list(kind)) for kind in (SPAWNS, EXECS, EXITS)
)
"""The same for whole columns, by code."""
RETURNS_FD: Final = np.array([call.returns == "fd" and call.fd == NONE for call in table()])
LARGEST_RETURNED: Final = np.select(
    [IS_SPAWN, RETURNS_FD], [np.int64(LAST_PID), np.int64(LAST_FD)], np.iinfo(np.int64).max
)
"""What a call can return, by code."""

OFFSET_FROM_END: Final = {
    by_name()[name].code: place for name, place in (("pread64", 1), ("preadv", 1), ("preadv2", 2))
}
"""Where the offset stands in what is printed after the call returned, counted from the last."""

CLONE_THREAD: Final = 0x10000

ERRNOS: Final = {
    **{name.encode(): number for name, number in vars(errno).items() if name.startswith("E")},
    **{name.encode(): number for name, number in RESTARTS.items()},
    b"ENOIOCTLCMD": 515,
    b"ENOTSUPP": 524,
    b"EPROBE_DEFER": 517,
    b"EOPENSTALE": 518,
    b"ENOPARAM": 519,
    b"EBADHANDLE": 521,
    b"ENOTSYNC": 522,
    b"EBADCOOKIE": 523,
    b"ETOOSMALL": 525,
    b"ESERVERFAULT": 526,
    b"EBADTYPE": 527,
    b"EJUKEBOX": 528,
    b"EIOCBQUEUED": 529,
}


_NUMBERED_SIGNAL: Final = re.compile(rb"SIG(RT)?_(\d+)")


@dataclass(frozen=True, slots=True)
class Image:
    """What an exec was given. `argv` is None if strace could not print it."""

    exe: bytes | None
    argv: tuple[bytes, ...] | None
    flags: int = 0


def signal_number(name: bytes) -> int | None:
    """The number of ``SIGTERM``, ``SIGRT_3``, ``SIGRTMIN`` or ``SIG_64``."""
    numbered = _NUMBERED_SIGNAL.fullmatch(name)
    if numbered:
        return int(numbered[2][:9]) + (32 if numbered[1] else 0)  # more is too much anyway
    text = name.decode("ascii", "replace")
    return int(signal.Signals[text]) if text in signal.Signals.__members__ else None
