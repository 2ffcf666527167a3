"""Tables of the schema as Parquet files.

One folder per table, files below it that are read as one, in the order of their names. Compressed
with zstd; what repeats is stored once, and times as differences.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace.assemble import Columns
from aklo_trace.events import NULL
from aklo_trace.packing import STANDARD, Packing
from aklo_trace.plain_file import open_plain
from aklo_trace.schema import TABLES, Column, Table
from aklo_trace.syscalls import table as syscall_table

PART: Final = "part-00000.parquet"
"""The first file of a table."""
ROW_GROUP: Final = 1 << 20
LEAST_BYTES: Final = 1 << 20
"""What is smaller is not closed for its age: so there are no small files that would be merged."""

_TYPES: Final[dict[str, pa.DataType]] = {
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "string": pa.string(),
    "strings": pa.list_(pa.string()),
    "ints": pa.list_(pa.int32()),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}


def arrow_schema(table: Table) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                column.name,
                _TYPES[column.type],
                column.nullable,
                {"doc": column.doc, "unit": column.unit},
            )
            for column in table.columns
        ]
    )


def load() -> None:
    """Load every module that writing needs: pyarrow looks for pandas at its first array."""
    pa.array(np.zeros(1))


class TableWriter:
    """Writes the tables of one trace below `directory`, in pieces: as files that follow each other,
    each closed when it has grown as `packing` says."""

    def __init__(self, directory: Path, packing: Packing = STANDARD) -> None:
        self.rows: dict[str, int] = {table.name: 0 for table in TABLES}
        with ExitStack() as opened:
            self._segments = {
                table.name: opened.enter_context(
                    closing(_Segments(directory / table.name, table, packing))
                )
                for table in TABLES
            }
            self._opened = opened.pop_all()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def add(self, pieces: dict[str, Columns]) -> None:
        for table in TABLES:
            columns = pieces.get(table.name)
            if not columns:
                continue
            arrays = [_array(column, columns[column.name]) for column in table.columns]
            if len(arrays[0]):
                self._segments[table.name].add(pa.table(arrays, schema=arrow_schema(table)))
                self.rows[table.name] += len(arrays[0])


class _Segments:
    """The files of one table. There is one at least, and none without rows but the first."""

    def __init__(self, folder: Path, table: Table, packing: Packing) -> None:
        folder.mkdir(mode=0o700)
        self._folder, self._table, self._packing = folder, table, packing
        self._timed = next((n for n in table.column_names if n.endswith("ts_ns")), None)
        self._opened = ExitStack()
        self._number = 0
        self._file, self._writer = self._opened.enter_context(self._next())
        self._since_ns: int | None = None
        self._is_full = False

    def close(self) -> None:
        self._opened.close()

    def add(self, rows: pa.Table) -> None:
        if self._is_full:
            self.close()
            self._number += 1
            self._file, self._writer = self._opened.enter_context(self._next())
            self._since_ns = None
        self._writer.write_table(rows, row_group_size=ROW_GROUP)
        size, is_old = self._file.tell(), self._is_old(rows)
        self._is_full = size >= self._packing.segment_bytes or (is_old and size >= LEAST_BYTES)

    def _next(self) -> AbstractContextManager[tuple[BinaryIO, pq.ParquetWriter]]:
        path = self._folder / f"part-{self._number:05}.parquet"
        return _writer(path, self._table, self._packing.zstd_level)

    def _is_old(self, rows: pa.Table) -> bool:
        """Whether it covers as much time as it may."""
        if self._timed is None:
            return False
        times = rows.column(self._timed).to_numpy()
        if self._since_ns is None:
            self._since_ns = int(times.min())
        return bool(int(times.max()) - self._since_ns >= self._packing.segment_ns)


@contextmanager
def _writer(
    path: Path, table: Table, zstd_level: int
) -> Iterator[tuple[BinaryIO, pq.ParquetWriter]]:
    """pyarrow takes no path that is not UTF-8, but any open file."""
    times = [column.name for column in table.columns if column.name.endswith("ts_ns")]
    texts = [c.name for c in table.columns if c.type in {"dictionary", "string"}]
    texts += [f"{c.name}.list.element" for c in table.columns if c.type == "strings"]
    repeating = ["image_id", "proc_id", "pid", "tid", "errno", "fd", "file_id", "flags", "ret"]
    repeating += ["dur_ns", "bytes", "file2_id", "site_id", "waker_proc_id", "waker_tid"]
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(fd, "wb") as file,
        pq.ParquetWriter(
            file,
            arrow_schema(table),
            compression="zstd",
            compression_level=zstd_level,
            use_dictionary=texts + [name for name in repeating if name in table.column_names],
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        ) as writer,
    ):
        yield file, writer


def _array(column: Column, values: Any) -> pa.Array:
    if column.name == "syscall":
        names = [call.name for call in syscall_table()]
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int32()), names)
    if column.type == "dictionary":
        return pa.array(values, pa.string()).dictionary_encode()
    if isinstance(values, np.ndarray):
        nulls = values == NULL if values.dtype == np.int64 else None
        if nulls is not None and nulls.any():
            values = np.where(nulls, 0, values)
            return pa.array(values, mask=nulls).cast(_TYPES[column.type])
        return pa.array(values).cast(_TYPES[column.type])
    return pa.array(values, _TYPES[column.type])


def empty_table(table: Table, columns: list[str] | None) -> pa.Table:
    """No rows."""
    schema = arrow_schema(table)
    return schema.empty_table().select(columns or schema.names)


def with_rows(kept: pa.Table, table: Table, columns: Mapping[str, list[object]]) -> pa.Table:
    """A table, or some columns of it, and more rows of these."""
    arrays = {column.name: _array(column, columns[column.name]) for column in table.columns}
    more = pa.table([arrays[name] for name in kept.column_names], schema=kept.schema)
    return pa.concat_tables([kept, more]) if len(more) else kept


def read_table(directory: Path, table: Table, columns: list[str] | None) -> pa.Table:
    """The rows of one table, in memory. Raises OSError, pyarrow.ArrowException, or ValueError
    for columns that are not the schema's."""
    names = columns or list(table.column_names)
    parts = _parts(directory / table.name)
    return pa.concat_tables([_read_part(part, table, names) for part in parts])


