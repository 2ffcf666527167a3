"""How far the data can be trusted: what is unknown, and what a trace of calls cannot see.

What was lost is in the trace's own meta data, and reported from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.frames import Frames
from aklo_analysis.program import base_name
from aklo_trace.filter import COMM_BYTES
from aklo_trace.schema import CallFlag, ImageFlag, ProcessFlag, SampleFlag, SiteFlag, SyscallFlag

if TYPE_CHECKING:
    from aklo_trace.meta import Meta

PROGRAM: Final = "program "
"""Before the names of programs in `Meta.filter`."""

Condition = Callable[[Frames, pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` of the `of` rows of `table` have something missing or uncertain."""

    key: str
    title: str
    table: str
    count: int
    of: int


FLAGS = (
    (
        "path_cut",
        "calls with a path of which only the beginning is known",
        "syscalls",
        SyscallFlag.PATH_TRUNCATED,
    ),
    (
        "path_unreadable",
        "calls with a path that could not be read",
        "syscalls",
        SyscallFlag.PATH_UNREADABLE,
    ),
    ("path_lost", "calls with a path that was lost", "syscalls", SyscallFlag.PATH_LOST),
    ("no_entry", "calls whose beginning was not seen", "syscalls", SyscallFlag.NO_ENTRY),
    ("injected", "calls that strace tampered with", "syscalls", SyscallFlag.INJECTED),
    ("start_unseen", "processes that were there before", "processes", ProcessFlag.START_UNSEEN),
    ("end_unseen", "processes still running at the end", "processes", ProcessFlag.END_UNSEEN),
    (
        "argv_cut",
        "programs of which only the first arguments are known",
        "images",
        ImageFlag.ARGV_TRUNCATED,
    ),
    (
        "argv_unreadable",
        "programs with arguments that could not be read",
        "images",
        ImageFlag.ARGV_UNREADABLE,
    ),
    ("argv_lost", "programs whose arguments were lost", "images", ImageFlag.ARGV_LOST),
    (
        "place_unread",
        "calls of a bash that could not be asked for its line",
        "syscalls",
        SyscallFlag.SITE_UNKNOWN,
    ),
    (
        "sample_unread",
        "looks at a computing bash that found no line",
        "samples",
        SampleFlag.SITE_UNKNOWN,
    ),
    (
        "place_relative",
        "lines that bash counts within eval or $(...), not in the file",
        "sites",
        SiteFlag.LINE_RELATIVE,
    ),
    (
        "stack_cut",
        "lines with more functions around them than are kept",
        "sites",
        SiteFlag.STACK_TRUNCATED,
    ),
    ("place_cut", "lines in a function whose name is cut", "sites", SiteFlag.NAME_TRUNCATED),
    (
        "file_relative",
        "lines of a script that is in an unknown directory",
        "sites",
        SiteFlag.FILE_RELATIVE,
    ),
    ("call_unread", "calls of bash functions without a name", "calls", CallFlag.NAME_UNKNOWN),
    ("call_open", "calls of bash functions that had not ended", "calls", CallFlag.END_UNSEEN),
)
"""Gaps that the schema flags: key, title, table, flag."""


def _unknown_file(_: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    return (calls["file"] == UNKNOWN) & ~calls["failed"]


def _relative(frames: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    """An empty path is relative, too, but to a descriptor: that is an unknown file."""
    relative = (frames.syscalls["flags"] & int(SyscallFlag.PATH_RELATIVE)).astype("bool")
    return relative & (calls["file"] != UNKNOWN)


def _unfinished(frames: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    """exit and exit_group never return, and miss nothing."""
    unfinished = (frames.syscalls["flags"] & int(SyscallFlag.UNFINISHED)).astype("bool")
    return unfinished & (calls["activity"] != "exit")


def _unknown_class(_: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    return calls["activity"] == "unknown"


def _perhaps_waiting(_: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    """Of a pipe or socket they would be waiting."""
    return calls["activity"].isin(["read_unknown", "write_unknown"]) & (calls["work_ns"] > 0)


def _io_uring(_: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    return calls["syscall"] == "io_uring_enter"


def _mapped(_: Frames, calls: pd.DataFrame) -> pd.Series[bool]:
    return calls["syscall"].isin(["mmap", "mmap2"]) & (calls["file"] >= 0)


CALLS: tuple[tuple[str, str, Condition], ...] = (
    ("unknown_file", "calls on files that are not known", _unknown_file),
    ("path_relative", "paths from an unknown directory", _relative),
    ("unfinished", "calls that never returned", _unfinished),
    ("unknown_class", "calls that this program has no name for", _unknown_class),
    (
        "perhaps_waiting",
        "reads and writes that may be waiting, counted as work",
        _perhaps_waiting,
    ),
    ("io_uring", "calls of io_uring: what it does then is not seen", _io_uring),
    ("mapped_files", "files mapped into memory: reads there are not seen", _mapped),
)
"""Gaps found in the calls: key, title, which calls have it."""


def gaps(frames: Frames, calls: pd.DataFrame) -> tuple[Gap, ...]:
    """Every kind of gap, also those that do not occur."""
    flagged = [
        _flagged(key, title, name, getattr(frames, name), flag) for key, title, name, flag in FLAGS
    ]
    found = [
        Gap(key, title, "syscalls", int(rows(frames, calls).sum()), len(calls))
        for key, title, rows in CALLS
    ]
    return (*flagged, *found)


def _flagged(key: str, title: str, name: str, table: pd.DataFrame, flag: int) -> Gap:
    count = int(np.count_nonzero(table["flags"].to_numpy() & flag))
    return Gap(key, title, name, count, len(table))


def unmet(meta: Meta, images: pd.DataFrame) -> tuple[str, ...]:
    """The names that ``--programs`` was given and that nothing had: the kernel names a process
    after its program, or the script that named an interpreter in its first line."""
    asked = [word.removeprefix(PROGRAM) for word in meta.filter if word.startswith(PROGRAM)]
    met = {_comm(base_name(path)) for name in ("exe", "script") for path in images[name].dropna()}
    return tuple(name for name in asked if _comm(name) not in met)


def _comm(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")[:COMM_BYTES]
