"""The report charges what really ran to the lines of the script that caused it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from aklo_analysis.report import Report, build
from aklo_analysis.tables.functions import FunctionRow
from aklo_analysis.tables.lines import LineRow

from .recording import AS_ROOT, Recorder, Recording

SCRIPT = """\
. ./library.bash
hot_loop() {
    for ((i = 0; i < 300000; i++)); do
        :
    done
}
generations() {
    sh -c 'env true; "$0" -c "import os; os.system(\\"expr 1 + 1 > /dev/null\\")"; :' "$PYTHON"
}
recurse() {
    (($1)) || return
    factor 12 > /dev/null
    recurse $(($1 - 1))
}
hot_loop
generations
recurse 3
in_library
"$BASH" ./other.bash
"""
LIBRARY = """\
in_library() {
    local text
    text=$(seq 3 | tac | (nl))
    sleep 0.05
}
"""
OTHER = """\
inside() { uname > /dev/null; }
inside
"""
ALL = 1000


@pytest.fixture(scope="module")
def recording(module_record: Recorder) -> Recording:
    folder = module_record.folder / "scripts"
    folder.mkdir()
    for name, text in ("main", SCRIPT), ("library", LIBRARY), ("other", OTHER):
        (folder / f"{name}.bash").write_text(text)
    command = f"cd {folder} && PYTHON={sys.executable} exec bash ./main.bash"
    return module_record("sh", "-c", command, options=AS_ROOT)


@pytest.fixture(scope="module")
def report(recording: Recording) -> Report:
    return build(recording.trace, ALL)


def function(report: Report, name: str) -> FunctionRow:
    return next(row for row in report.functions.rows if row.function == name)


def line(report: Report, source: str) -> LineRow:
    return next(row for row in report.lines.rows if source in (row.source or ""))


def started(row: LineRow) -> dict[str, int]:
    return {program.program: program.starts for program in row.programs}


def test_a_loop_without_calls_costs_most(report: Report) -> None:
    hot = function(report, "hot_loop")
    assert hot.measure.own_ns > report.summary.measure.own_ns / 3
    assert hot.measure.calls < 100
    rows: list[Any] = [row for row in report.lines.rows if row.function == "hot_loop"]
    assert rows[0].measure.own_ns > hot.measure.own_ns / 3


def test_all_generations_of_programs_are_charged_to_the_line_that_began(report: Report) -> None:
    found = started(line(report, "sh -c 'env true"))
    assert {"sh", "env", "true", Path(sys.executable).name, "expr"} <= found.keys()


def test_a_recursive_function_counts_once_with_its_calls(report: Report) -> None:
    recurse = function(report, "recurse")
    assert started(line(report, "factor 12")) == {"factor": 3}
    assert recurse.with_calls.starts == recurse.measure.starts == 3


def test_pipelines_substitutions_and_subshells_of_a_sourced_file_have_its_line(
    report: Report,
) -> None:
    assert started(line(report, "text=$(seq 3")) == {"seq": 1, "tac": 1, "nl": 1}
    library = function(report, "in_library")
    assert library.file is not None
    assert library.file.endswith("/library.bash")


def test_a_sleep_is_idle_time_of_its_line_and_no_work(report: Report) -> None:
    sleep = line(report, "sleep 0.05").measure
    assert 50_000_000 <= sleep.idle_ns <= sleep.waited_ns
    # a C library that looks for a name service, as some do, waits for the network a little
    assert report.lines.total.idle_ns - sleep.idle_ns < sleep.idle_ns


def test_a_script_that_was_started_counts_itself_and_with_who_started_it(report: Report) -> None:
    assert started(line(report, "inside() {")) == {"uname": 1}
    caller = line(report, '"$BASH" ./other.bash')
    assert started(caller) == {"other.bash (bash)": 1}
    assert caller.with_calls.starts == 2


def test_all_that_ran_is_charged_once(report: Report) -> None:
    for total in (report.functions.total, report.lines.total):
        assert total.own_ns == report.summary.measure.own_ns
        assert total.calls == report.summary.measure.calls
        assert total.forks == report.summary.processes
        assert total.starts == report.summary.programs_started
