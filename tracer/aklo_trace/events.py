"""What every engine yields: batches of events, before names and files are resolved.

An `EventBatch` is a piece of a recording: columns of equal length for the system calls, and
the few process events that happened meanwhile. Engines differ only in how they fill it;
`aklo_trace.assemble` turns batches into the tables of `aklo_trace.schema`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

NULL: Final = np.iinfo(np.int64).min
"""An unknown value in an int64 column."""

NO_STRING: Final = -1
"""No text, in a column of string codes."""

NO_SITE: Final = -1
"""No place in shell code is known, in a column of site codes."""

CWD: Final = -2
"""In `base`: the path is relative to the working directory that the process had then."""

DIRECTORY: Final = -3
"""In `base`, `DIRECTORY - n`: the path starts from place n of `directories`. If it is absolute,
that is the root directory that the process had then."""

ANY_INSTANCE: Final = -1
"""As `Identity.instance`: whatever file has that inode when it is seen first."""

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Identity:
    """A file as the kernel tells it apart: `dev` as makedev(3), `mode` as st_mode. Files that
    have one inode number after the other, or that share one, differ in their `instance`; 0 says
    that the engine cannot tell them apart."""

    dev: int
    inode: int
    mode: int
    instance: int = 0

    @property
    def key(self) -> FileKey:
        return self.dev, self.inode, self.instance


FileKey = tuple[int, int, int]
"""Device, inode and instance."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of a file from looking at it, not from the paths of calls: because a process
    had it open before it was traced, or because it has no path and the kernel told.

    `is_new` says that it was made at `ts_ns`, and is no file that bore this identity before.
    `name` is what the kernel calls a thing without path, as ``[eventpoll]``; `local` and `peer`
    are addresses of a socket.
    """

    ts_ns: int
    identity: Identity
    is_new: bool = False
    path: bytes | None = None
    name: bytes | None = None
    local: bytes | None = None
    peer: bytes | None = None
    terminal: bool = False
    flags: int = 0  # FileFlag


@dataclass(frozen=True, slots=True)
class Frame:
    """A function of a shell's stack as bash has it in FUNCNAME, BASH_SOURCE and BASH_LINENO:
    its name, the script it stands in, and the line it was called from."""

    function: bytes
    source: bytes
    called_from: int


@dataclass(frozen=True, slots=True)
class Site:
    """A place in shell code: the stack, innermost first, and the line; None if unknown."""

    frames: tuple[Frame, ...]
    line: int | None
    flags: int = 0  # SiteFlag


@dataclass(frozen=True, slots=True)
class ProcessStart:
    """A process that appears. `parent_proc_id` is None if its fork was not seen; `cwd` is its
    working directory where the engine knows it, else it is the parent's; `site` is where the
    parent forked it."""

    ts_ns: int
    proc_id: int
    pid: int
    parent_proc_id: int | None = None
    ppid: int | None = None
    cwd: bytes | None = None
    flags: int = 0
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """A process whose last thread ended. Exactly one of `exit_status` and `signal` is known,
    or neither."""

    ts_ns: int
    proc_id: int
    exit_status: int | None = None
    signal: int | None = None
    max_rss_bytes: int | None = None
    utime_ns: int | None = None
    stime_ns: int | None = None
    run_delay_ns: int | None = None
    stopped_ns: int | None = None


@dataclass(frozen=True, slots=True)
class ImageStart:
    """A successful exec. `argv` is None if it could not be read; `shell` says which shell it
    is, and `site` where the process was when it called exec. A relative `exe` or `script` starts
    from `directory`, or if that is None from the working directory that the process had.
    `script_name` is what a shell calls its script, if no call of the trace opened that."""

    ts_ns: int
    proc_id: int
    exe: bytes | None
    argv: tuple[bytes, ...] | None
    script: bytes | None = None
    dev: int | None = None
    inode: int | None = None
    flags: int = 0
    shell: str | None = None
    site: Site | None = None
    directory: Identity | None = None
    script_name: bytes | None = None


@dataclass(frozen=True, slots=True)
class Untold:
    """Of what a process did before `ts_ns`, something was missed: its working directory is not
    known from then on, nor, if `image`, its program."""

    ts_ns: int
    proc_id: int
    image: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A thread that a timer found running; `site` is where in its shell code."""

    ts_ns: int
    proc_id: int
    tid: int
    period_ns: int
    site: Site | None = None
    flags: int = 0  # SampleFlag


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """What was called where: a shell function, its script, and the line that called it with the
    functions that it stands in. None: unknown."""

    function: bytes | None = None
    source: bytes | None = None
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class FunctionCalls:
    """Calls of shell functions, in the order of their ends: columns of equal length."""

    ts_ns: Int64  # since the epoch
    dur_ns: Int64  # NULL: it did not return, or that was not seen
    proc_id: Int64
    tid: Int64
    depth: Int64  # 1: called outside of functions
    status: Int64  # NULL: unknown
    flags: Int64  # CallFlag
    call: Int32  # a place in `calls`
    calls: list[FunctionCall]

    def __len__(self) -> int:
        return len(self.ts_ns)


@dataclass(frozen=True, slots=True)
class OffCpu:
    """Stretches in which threads had no CPU, in the order of their ends: columns of equal
    length."""

    ts_ns: Int64  # since the epoch
    dur_ns: Int64
    ready_ns: Int64  # NULL: unknown, as in the next two
    proc_id: Int64
    tid: Int64
    waker_proc_id: Int64
    waker_tid: Int64
    flags: Int64  # OffCpuFlag


ProcessEvent = ProcessStart | ProcessEnd | ImageStart | Untold


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Columns of length n, sorted by `ts_ns`; `process_events` sorted by their `ts_ns`.

    A process's `ProcessStart` comes in the same batch as its first event, or earlier.
    Codes in `path`, `path2`, `base` and `base2` are places in `strings`, or `NO_STRING`.
    """

    ts_ns: Int64  # since the epoch
    dur_ns: Int64  # NULL: never returned
    proc_id: Int32
    tid: Int32
    syscall: Int32  # Syscall.code
    ret: Int64  # -1 on failure, NULL: never returned
    errno: Int32  # 0: no error; the kernel's restart codes are 512 to 530
    fd: Int64  # the descriptor argument, or the one returned; NULL: none
    offset: Int64  # NULL: unknown
    path: Int32  # first path argument, as given
    base: Int32  # directory `path` starts from: a code, NO_STRING (unknown), CWD or DIRECTORY - n
    path2: Int32
    base2: Int32
    fd_path: Int32  # path of `fd` where the engine knows it (strace -y), else NO_STRING
    fd2_path: Int32  # likewise of the second descriptor
    dev: Int64  # identity of `fd`'s file, as makedev(3); NULL: unknown
    inode: Int64
    instance: Int32  # as in Identity
    mode: Int32  # st_mode of `fd`'s file; 0: unknown
    flags: Int32  # SyscallFlag
    site: Int32  # where in shell code: a place in `sites`, or NO_SITE
    sites: list[Site] = field(default_factory=list)
    strings: list[bytes] = field(default_factory=list)
    directories: list[Identity] = field(default_factory=list)
    second_files: dict[int, Identity] = field(default_factory=dict)  # by row: of the second fd
    sightings: list[Sighting] = field(default_factory=list)  # sorted by their `ts_ns`
    process_events: list[ProcessEvent] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    function_calls: FunctionCalls | None = None
    off_cpu: OffCpu | None = None

    def __len__(self) -> int:
        return len(self.ts_ns)
