"""Tables of a trace become frames without losing what they know, or what they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from aklo_analysis.frames import load
from aklo_trace.schema import OFFCPU, TABLES
from aklo_trace.store import open_trace

from .synthetic_trace import MS, START_NS, SyntheticTrace

BIG = 2**62 + 1
"""No float64 holds it."""


def test_nullable_integers_stay_integers() -> None:
    trace = SyntheticTrace()
    trace.process(10, end=None)
    trace.call(10, "read", BIG - START_NS, None, bytes=None)
    trace.call(10, "read", 0, 5, bytes=BIG, errno=4, fd=3)
    frames = load(trace)
    syscalls = frames.syscalls
    assert syscalls["ts_ns"][0] == BIG
    assert frames.column("bytes").tolist() == [pd.NA, BIG]
    assert syscalls["dur_ns"][0] is pd.NA
    assert syscalls["errno"].tolist() == [pd.NA, 4]
    assert not [name for name, dtype in syscalls.dtypes.items() if dtype.kind == "f"]


def test_columns_without_a_single_value_stay_integers() -> None:
    trace = SyntheticTrace()
    trace.process(10)
    processes = load(trace).processes
    assert processes["end_ns"].dtype == pd.Int64Dtype()
    assert processes["exit_status"].dtype == pd.Int16Dtype()


def test_names_of_calls_and_kinds_are_categories_and_arguments_tuples() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10), 0, "/bin/sh", "sh", "-c", "true")
    trace.image(10, 1, None)
    trace.file("/x", "regular")
    trace.call(10, "read", 0, 1)
    frames = load(trace)
    assert isinstance(frames.syscalls["syscall"].dtype, pd.CategoricalDtype)
    assert isinstance(frames.files["kind"].dtype, pd.CategoricalDtype)
    assert frames.images["argv"].tolist() == [("sh", "-c", "true"), None]


def test_an_empty_path_is_none() -> None:
    trace = SyntheticTrace()
    for path in ("", "/x", None):
        trace.file(path)
    assert load(trace).files["path"].isna().tolist() == [True, False, True]


def test_an_empty_trace_has_all_columns() -> None:
    frames = load(SyntheticTrace())
    for table in TABLES[1:]:
        assert tuple(getattr(frames, table.name).columns) == table.column_names


def test_a_trace_from_before_there_was_a_table_has_no_rows_of_it(tmp_path: Path) -> None:
    trace = SyntheticTrace(facts={"schema_version": 1})
    trace.process(10, end=5 * MS)
    directory = trace.write(tmp_path / "trace")
    shutil.rmtree(directory / "offcpu")
    frames = load(open_trace(directory))
    assert tuple(frames.offcpu.columns) == OFFCPU.column_names
    assert (len(frames.offcpu), len(frames.processes)) == (0, 1)


def test_a_trace_directory_reads_like_its_tables(tmp_path: Path) -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, end=5 * MS, exit_status=3), 0, "/bin/sh", "sh")
    trace.call(10, "openat", 1, 2, file_id=trace.file("/x"), flags=1)
    stored, made = load(open_trace(trace.write(tmp_path / "trace"))), load(trace)
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(stored, table.name), getattr(made, table.name), check_categorical=False
        )