def read_pieces(
    directory: Path, table: Table, columns: list[str] | None, rows: int
) -> Iterator[pa.Table]:
    """The same, at most so many rows at a time: no more of them are in memory."""
    names = columns or list(table.column_names)
    for part in _parts(directory / table.name):
        with _mapped(part) as source:
            file = pq.ParquetFile(source, pre_buffer=False)
            for batch in file.iter_batches(rows, columns=names, use_threads=False):
                yield _checked(pa.Table.from_batches([batch]), table, names, part)


def _parts(folder: Path) -> list[Path]:
    parts = sorted(name for name in os.listdir(folder) if name.endswith(".parquet"))  # noqa: PTH208
    if not parts:
        raise FileNotFoundError(errno.ENOENT, "It has no Parquet file", str(folder))
    return [folder / part for part in parts]


def _read_part(path: Path, table: Table, names: list[str]) -> pa.Table:
    # Not pq.read_table: that imports pyarrow.dataset, for a fifth of a second.
    with _mapped(path) as source:
        read = _read(pq.ParquetFile(source, pre_buffer=False), names)
    return _checked(read, table, names, path)


def _checked(read: pa.Table, table: Table, names: list[str], path: Path) -> pa.Table:
    wanted = arrow_schema(table)
    for name in names:
        if name not in read.column_names or not read.schema.field(name).equals(wanted.field(name)):
            raise ValueError(f"{path.name} has no column {name} as the schema has it")
    return read.select(names)


def _read(file: pq.ParquetFile, names: list[str]) -> pa.Table:
    try:
        return file.read(columns=names, use_threads=pa.cpu_count() > 1)
    except pa.ArrowException:  # where threads are refused, it can do without
        return file.read(columns=names, use_threads=False)


def _mapped(path: Path) -> pa.NativeFile:
    """Mapped by Arrow itself: what Python has mapped is let go by one of Arrow's threads with
    Python's lock, and for that it may be too late when Python ends. By the descriptor, as Arrow
    takes no path that is not UTF-8."""
    fd = open_plain(path)
    try:
        return pa.memory_map(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
