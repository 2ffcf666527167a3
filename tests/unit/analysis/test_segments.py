"""A report is the same, however many files the tables of its trace are in."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq

from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_trace.schema import TABLES
from aklo_trace.store import Trace, open_trace

from .sample import sample_trace


def written(trace: Trace) -> str:
    stream = io.StringIO()
    REPORTERS["json"](build(trace, by=("function", "file")), stream, Options())
    return stream.getvalue()


def test_of_many_files_it_is_that_of_one(tmp_path: Path) -> None:
    trace = sample_trace().write(tmp_path / "trace")
    whole = written(open_trace(trace))
    for table in TABLES:
        part = trace / table.name / "part-00000.parquet"
        rows = pq.read_table(part)
        for number, start in enumerate(range(0, len(rows), 7)):
            pq.write_table(rows.slice(start, 7), part.with_name(f"part-{number:05}.parquet"))
    assert len(list((trace / "syscalls").iterdir())) > 10
    assert written(open_trace(trace)) == whole
