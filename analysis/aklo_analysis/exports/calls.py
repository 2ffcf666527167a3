"""The system calls of a trace one by one, in the order of their beginnings, with their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aklo_analysis.calls import UNKNOWN, rows_of
from aklo_analysis.exports.ordered import in_order
from aklo_analysis.frames import Source

COLUMNS: Final = (
    *("ts_ns", "dur_ns", "proc_id", "image_id", "pid", "tid", "syscall", "ret", "errno", "fd"),
    *("file_id", "file2_id", "bytes", "offset", "site_id", "flags"),
)
FILES: Final = frozenset({"file_id", "file2_id"})


class Call(NamedTuple):
    """A row of `syscalls`, with the names of its files; what is not known is None. A file's name is
    its path, what the kernel calls a thing without one, or its kind and inode: `pipe:[7]`."""

    ts_ns: int
    dur_ns: int | None
    proc_id: int
    image_id: int | None
    pid: int
    tid: int
    syscall: str
    ret: int | None
    errno: int | None
    fd: int | None
    file: str | None
    file2: str | None
    bytes: int | None
    offset: int | None
    site_id: int | None
    flags: int

    @property
    def end_ns(self) -> int | None:
        return None if self.dur_ns is None else self.ts_ns + self.dur_ns


def calls(trace: Source) -> Iterator[Call]:
    """Raises CorruptTrace."""
    files = _Files(trace)
    for piece in in_order(trace, "syscalls", COLUMNS):
        found = (piece.column(name) for name in COLUMNS)
        named = (
            files.names(column) if name in FILES else column
            for name, column in zip(COLUMNS, found, strict=True)
        )
        yield from map(Call._make, zip(*(column.to_pylist() for column in named), strict=True))


class _Files:
    """Names of files by `file_id`."""

    def __init__(self, trace: Source) -> None:
        columns = ["file_id", "path", "name", "kind", "inode"]
        table = trace.table("files", columns).unify_dictionaries()
        path, name, kind, inode = (table.column(column) for column in columns[1:])
        kind, number = kind.cast(pa.string()), inode.cast(pa.string())
        named = pc.if_else(pc.equal(path, ""), pa.scalar(None, pa.string()), path)
        numbered = pc.binary_join_element_wise(kind, ":[", number, "]", "")
        names = pc.coalesce(named, name, numbered, kind).combine_chunks()
        self._ids, self._names = table.column("file_id").to_numpy().astype(np.int64), names

    def names(self, ids: pa.ChunkedArray) -> pa.Array:
        """Null for an unknown one."""
        wanted = ids.fill_null(UNKNOWN).to_numpy().astype(np.int32)
        rows = rows_of("file_id", self._ids, wanted)
        return self._names.take(pa.array(rows, mask=rows == UNKNOWN))
