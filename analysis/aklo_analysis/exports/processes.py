"""Processes and programs as other tools name and number them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aklo_analysis.frames import Source, frame
from aklo_analysis.nullable import objects
from aklo_analysis.program import program_names
from aklo_trace import schema
from aklo_trace.schema import ImageFlag

SPARE: Final = 1 << 23
"""Beyond all pids and tids, see proc_sys_kernel(5): for numbers that have been used before."""


@dataclass(frozen=True, slots=True)
class Process:
    """`exit_status` or `signal` is None, and both if its end was not seen."""

    proc_id: int
    pid: int
    start_ns: int
    end_ns: int | None
    exit_status: int | None
    signal: int | None


@dataclass(frozen=True, slots=True)
class Program:
    """`name` and `argv` as far as they are known, which has been cut if `is_cut`. `is_odd`: words
    have bytes that were not UTF-8, as ``\\xNN``."""

    image_id: int
    proc_id: int
    ts_ns: int
    name: str | None
    argv: tuple[str, ...] | None
    flags: int

    @property
    def is_cut(self) -> bool:
        return bool(self.flags & ImageFlag.ARGV_TRUNCATED)

    @property
    def is_odd(self) -> bool:
        return bool(self.flags & ImageFlag.NOT_UTF8)


class Numbers:
    """Numbers of threads, each used once: tids are used again, also by other processes."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, int], int] = {}
        self._used: set[int] = set()

    def thread(self, proc_id: int, tid: int) -> int:
        """That of a process is that of its main thread."""
        found = self._of.get((proc_id, tid))
        if found is None:
            found = tid if tid not in self._used else SPARE + len(self._of)
            self._of[proc_id, tid] = found
            self._used.add(found)
        return found


def processes_of(trace: Source) -> dict[int, Process]:
    """By `proc_id`, in the order of their beginnings."""
    names = ("proc_id", "pid", "start_ns", "end_ns", "exit_status", "signal")
    table = frame(trace, schema.PROCESSES, names).sort_values("start_ns", kind="stable")
    rows = zip(*(objects(table[name]).tolist() for name in names), strict=True)
    return {row[0]: Process(*row) for row in rows}


def programs_of(trace: Source) -> dict[int | None, Program]:
    """By `image_id`, in the order of time."""
    images = frame(trace, schema.IMAGES).sort_values("ts_ns", kind="stable")
    names = program_names(images)[:-1]
    columns = ("image_id", "proc_id", "ts_ns", "argv", "flags")
    ids, owners, times, argv, flags = (objects(images[column]).tolist() for column in columns)
    rows = zip(ids, owners, times, names, argv, flags, strict=True)
    return {row[0]: Program(*row) for row in rows}
