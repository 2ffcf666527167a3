"""The tables of a trace as pandas frames.

A nullable integer column becomes a masked one (``Int64`` and the like), so that a missing
value never turns a column into floats; a column that is never null is a plain numpy one,
a dictionary column is categorical, and a list is a tuple, or None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from aklo_trace import schema

if TYPE_CHECKING:
    import pyarrow as pa

    from aklo_trace.meta import Meta

SYSCALLS = ("ts_ns", "dur_ns", "pid", "tid", "syscall", "ret", "errno", "fd", "flags")
"""The columns of `syscalls` that are kept: the table is long, and memory is not free. Others are
read when they are asked for, see `Frames.column`."""

INTEGERS: dict[str, Any] = {
    "int16": pd.Int16Dtype(),
    "int32": pd.Int32Dtype(),
    "int64": pd.Int64Dtype(),
}


class Source(Protocol):
    """What a trace is to analysis; `aklo_trace.store.Trace` is one."""

    @property
    def meta(self) -> Meta: ...

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table: ...

    def pieces(self, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]: ...


@dataclass(frozen=True)
class Frames:
    """The tables of `aklo_trace.schema`, with the columns named there; of `syscalls` only those
    in `SYSCALLS`."""

    source: Source
    syscalls: pd.DataFrame
    processes: pd.DataFrame
    images: pd.DataFrame
    files: pd.DataFrame
    sites: pd.DataFrame
    samples: pd.DataFrame
    calls: pd.DataFrame
    offcpu: pd.DataFrame
    tracked: pd.DataFrame

    def column(self, name: str) -> pd.Series[Any]:
        """A column of `syscalls` that is not kept: it is read anew each time."""
        return frame(self.source, schema.SYSCALLS, (name,))[name]


def load(trace: Source) -> Frames:
    """Read the tables of a trace. An empty path names nothing and becomes null: a call with one
    works on its descriptor."""
    files = frame(trace, schema.FILES)
    files["path"] = files["path"].where(files["path"] != "")
    return Frames(
        source=trace,
        syscalls=frame(trace, schema.SYSCALLS, SYSCALLS),
        processes=frame(trace, schema.PROCESSES),
        images=frame(trace, schema.IMAGES),
        files=files,
        sites=frame(trace, schema.SITES),
        samples=frame(trace, schema.SAMPLES),
        calls=frame(trace, schema.CALLS),
        offcpu=frame(trace, schema.OFFCPU),
        tracked=frame(trace, schema.TRACKED),
    )


def frame(trace: Source, table: schema.Table, names: Sequence[str] | None = None) -> pd.DataFrame:
    """One table of a trace, with the columns of these names or all."""
    columns = [c for c in table.columns if names is None or c.name in names]
    read = trace.table(table.name, [c.name for c in columns]).unify_dictionaries()
    return pd.DataFrame({c.name: series(c, read.column(c.name)) for c in columns}, copy=False)


def series(column: schema.Column, values: Any) -> Any:
    """A column of Arrow as the module says."""
    if column.type in {"strings", "ints"}:
        texts = [None if value is None else tuple(value) for value in values.to_pylist()]
        return pd.Series(texts, dtype="object")
    integer = INTEGERS.get(column.type)
    if integer is None:
        return values.to_pandas()
    if column.nullable:
        return pd.Series(integer.__from_arrow__(values), copy=False)
    return values.to_numpy()
