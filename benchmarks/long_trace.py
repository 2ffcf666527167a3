"""A long trace made of a real one: its target does the same again and again.

Every repetition has processes and images of its own and comes after the one before, so
contents, proportions and the mixing of processes are those of real work. The target is one
process in all of them, that executes its programs anew each time. Files and places in shell code
are the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace import meta, schema
from aklo_trace.store import Trace
from aklo_trace.tables import arrow_schema

TIMES: Final = ("ts_ns", "start_ns", "end_ns", "ready_ns")
SHARED: Final = ("files", "sites")
"""Tables that do not grow."""

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Turn:
    """What is added to the processes, images and times of one repetition."""

    processes: int
    images: int
    ns: int
    is_first: bool
    is_last: bool


def prolong(trace: Trace, calls: int, directory: Path) -> int:
    """Write a trace of at least `calls` system calls; how many it has is returned."""
    target, wall_ns = trace.meta.target_proc_id or 0, trace.meta.wall_ns or 1
    processes = int(_ids(trace, "processes", "proc_id").max()) + 1
    images = int(_ids(trace, "images", "image_id").max()) + 1
    repeats = -(-calls // trace.meta.tables["syscalls"])
    turns = [
        Turn(n * processes, n * images, n * wall_ns, n == 0, n == repeats - 1)
        for n in range(repeats)
    ]
    rows = {}
    for table in schema.TABLES:
        parts = _parts(table, trace.table(table.name), turns, target)
        rows[table.name] = _write(directory / table.name, table, parts)
    facts = replace(trace.meta, tables=rows, wall_ns=repeats * wall_ns, attempts=None)
    meta.write(directory, facts)
    return rows["syscalls"]


def _ids(trace: Trace, table: str, column: str) -> Int64:
    found: Int64 = trace.table(table, [column]).column(column).to_numpy().astype(np.int64)
    return found


def _parts(
    table: schema.Table, rows: pa.Table, turns: list[Turn], target: int
) -> Iterator[pa.Table]:
    if table.name in SHARED:
        yield rows
        return
    for turn in turns:
        moved = _moved(table, _of_turn(table.name, rows, turn, target), turn, target)
        yield _lengthened(moved, turns[-1], target) if table.name == "processes" else moved


def _of_turn(name: str, rows: pa.Table, turn: Turn, target: int) -> pa.Table:
    """The rows that a repetition has: the target begins in the first, with a call of no program,
    and ends in the last."""
    if "proc_id" not in rows.column_names:
        return rows
    is_target = rows.column("proc_id").to_numpy() == target
    left_out = np.zeros(len(rows), dtype=bool)
    if name == "processes" and not turn.is_first:
        left_out = is_target
    if name == "syscalls" and not turn.is_first:
        left_out |= is_target & rows.column("image_id").is_null().to_numpy()
    if name == "syscalls" and not turn.is_last:
        ends = np.isin(rows.column("syscall").to_numpy(), ["exit", "exit_group"])
        left_out |= is_target & ends
    return rows.filter(pa.array(~left_out))


def _moved(table: schema.Table, rows: pa.Table, turn: Turn, target: int) -> pa.Table:
    for place, column in enumerate(table.columns):
        if column.name.endswith("proc_id"):
            ids = rows.column(place)
            added = np.where(ids.fill_null(target).to_numpy() == target, 0, turn.processes)
        elif column.name == "image_id":
            added = np.full(len(rows), turn.images)
        elif column.name in TIMES:
            added = np.full(len(rows), turn.ns)
        else:
            continue
        rows = _with_added(rows, place, added.astype(np.int64))
    return rows


def _with_added(rows: pa.Table, place: int, added: Int64) -> pa.Table:
    field = rows.schema.field(place)
    sums = pa.compute.add(rows.column(place).cast(pa.int64()), pa.array(added))
    return rows.set_column(place, field, sums.cast(field.type))


def _lengthened(processes: pa.Table, last: Turn, target: int) -> pa.Table:
    """The target ends with the last repetition."""
    is_target = processes.column("proc_id").to_numpy() == target
    place = processes.schema.get_field_index("end_ns")
    return _with_added(processes, place, np.where(is_target, last.ns, 0))


def _write(folder: Path, table: schema.Table, parts: Iterator[pa.Table]) -> int:
    folder.mkdir(parents=True)
    fields, rows = arrow_schema(table), 0
    with pq.ParquetWriter(folder / "part-00000.parquet", fields, compression="zstd") as writer:
        for part in parts:
            writer.write_table(part.cast(fields))
            rows += len(part)
    return rows
