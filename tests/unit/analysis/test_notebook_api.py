"""Traces and fleets as frames, as a notebook sees them, and their plots."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot

import aklo_analysis
from aklo_analysis import analyse, as_frame, open_trace, open_traces, plots
from aklo_analysis.fleet import Fleet
from aklo_analysis.frames import INTEGERS
from aklo_analysis.trace import Trace
from aklo_trace import meta, schema
from aklo_trace.errors import CorruptTrace, NotATrace

from .sample import HOSTILE, sample_trace
from .synthetic_trace import START_NS, SyntheticTrace

NAMES = [table.name for table in schema.TABLES]
mpl.use("agg")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three traces that can be read, the last one small; one that is being recorded; and one that
    is damaged."""
    store = tmp_path_factory.mktemp("store")
    for name in ("1", "2"):
        sample_trace().write(store / name)
    small = SyntheticTrace(facts={"started_at_ns": START_NS + 10**9, "wall_ns": None})
    small.call(small.process(1, 0, 5), "futex", 1, None)
    small.write(store / "3")
    (sample_trace().write(store / "4") / "live").mkdir()
    (sample_trace().write(store / "5") / meta.FILE).write_text("{")
    return store


@pytest.fixture(scope="module")
def trace(store: Path) -> Trace:
    return open_trace(store / "1")


@pytest.fixture(scope="module")
def fleet(store: Path) -> Fleet:
    return open_traces(store)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_a_frame_with_the_columns_and_dtypes_of_the_schema(
    trace: Trace, name: str
) -> None:
    table = next(table for table in schema.TABLES if table.name == name)
    found = getattr(trace, name)
    assert len(found) == len(sample_trace().rows[name])
    assert set(table.column_names) <= {*found.columns}
    for column in table.columns:
        if column.type in INTEGERS:
            integer = INTEGERS[column.type]
            assert found[column.name].dtype == (integer if column.nullable else column.type)


def test_calls_have_names(trace: Trace) -> None:
    found = trace.named_syscalls()
    assert len(found) == len(trace.syscalls)
    clone = found[found["syscall"] == "clone"].iloc[0]
    assert (clone["program"], clone["function"], clone["line"]) == ("aklo (bash)", "title_of", 31)
    assert found["path"].isin([HOSTILE]).sum() == 1
    assert pd.isna(found[found["errno"] == 9]["path"].iloc[0])


def test_a_report_is_made_and_its_tables_are_frames(trace: Trace) -> None:
    report = analyse(trace, top=2, by=["syscall"])
    assert report.top == 2
    lines = as_frame(report.wall.lines)
    assert lines["measure.wall_ns"].is_monotonic_decreasing
    assert [*as_frame(report.findings)["code"]] == [one.code for one in report.findings]


def test_what_is_no_trace_is_said(store: Path) -> None:
    with pytest.raises(NotATrace, match="There is no trace 'none'"):
        open_trace("none")
    with pytest.raises(NotADirectoryError, match="is no directory with traces"):
        open_traces(store / "none")


def test_a_fleet_has_a_row_per_trace_and_says_what_it_leaves_out(fleet: Fleet) -> None:
    found = fleet.traces
    assert [*found["trace"]] == ["1", "2", "3"]
    assert found["wall_ns"].isna().tolist() == [False, False, True]
    assert found["started"].iloc[0] == pd.Timestamp(START_NS, unit="ns", tz="UTC")
    assert found["syscalls"].tolist() == [220, 220, 1]
    assert set(fleet.skipped) == {"4", "5"}
    assert "interrupted" in fleet.skipped["4"]


def test_a_table_of_a_fleet_is_that_of_its_traces(fleet: Fleet, trace: Trace) -> None:
    found = fleet.syscalls.compute()
    assert found.groupby("trace").size().to_dict() == {"1": 220, "2": 220, "3": 1}
    own = found[found["trace"] == "1"].drop(columns="trace").astype({"syscall": "category"})
    pd.testing.assert_frame_equal(
        own.reset_index(drop=True), trace.syscalls, check_categorical=False
    )


