"""A directory of traces as one dataset, which may be larger than memory.

Dask reads the Parquet files of all traces piece by piece; what it is asked for is computed with a
few pieces in memory at a time. It is an extra: ``pip install 'aklo-trace[fleet]'``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from aklo_analysis.frames import series
from aklo_trace import location, meta, schema, store, tables
from aklo_trace.alerting.standing import command_of
from aklo_trace.errors import TraceError, UsageError
from aklo_trace.meta import Meta

if TYPE_CHECKING:
    import dask.dataframe as dd

TRACE: Final = "trace"
"""The column that says which trace a row is of: the name of its directory."""
NO_DASK: Final = (
    "Tables of many traces need Dask, which is not installed: pip install 'aklo-trace[fleet]'."
)


class Piece(NamedTuple):
    """A row group of a Parquet file of a trace."""

    trace: str
    file: str
    group: int


@dataclass(frozen=True)
class Fleet:
    """The traces of a directory, oldest first. `skipped`: those that cannot be read, or are still
    being recorded, each with the reason."""

    directory: Path
    metas: dict[str, Meta]
    skipped: dict[str, str]

    @cached_property
    def traces(self) -> pd.DataFrame:
        """A row per trace: `trace`, `command`, `started` (UTC), `wall_ns` and `exit_status` (null
        if unknown), `processes`, `programs`, `syscalls`, `engine`, `complete`."""
        return pd.DataFrame([_row(name, one) for name, one in self.metas.items()]).astype(DTYPES)

    @property
    def syscalls(self) -> dd.DataFrame:
        """The system calls of all."""
        return self.frame("syscalls")

    @property
    def processes(self) -> dd.DataFrame:
        return self.frame("processes")

    @property
    def images(self) -> dd.DataFrame:
        return self.frame("images")

    @property
    def files(self) -> dd.DataFrame:
        return self.frame("files")

    def frame(self, name: str) -> dd.DataFrame:
        """A table of all traces, lazily: the columns of docs/schema.md, and `trace`. Numbers such
        as `proc_id` count within their trace: group by both. Texts are strings, not categories.
        Raises UsageError without Dask, and CorruptTrace if that of any trace is damaged; what
        computes the frame does, too."""
        try:
            import dask.dataframe as dd
        except ImportError as error:
            raise UsageError(NO_DASK) from error
        table = store.BY_NAME[name]
        pieces = [*self._pieces(table)]
        read_all: Any = dd.from_map if pieces else dd.from_pandas  # which have no types
        found: dd.DataFrame = (
            read_all(read, pieces, table=table, meta=_typed(table))
            if pieces
            else read_all(_typed(table), npartitions=1)
        )
        return found

    def _pieces(self, table: schema.Table) -> Iterator[Piece]:
        for name, one in self.metas.items():
            if one.schema_version >= table.since:
                with store.reading(self.directory / name, table.name):
                    yield from _row_groups(name, self.directory / name / table.name)


def _row_groups(trace: str, folder: Path) -> list[Piece]:
    """Of a table of a trace, those that have rows."""
    return [
        Piece(trace, str(part), group)
        for part in sorted(folder.glob("*.parquet"))
        for content in [pq.ParquetFile(part).metadata]
        for group in range(content.num_row_groups)
        if content.row_group(group).num_rows
    ]


DTYPES: Final = {
    "trace": "string",
    "command": "string",
    "started": "datetime64[ns, UTC]",
    "wall_ns": "Int64",
    "exit_status": "Int64",
    "processes": "int64",
    "programs": "int64",
    "syscalls": "int64",
    "engine": "string",
    "complete": "bool",
}
"""Of the columns of `Fleet.traces`."""


def open_traces(directory: str | os.PathLike[str]) -> Fleet:
    """All traces in a directory, such as a store of 'aklo-trace list'. Nothing is finished that was
    interrupted: run 'aklo-trace recover' for that. Raises NotADirectoryError."""
    folder = Path(directory)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no directory with traces.")
    metas, skipped = {}, {}
    for path in reversed(location.traces(folder)):
        try:
            if (path / store.LIVE).is_dir():
                skipped[path.name] = "it is still being recorded, or was interrupted"
            else:
                metas[path.name] = meta.read(path)
        except TraceError as error:
            skipped[path.name] = str(error)
    return Fleet(folder, metas, skipped)


def read(piece: Piece, table: schema.Table, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows of a piece, with the columns of these names or all; Dask asks for what it needs.
    Raises CorruptTrace."""
    wanted = [*table.column_names, TRACE] if columns is None else [*columns]
    names = [name for name in wanted if name != TRACE]
    with store.reading(Path(piece.file).parents[1], table.name):
        found = pq.ParquetFile(piece.file).read_row_group(piece.group, columns=names)
    by_name = {column.name: column for column in table.columns}
    frame = pd.DataFrame(
        {name: _series(by_name[name], found.column(name)) for name in names},
        index=pd.RangeIndex(found.num_rows),
    )
    frame[TRACE] = pd.array([piece.trace] * found.num_rows, dtype="string")
    return frame[wanted]


def _series(column: schema.Column, values: Any) -> Any:
    found = series(column, values)
    return found.astype("string") if column.type in TEXTS else found


TEXTS: Final = frozenset({"string", "dictionary"})


def _typed(table: schema.Table) -> pd.DataFrame:
    """No rows, with the dtypes of `read`."""
    empty = tables.arrow_schema(table).empty_table()
    frame = pd.DataFrame({c.name: _series(c, empty.column(c.name)) for c in table.columns})
    return frame.assign(trace=pd.array([], dtype="string"))


def _row(name: str, one: Meta) -> dict[str, Any]:
    return {
        TRACE: name,
        "command": command_of(one.argv),
        "started": pd.Timestamp(one.started_at_ns, unit="ns", tz="UTC"),
        "wall_ns": one.wall_ns,
        "exit_status": one.exit_status,
        "processes": one.tables.get("processes", 0),
        "programs": one.tables.get("images", 0),
        "syscalls": one.tables.get("syscalls", 0),
        "engine": one.engine,
        "complete": one.complete,
    }
