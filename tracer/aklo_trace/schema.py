"""The tables of a trace: every column with its type, unit and meaning.

This module is the one place where the schema is written down. The Parquet writer,
docs/schema.md and the BPF header are generated from it or tested against it. It
imports nothing heavy, so that a recording process can use it.

Conventions, the same in every table:

* a time is int64 nanoseconds since the Unix epoch, from one clock offset taken at the
  start of the trace; a duration is a column of its own;
* unknown is null, never 0 or -1;
* `proc_id` names one process and is unique within a trace; pids are reused;
* text from the traced program that is not UTF-8 has its odd bytes written as ``\\xNN``
  and the row is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

VERSION = 3


class SyscallFlag(IntFlag):
    """Bits of `syscalls.flags`. Mirrored by ``enum event_flag`` in bpf/aklo_trace.h."""

    PATH_TRUNCATED = 1 << 0
    """A path argument is longer than could be read; the text is its beginning."""
    PATH_UNREADABLE = 1 << 1
    """A path argument could not be read, neither at entry nor at exit."""
    PATH_LOST = 1 << 2
    """The path was read, but its record was lost (see `loss` in meta.json)."""
    INTERRUPTED = 1 << 3
    """A signal interrupted the call: the kernel restarts it, fails it with EINTR, or ends its
    process within it. `errno` is the kernel's own code, 512 to 530."""
    COMPAT = 1 << 4
    """A 32-bit call on a 64-bit kernel."""
    UNFINISHED = 1 << 5
    """The call did not return: its process ended or replaced its image within it, or was in it when
    the recording ended."""
    NO_ENTRY = 1 << 6
    """The beginning of the call was not seen: it was under way when tracing began, and counts from
    then on, or its time and arguments are unknown."""
    NOT_UTF8 = 1 << 7
    """A path of this call holds bytes that are not UTF-8, escaped as ``\\xNN``."""
    PATH_RELATIVE = 1 << 8
    """The directory that a relative path starts from is unknown; it stays relative."""
    INJECTED = 1 << 9
    """The return value was tampered with by strace's fault injection."""
    SITE_UNKNOWN = 1 << 10
    """A shell made the call, but where in its code it was could not be read."""


class SiteFlag(IntFlag):
    """Bits of `sites.flags`."""

    LINE_RELATIVE = 1 << 0
    """Within `eval`, a trap or a command substitution: bash counts its lines
    from where the text begins or runs past the command, as its own LINENO does."""
    STACK_TRUNCATED = 1 << 1
    """The stack is deeper than could be read; its outer functions are missing."""
    NAME_TRUNCATED = 1 << 2
    """The name of a function or file is longer than could be read; the text is its beginning."""
    NOT_UTF8 = 1 << 3
    """A name holds bytes that are not UTF-8, escaped as ``\\xNN``."""
    FILE_RELATIVE = 1 << 4
    """The directory that the name of the file starts from is unknown."""


class SampleFlag(IntFlag):
    """Bits of `samples.flags`."""

    IN_SYSCALL = 1 << 0
    """The thread was within a system call."""
    SITE_UNKNOWN = 1 << 1
    """A shell ran, but where in its code it was could not be read."""


class CallFlag(IntFlag):
    """Bits of `calls.flags`."""

    ENDED_BY_EXIT = 1 << 0
    """It did not return: its process ended. That is how functions end that run in a process of
    their own, as in a pipeline; how that ended is in `processes`."""
    ENDED_BY_EXEC = 1 << 1
    """It did not return: its process replaced its image."""
    END_UNSEEN = 1 << 2
    """It was still running when the recording ended, or its end was lost, or bash gave it up after
    too many nested calls (FUNCNEST)."""
    NAME_UNKNOWN = 1 << 3
    """What was called, and where, could not be read."""
    NOT_UTF8 = 1 << 4
    """A name holds bytes that are not UTF-8, escaped as ``\\xNN``."""