def test_a_fleet_is_summed_up_without_being_loaded(fleet: Fleet) -> None:
    sums = fleet.syscalls.groupby(["trace", "syscall"])["dur_ns"].sum().compute()
    assert sums["1", "wait4"] == sums["2", "wait4"] == 8 * 12_000_000
    assert fleet.syscalls.npartitions == 3
    names = fleet.images[["exe", "trace"]].compute()
    assert set(names["exe"]) == {"/usr/bin/env", "/usr/bin/bash", "/usr/bin/sed"}
    assert len(fleet.processes) == 2 * 10 + 1


def test_a_table_that_no_trace_has_rows_of_is_empty(fleet: Fleet) -> None:
    found = fleet.frame("offcpu").compute()
    assert len(found) == 0
    assert [*found.columns] == [*schema.OFFCPU.column_names, "trace"]


def test_a_damaged_table_of_one_trace_is_named_and_can_be_left_out(store: Path) -> None:
    broken = store.parent / "broken"
    shutil.copytree(store, broken)
    part = broken / "2/syscalls/part-00000.parquet"
    whole = part.read_bytes()
    for damage in (b"", whole[:100] + b"\xff" * 400 + whole[500:]):
        part.write_bytes(damage)
        fleet = open_traces(broken)
        with pytest.raises(CorruptTrace, match=f"syscalls of {broken / '2'} is damaged"):
            fleet.syscalls.compute()
    del fleet.metas["2"]
    assert len(fleet.syscalls) == 221


def test_a_report_without_durations_has_an_empty_plot_of_them() -> None:
    from aklo_analysis.report import build

    trace = SyntheticTrace()
    trace.call(trace.process(1, 0, None), "read", 5, None)
    axes = plots.plot_latencies(build(trace))
    axes.figure.canvas.draw()
    assert not axes.collections
    assert axes.get_title(loc="left")
    pyplot.close("all")


def test_plots_show_what_the_report_says(trace: Trace, fleet: Fleet) -> None:
    report = analyse(trace)
    bars = plots.plot_wall(report)
    shown = [label.get_text() for label in bars.get_yticklabels()]
    assert "computing in the shell" in shown
    assert len(bars.patches) == len(shown)
    lines = [label.get_text() for label in plots.plot_lines(report).get_yticklabels()]
    assert "new.sh:31" in lines
    assert len(plots.plot_functions(report).patches) == len(report.wall.functions.rows)
    rows = [label.get_text() for label in plots.plot_latencies(report).get_yticklabels()]
    assert "waiting for child processes" in rows
    assert len(plots.plot_runs(fleet).lines) == 1
    _, axes = pyplot.subplots()
    assert plots.plot_wall(report, axes) is axes
    pyplot.close("all")


def test_a_hostile_name_is_a_label_and_no_formula() -> None:
    trace = SyntheticTrace()
    image = trace.image(trace.process(1, 0, None), 0, "/bin/bash", "bash", shell="bash 5.2.15")
    for name in (r"$\frac{", "x\x1b[2J", "y" * 100):
        site = trace.site(name, "/$a$.sh", 1)
        trace.call(1, "read", 5 * len(name), 3, image_id=image, site_id=site)
    from aklo_analysis.report import build

    axes = plots.plot_functions(build(trace))
    axes.figure.canvas.draw()
    pyplot.close("all")


def test_names_of_the_package_are_those_that_are_there() -> None:
    for name in aklo_analysis.__all__:
        assert getattr(aklo_analysis, name)
    with pytest.raises(AttributeError):
        aklo_analysis.nothing  # noqa: B018


@pytest.mark.parametrize(("package", "extra"), [("dask", "fleet"), ("matplotlib", "plot")])
def test_a_missing_extra_is_named(package: str, extra: str, store: Path) -> None:
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from aklo_analysis import analyse, open_trace, open_traces, plots\n"
        f"fleet = open_traces({str(store)!r}); fleet.traces\n"
        f"trace = open_trace({str(store / '1')!r})\n"
        + ("fleet.syscalls" if extra == "fleet" else "plots.plot_wall(analyse(trace))")
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert f"pip install 'aklo-trace[{extra}]'" in done.stderr.splitlines()[-1]
