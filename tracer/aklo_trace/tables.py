"""Tables of the schema as Parquet files.

One folder per table, files below it that are read as one. Compressed with zstd; a text that
repeats is stored once, and times as differences.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace.assemble import Columns
from aklo_trace.events import NULL
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


class TableWriter:
    """Writes the tables of one trace below `directory`, in pieces."""

    def __init__(self, directory: Path) -> None:
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {table.name: 0 for table in TABLES}
        for table in TABLES:
            folder = directory / table.name
            folder.mkdir(mode=0o700)
            self._writers[table.name] = _writer(folder / PART, table)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._writers.values():
            writer.close()

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


def _writer(path: Path, table: Table) -> pq.ParquetWriter:
    times = [column.name for column in table.columns if column.name.endswith("ts_ns")]
    texts = [c.name for c in table.columns if c.type in {"dictionary", "string"}]
    texts += ["argv.list.element"] if "argv" in table.column_names else []
    repeating = ["image_id", "proc_id", "pid", "tid", "errno", "fd", "file_id", "flags", "ret"]
    repeating += ["bytes", "file2_id"]
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return pq.ParquetWriter(
        path,
        arrow_schema(table),
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=texts + [name for name in repeating if name in table.column_names],
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
    )


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


def read_table(directory: Path, table: Table, columns: list[str] | None) -> pa.Table:
    """The rows of one table, in memory. Raises OSError or pyarrow.ArrowException."""
    parts = sorted((directory / table.name).glob("*.parquet"))
    # Not pq.read_table: that imports pyarrow.dataset, for a fifth of a second.
    pieces = [pq.ParquetFile(part, memory_map=True).read(columns=columns) for part in parts]
    names = columns or list(table.column_names)
    return pa.concat_tables(pieces).select(names) if len(pieces) != 1 else pieces[0].select(names)