class OffCpuFlag(IntFlag):
    """Bits of `offcpu.flags`. Mirrored by ``enum offcpu_flag`` in bpf/aklo_trace.h."""

    READY = 1 << 0
    """It could have run on all the time: another thread took its CPU, or it was new."""
    STOPPED = 1 << 1
    """A signal had stopped it."""
    BY_OTHERS = 1 << 2
    """An interrupt woke it, as of a timer, a disk or the network, or a thread that is not
    traced."""
    END_LATE = 1 << 3
    """That it had a CPU again was seen late, by a call or the timer: the kernel did not tell."""


class ProcessFlag(IntFlag):
    """Bits of `processes.flags`."""

    START_UNSEEN = 1 << 0
    """The process was running before the trace began, or its fork was lost."""
    END_UNSEEN = 1 << 1
    """The process was still running when the recording ended, or its exit was lost."""


class ImageFlag(IntFlag):
    """Bits of `images.flags`."""

    ARGV_TRUNCATED = 1 << 0
    """The argument list is longer than could be recorded; its end is missing."""
    ARGV_UNREADABLE = 1 << 1
    """The argument list could not be read."""
    NOT_UTF8 = 1 << 2
    """A name or argument holds bytes that are not UTF-8, escaped as ``\\xNN``."""
    ARGV_LOST = 1 << 3
    """The argument list was read, but its record was lost."""


class FileFlag(IntFlag):
    """Bits of `files.flags`."""

    PATH_TRUNCATED = 1 << 0
    """The path is longer than could be read; the text is its beginning."""
    NOT_UTF8 = 1 << 1
    """The path holds bytes that are not UTF-8, escaped as ``\\xNN``."""
    RELATIVE = 1 << 2
    """The directory that the path starts from is unknown."""
    INHERITED = 1 << 3
    """A process had it open when its tracing began."""
    DELETED = 1 << 4
    """It had been deleted by then: `path` is the one it had."""


class TrackedFlag(IntFlag):
    """Bits of `tracked.flags`."""

    TRUNCATED = 1 << 0
    """A text is longer than is kept; it is its beginning."""
    NOT_UTF8 = 1 << 1
    """A text holds bytes that are not UTF-8, escaped as ``\\xNN``."""


