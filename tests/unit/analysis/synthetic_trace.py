"""Traces made by hand: what a test says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace import meta, schema
from aklo_trace.meta import Meta
from aklo_trace.tables import arrow_schema

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
TABLES = {table.name: table for table in schema.TABLES}


@dataclass
class SyntheticTrace:
    """Rows are added with times in nanoseconds since the start of the trace; what is not
    said is null where the schema allows it, else 0."""

    wall_ns: int = 1000 * MS
    piece_rows: int = 7
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {table.name: [] for table in schema.TABLES}
    )
    facts: dict[str, Any] = field(default_factory=dict)

    def process(self, pid: int, start: int = 0, end: int | None = None, **more: Any) -> int:
        """A process whose `proc_id` is its pid."""
        end_ns = None if end is None else START_NS + end
        self._add(
            "processes", proc_id=pid, pid=pid, start_ns=START_NS + start, end_ns=end_ns, **more
        )
        return pid

    def image(self, proc_id: int, at: int, exe: str | None, *argv: str, **more: Any) -> int:
        image_id = len(self.rows["images"])
        words = list(argv) or (None if exe is None else [exe])
        self._add(
            "images",
            image_id=image_id,
            proc_id=proc_id,
            ts_ns=START_NS + at,
            exe=exe,
            argv=words,
            **more,
        )
        return image_id

    def file(self, path: str | None, kind: str | None = "regular", **more: Any) -> int:
        file_id = len(self.rows["files"])
        self._add("files", file_id=file_id, path=path, kind=kind, **more)
        return file_id

    def call(self, pid: int, syscall: str, at: int, dur: int | None, **more: Any) -> None:
        """A call by the main thread of `pid`, unless `tid` says otherwise."""
        base = {"proc_id": pid, "pid": pid, "tid": pid, "ret": None if dur is None else 0}
        self._add(
            "syscalls", **base | {"ts_ns": START_NS + at, "dur_ns": dur, "syscall": syscall} | more
        )

    def site(
        self,
        function: str | None,
        file: str | None,
        line: int | None,
        *callers: Any,
        flags: int = 0,
    ) -> int:
        """A place in shell code. `callers`: function, file and the line of the call of each
        function that led there, innermost first; the script itself is None."""
        site_id = len(self.rows["sites"])
        frames = [(function, file), *((name, source) for name, source, _ in callers)]
        names = ["main" if name is None else name for name, _ in frames]
        sources = ["environment" if source is None else source for _, source in frames]
        calls = [number for _, _, number in callers]
        self._add(
            "sites",
            site_id=site_id,
            function=function,
            file=file,
            line=line,
            stack=names[::-1],
            files=sources[::-1],
            lines=[None, *calls[::-1]],
            flags=flags,
        )
        return site_id

    def sample(
        self, pid: int, at: int, site: int | None, image: int | None, flags: int = 0
    ) -> None:
        rows = {"proc_id": pid, "tid": pid, "image_id": image, "site_id": site, "flags": flags}
        self._add("samples", ts_ns=START_NS + at, period_ns=10 * MS, **rows)

    def function_call(
        self, pid: int, function: str | None, at: int, dur: int | None, **more: Any
    ) -> None:
        """A call of a bash function, by the id of its process."""
        rows = {"proc_id": pid, "tid": pid, "depth": 1, "function": function}
        self._add("calls", ts_ns=START_NS + at, dur_ns=dur, **rows | more)

    def off_cpu(
        self,
        pid: int,
        at: int,
        ready: int | None,
        until: int,
        waker: int | None = None,
        **more: Any,
    ) -> None:
        """The main thread of `pid`, or another one if `tid` says so, has no CPU for a time;
        `waker` is a main thread."""
        rows = {"proc_id": pid, "tid": pid, "waker_proc_id": waker, "waker_tid": waker}
        ready_ns = None if ready is None else START_NS + ready
        times = {"ts_ns": START_NS + at, "dur_ns": until - at, "ready_ns": ready_ns}
        self._add("offcpu", **rows | times | more)

    def report(self, operation: str, at: int, dur: int | None, **more: Any) -> None:
        """An operation that a program reports itself."""
        self._add("tracked", ts_ns=START_NS + at, dur_ns=dur, operation=operation, **more)

    @property
    def meta(self) -> Meta:
        facts: dict[str, Any] = {
            "engine": "ebpf",
            "engine_reason": "the kernel has BTF and ring buffers",
            "argv": ("aklo", "status"),
            "cwd": "/home/dev/project",
            "started_at_ns": START_NS,
            "started_at": "2023-11-14T22:13:20.000000+00:00",
            "wall_ns": self.wall_ns,
            "exit_status": 0,
            "complete": True,
            "incomplete_reason": None,
            "tables": {name: len(rows) for name, rows in self.rows.items()},
        }
        return Meta(**facts | self.facts)

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """As `aklo_trace.store.Trace.table`."""
        fields = arrow_schema(TABLES[name])
        arrays = [pa.array([row[f.name] for row in self.rows[name]], f.type) for f in fields]
        table = pa.table(arrays, schema=fields)
        return table if columns is None else table.select(columns)

    def pieces(self, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """As `aklo_trace.store.Trace.pieces`, in pieces of `piece_rows`."""
        table = self.table(name, columns)
        for first in range(0, len(table), self.piece_rows):
            yield table.slice(first, self.piece_rows)

    def write(self, directory: Path) -> Path:
        """As a trace directory."""
        for name in TABLES:
            (directory / name).mkdir(parents=True)
            pq.write_table(self.table(name), directory / name / "part-00000.parquet")
        meta.write(directory, self.meta)
        return directory

    def _add(self, name: str, **values: Any) -> None:
        row = {c.name: None if c.nullable else 0 for c in TABLES[name].columns}
        assert values.keys() <= row.keys(), values.keys() - row.keys()
        self.rows[name].append(row | values)
