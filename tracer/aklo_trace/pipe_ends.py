"""Who reads and who writes each pipe, by the calls that were seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import EventBatch, Int32, Int64
from aklo_trace.files import FileTable
from aklo_trace.syscalls import table

READ, WRITTEN = "read", "write"
Uses = tuple[str | None, str | None]
NONE: Final[Uses] = (None, None)
BY_CLASS: Final[dict[str, Uses]] = {"read": (READ, None), "write": (WRITTEN, None)}
BY_NAME: Final[dict[str, Uses]] = {
    "sendfile": (WRITTEN, READ),
    "splice": (READ, WRITTEN),
    "tee": (READ, WRITTEN),
    "copy_file_range": (READ, WRITTEN),
    "vmsplice": (WRITTEN, None),
}
"""What calls do with their first and with their second file."""


def _doing(what: str, which: int) -> npt.NDArray[np.bool_]:
    """By Syscall.code: whether the call does that to its first or second file."""
    uses = (BY_NAME.get(c.name, BY_CLASS.get(c.operation, NONE)) for c in table())
    return np.array([use[which] == what for use in uses])


CALLS: Final = {what: (_doing(what, 0), _doing(what, 1)) for what in (READ, WRITTEN)}


class PipeEnds:
    """Processes by the id of a pipe, collected from all batches."""

    def __init__(self) -> None:
        self._processes: dict[str, dict[int, set[int]]] = {READ: {}, WRITTEN: {}}

    def note(self, batch: EventBatch, files: FileTable, file_ids: tuple[Int32, Int32]) -> None:
        are_pipes = [files.are_pipes(ids) for ids in file_ids]
        done = batch.errno == 0
        for what, by_which in CALLS.items():
            for ids, pipes, does in zip(file_ids, are_pipes, by_which, strict=True):
                rows = np.flatnonzero(pipes & done & does[batch.syscall])
                self._add(self._processes[what], ids[rows], batch.proc_id[rows])

    def columns(self, first: int, end: int) -> dict[str, list[object]]:
        """`readers` and `writers` of the table `files`, from row `first` up to `end`; null where
        none was seen."""
        return {
            column: [sorted(found[pipe]) if pipe in found else None for pipe in range(first, end)]
            for column, found in zip(("readers", "writers"), self._processes.values(), strict=True)
        }

    def _add(self, found: dict[int, set[int]], pipes: Int32, processes: Int32) -> None:
        for pipe, process in _distinct_pairs(pipes, processes):
            found.setdefault(pipe, set()).add(process)


def _distinct_pairs(first: Int32, second: Int32) -> Iterable[tuple[int, int]]:
    pairs: Int64 = np.unique(first.astype(np.int64) << 32 | second)
    return zip((pairs >> 32).tolist(), (pairs & 0xFFFFFFFF).tolist(), strict=True)
