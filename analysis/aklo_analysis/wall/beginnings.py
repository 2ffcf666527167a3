"""When the beginning of each life is over, and its own work starts.

A process that was forked makes itself ready first: signals, descriptors, its own id. A program
that was executed is loaded first: by the dynamic loader, then the C library and the locale; one
that runs a script, until it opens that. What these calls are is in the tables below. The last of
them before the first other call ends the beginning.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import Objects, objects
from aklo_analysis.program import base_name, script_of
from aklo_analysis.wall.threads import Threads

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

READYING: Final = frozenset(
    {"close", "close_range", "dup", "dup2", "dup3", "fcntl", "execve", "execveat", "prctl"}
    | {"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getpgrp"}
    | {"rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "setpgid", "getpgid", "sigaltstack"}
    | {"set_robust_list", "set_tid_address", "rseq"}
)
"""Of a process that was forked."""

LOADING: Final = frozenset(
    {"arch_prctl", "set_tid_address", "set_robust_list", "rseq", "mprotect", "prlimit64"}
)
"""Of a program: what is hardly ever called later."""

LOADED: Final = (
    r"\.so(?:\.|$)|^/etc/ld\.so\.|/glibc-hwcaps/|/locale/|/locale[-.]a|/gconv/|^/etc/selinux/"
    r"|^/proc/filesystems$|/lib/python\d|/pyvenv\.cfg$|/perl5?/"
)
"""Of a program: paths of what it works on, as a regular expression."""

ANY_TIME: Final = frozenset(
    {"brk", "mmap", "mmap2", "munmap", "getrandom", "futex", "uname", "sysinfo", "getcwd"}
    | {"getpid", "getppid", "getpgrp", "getuid", "geteuid", "getgid", "getegid", "readlink"}
    | {"rt_sigaction", "rt_sigprocmask", "sigaltstack", "prctl", "sched_getaffinity"}
    | {"access", "faccessat2", "statfs", "ioctl", "fcntl", "lseek", "close"}
)
"""Of a program: what is called while it is loaded, and later too."""


def beginnings(frames: Frames, calls: pd.DataFrame, threads: Threads, lives: Lives) -> Int64:
    """When the beginning of each life is over; where there is none, its start."""
    made = np.flatnonzero(threads.of_calls < len(frames.processes))
    rows = threads.calls[made]
    life, table = lives.of_calls[rows], lives.table
    begins, goes_on = _kinds(frames, calls, rows, table["executed"].to_numpy()[life])
    first = _first(life[~goes_on], made[~goes_on], len(table), len(threads.calls))
    begins &= made < first[life]
    last = _last(life[begins], made[begins], len(table))
    start_ns = table["start_ns"].to_numpy(np.int64)
    over_ns = np.where(last == UNKNOWN, start_ns, np.append(threads.end_ns, 0)[last])
    opened = _opened(frames, calls, rows, lives)
    script = _first(life[opened], made[opened], len(table), UNKNOWN)
    over_ns = np.where(script == UNKNOWN, over_ns, np.append(threads.begin_ns, 0)[script])
    born = (table["executed"] | (table["origin"] != UNKNOWN)).to_numpy()
    return np.where(born, np.maximum(over_ns, start_ns), start_ns)


def _first(life: Int64, place: Int64, count: int, missing: int) -> Int64:
    """Of each life its first place; both are given in order."""
    found = np.full(count, missing, np.int64)
    found[life[::-1]] = place[::-1]
    return found


def _last(life: Int64, place: Int64, count: int) -> Int64:
    found = np.full(count, UNKNOWN, np.int64)
    found[life] = place
    return found


def _kinds(
    frames: Frames, calls: pd.DataFrame, rows: Int64, executed: Bools
) -> tuple[Bools, Bools]:
    """Which calls belong to a beginning, and which do not end one."""
    readying, loading, any_time = (
        among(calls["syscall"], table)[rows] for table in (READYING, LOADING, ANY_TIME)
    )
    paths = frames.files["path"].astype("object").fillna("").str
    file = calls["file"].to_numpy()[rows]
    loaded = np.append(paths.contains(LOADED).to_numpy(dtype=bool), [False, False])[file]
    begins = np.where(executed, loading | loaded, readying)
    return begins, begins | (executed & any_time)


def _opened(frames: Frames, calls: pd.DataFrame, rows: Int64, lives: Lives) -> Bools:
    """Which calls open the script that their life runs."""
    scripts = _scripts(frames)[lives.table["image"]]
    scripts[~lives.table["executed"].to_numpy()] = None
    some = np.flatnonzero((among(calls["activity"], ("open",)) & ~calls["failed"].to_numpy())[rows])
    file, script = calls["file"].to_numpy()[rows[some]], scripts[lives.of_calls[rows[some]]]
    known = (file >= 0) & (script != None)  # noqa: E711
    some, script = some[known], script[known]
    paths = objects(frames.files["path"])[file[known]]
    named = [base_name(path) if path else "" for path in paths]
    found = np.zeros(len(rows), dtype=bool)
    found[some] = script == np.array(named, dtype=object)
    return found


def _scripts(frames: Frames) -> Objects:
    """The base name of the script that each image runs, or None; the last, of no image, has
    none."""
    images = zip(objects(frames.images["exe"]), objects(frames.images["argv"]), strict=True)
    scripts = [exe and script_of(base_name(exe), argv or ()) for exe, argv in images]
    return np.array([*(name and base_name(name) for name in scripts), None], dtype=object)
