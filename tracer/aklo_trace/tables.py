"""Tables of the schema as Parquet files.

One folder per table, files below it that are read as one. Compressed with zstd; a text that
repeats is stored once, and times as differences.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace.assemble import Columns
from aklo_trace.events import NULL
from aklo_trace.plain_file import open_plain
from aklo_trace.schema import TABLES, Column, Table
from aklo_trace.syscalls import table as syscall_table

PART: Final = "part-00000.parquet"
ZSTD_LEVEL: Final = 3

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
    """Writes the tables of one trace below `directory`, in pieces."""

    def __init__(self, directory: Path) -> None:
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {table.name: 0 for table in TABLES}
        with ExitStack() as opened:
            for table in TABLES:
                folder = directory / table.name
                folder.mkdir(mode=0o700)
                self._writers[table.name] = opened.enter_context(_writer(folder / PART, table))
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
                self._writers[table.name].write_table(
                    pa.table(arrays, schema=arrow_schema(table)), row_group_size=1 << 20
                )
                self.rows[table.name] += len(arrays[0])


@contextmanager
def _writer(path: Path, table: Table) -> Iterator[pq.ParquetWriter]:
    """pyarrow takes no path that is not UTF-8, but any open file."""
    times = [column.name for column in table.columns if column.name.endswith("ts_ns")]
    texts = [c.name for c in table.columns if c.type in {"dictionary", "string"}]
    texts += [f"{c.name}.list.element" for c in table.columns if c.type == "strings"]
    repeating = ["image_id", "proc_id", "pid", "tid", "errno", "fd", "file_id", "flags", "ret"]
    repeating += ["bytes", "file2_id", "site_id", "waker_proc_id", "waker_tid"]
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(fd, "wb") as file,
        pq.ParquetWriter(
            file,
            arrow_schema(table),
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=texts + [name for name in repeating if name in table.column_names],
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        ) as writer,
    ):
        yield writer


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