@dataclass(frozen=True)
class Column:
    """One column. `type` is an Arrow type name; ``dictionary`` is a dictionary of string,
    ``strings`` a list of string, ``ints`` a list of int32."""

    name: str
    type: str
    doc: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """`since`: the version of the schema that brought it; older traces have no rows of it."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    since: int = 1

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


SYSCALLS = Table(
    "syscalls",
    "One row per system call, nearly in order of its start: sort by `ts_ns` where order matters.",
    (
        Column("ts_ns", "int64", "start of the call", "ns since the epoch"),
        Column("dur_ns", "int64", "time from entry to exit; null if it never returned", "ns", True),
        Column("proc_id", "int32", "the process, as in `processes`"),
        Column("image_id", "int32", "the program that ran, as in `images`", "", True),
        Column("pid", "int32", "process id (thread group), in the initial pid namespace"),
        Column("tid", "int32", "thread id, in the initial pid namespace"),
        Column("syscall", "dictionary", "name of the call, as in the manual"),
        Column(
            "ret", "int64", "return value; -1 if it failed; null if it never returned", "", True
        ),
        Column("errno", "int16", "error number of a failed call", "", True),
        Column("fd", "int32", "the descriptor that the call works on or returned", "", True),
        Column("file_id", "int32", "the file it works on, as in `files`", "", True),
        Column("file2_id", "int32", "the second file of rename, link and the like", "", True),
        Column("bytes", "int64", "bytes moved by a successful transfer", "bytes", True),
        Column("offset", "int64", "file position at which the transfer began", "bytes", True),
        Column("site_id", "int32", "the shell code that made the call, as in `sites`", "", True),
        Column("flags", "int32", "bits of SyscallFlag"),
    ),
)

PROCESSES = Table(
    "processes",
    "One row per process.",
    (
        Column("proc_id", "int32", "unique within the trace"),
        Column("pid", "int32", "process id"),
        Column("parent_proc_id", "int32", "the process that forked this one", "", True),
        Column("ppid", "int32", "pid of the process that forked this one", "", True),
        Column("start_ns", "int64", "when it was forked, or first seen", "ns since the epoch"),
        Column("end_ns", "int64", "when its last thread ended", "ns since the epoch", True),
        Column("exit_status", "int16", "exit status; null if a signal ended it", "", True),
        Column("signal", "int16", "the signal that ended it", "", True),
        Column("max_rss_bytes", "int64", "peak resident set size", "bytes", True),
        Column("utime_ns", "int64", "CPU time outside system calls, of all threads", "ns", True),
        Column("stime_ns", "int64", "CPU time within system calls, of all threads", "ns", True),
        Column(
            "run_delay_ns", "int64", "time runnable but without a CPU, of all threads", "ns", True
        ),
        Column("stopped_ns", "int64", "time stopped by a signal, as by job control", "ns", True),
        Column("site_id", "int32", "the shell code that forked it, as in `sites`", "", True),
        Column("flags", "int32", "bits of ProcessFlag"),
    ),
)

IMAGES = Table(
    "images",
    "One row per successful exec: a process runs several images in its life, "
    "and `#!/usr/bin/env bash` is two of them.",
    (
        Column("image_id", "int32", "unique within the trace"),
        Column("proc_id", "int32", "the process, as in `processes`"),
        Column("ts_ns", "int64", "when the new image began", "ns since the epoch"),
        Column(
            "exe", "string", "the program that was loaded; the interpreter of a script", "", True
        ),
        Column(
            "script", "string", "the script that named the interpreter in its first line", "", True
        ),
        Column("argv", "strings", "its arguments, argv[0] first", "", True),
        Column("dev", "int64", "device of the program's file, as makedev(3)", "", True),
        Column("inode", "int64", "inode of the program's file", "", True),
        Column("shell", "string", "the shell that it is and its version, if it is one", "", True),
        Column("site_id", "int32", "the shell code that ran exec, as in `sites`", "", True),
        Column("flags", "int32", "bits of ImageFlag"),
    ),
)

FILES = Table(
    "files",
    "One row per file that a call named or worked on: a path, an identity, or both. "
    "A path that does not exist still has its row. A path that names another file "
    "later in the trace has one row for each, also if that has the same inode number.",
    (
        Column("file_id", "int32", "unique within the trace"),
        Column("path", "string", "absolute path as the program named it", "", True),
        Column(
            "kind",
            "dictionary",
            "regular, directory, symlink, terminal, character, block, fifo, pipe, socket or "
            "anonymous; see files.md",
            "",
            True,
        ),
        Column("name", "string", "what the kernel calls a thing without a path", "", True),
        Column("dev", "int64", "device in the kernel's own numbering, as makedev(3)", "", True),
        Column("inode", "int64", "inode number", "", True),
        Column("local", "string", "own address of a socket", "", True),
        Column("peer", "string", "address of a socket's other end, the last one", "", True),
        Column("readers", "ints", "of a pipe or fifo: `proc_id` of those that read it", "", True),
        Column("writers", "ints", "of a pipe or fifo: `proc_id` of those that wrote it", "", True),
        Column("first_ns", "int64", "the first call on it", "ns since the epoch", True),
        Column("flags", "int32", "bits of FileFlag"),
    ),
)

SITES = Table(
    "sites",
    "One row per place in shell code, with the functions that led there: a line that is reached "
    "by two ways has two rows.",
    (
        Column("site_id", "int32", "unique within the trace"),
        Column("function", "string", "the function; null outside of functions", "", True),
        Column("file", "string", "the script, absolute; null for code of a string", "", True),
        Column("line", "int32", "the line in the script", "", True),
        Column("stack", "strings", "the functions, outermost first"),
        Column("files", "strings", "of each function of the stack, the script it stands in"),
        Column("lines", "ints", "of each function of the stack, the line it was called from"),
        Column("flags", "int32", "bits of SiteFlag"),
    ),
)

SAMPLES = Table(
    "samples",
    "One row each time the timer found a thread of the trace running. Rows times `period_ns` are "
    "CPU time, as far as samples can tell it.",
    (
        Column("ts_ns", "int64", "when", "ns since the epoch"),
        Column("proc_id", "int32", "the process, as in `processes`"),
        Column("image_id", "int32", "the program that ran, as in `images`", "", True),
        Column("tid", "int32", "thread id, in the initial pid namespace"),
        Column("site_id", "int32", "the shell code that ran, as in `sites`", "", True),
        Column("period_ns", "int64", "what one sample stands for", "ns"),
        Column("flags", "int32", "bits of SampleFlag"),
    ),
)

CALLS = Table(
    "calls",
    "One row per call of a bash function, in the order of their ends; only with "
    "`--function-calls`. A function's own time includes that of what it calls.",
    (
        Column("ts_ns", "int64", "when it began", "ns since the epoch"),
        Column(
            "dur_ns",
            "int64",
            "until it returned, or its process ended or replaced its image",
            "ns",
            True,
        ),
        Column("proc_id", "int32", "the process, as in `processes`"),
        Column("image_id", "int32", "the program that ran, as in `images`", "", True),
        Column("tid", "int32", "thread id, in the initial pid namespace"),
        Column("depth", "int32", "1 if it was called outside of functions, 2 within one, ..."),
        Column("function", "dictionary", "its name", "", True),
        Column("file", "dictionary", "the script that it stands in, absolute", "", True),
        Column("site_id", "int32", "the shell code that called it, as in `sites`", "", True),
        Column("exit_status", "int16", "what it returned", "", True),
        Column("flags", "int32", "bits of CallFlag"),
    ),
)

OFFCPU = Table(
    "offcpu",
    "One row per time that a thread had no CPU and got one again, in the order of their ends.",
    (
        Column("ts_ns", "int64", "when it left its CPU, or was forked", "ns since the epoch"),
        Column("dur_ns", "int64", "until it had a CPU again", "ns"),
        Column(
            "ready_ns",
            "int64",
            "when it was woken, and could have run; null if that is not known",
            "ns since the epoch",
            True,
        ),
        Column("proc_id", "int32", "the process, as in `processes`"),
        Column("tid", "int32", "thread id, in the initial pid namespace"),
        Column(
            "waker_proc_id",
            "int32",
            "the traced process that woke it, or within whose call an interrupt did",
            "",
            True,
        ),
        Column("waker_tid", "int32", "the thread of it", "", True),
        Column("flags", "int32", "bits of OffCpuFlag"),
    ),
    since=2,
)

TRACKED = Table(
    "tracked",
    "One row per operation that a program reported itself, by `aklo-trace track` or "
    "`track_io_operation()`, or that a session log of aklo names, in the order of the reports. "
    "Those reported after the recording are in `DIR/tracked.jsonl`.",
    (
        Column(
            "ts_ns",
            "int64",
            "when it began; when it was reported, if it is not known how long it took",
            "ns since the epoch",
        ),
        Column("dur_ns", "int64", "how long it took", "ns", True),
        Column("operation", "dictionary", "what was done, in the words of the report"),
        Column("target", "string", "to what", "", True),
        Column("status", "string", "how it ended", "", True),
        Column("details", "string", "what else was said", "", True),
        Column("pid", "int32", "who reported it, in its own pid namespace", "", True),
        Column("flags", "int32", "bits of TrackedFlag"),
    ),
    since=3,
)

TABLES: tuple[Table, ...] = (
    *(SYSCALLS, PROCESSES, IMAGES, FILES, SITES, SAMPLES, CALLS, OFFCPU),
    TRACKED,
)

FLAGS: tuple[type[IntFlag], ...] = (
    SyscallFlag,
    ProcessFlag,
    ImageFlag,
    FileFlag,
    SiteFlag,
    SampleFlag,
    CallFlag,
    OffCpuFlag,
    TrackedFlag,
)
"""What the columns `flags` of the tables are made of."""
