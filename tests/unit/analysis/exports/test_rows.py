"""Formats that have a row per call: JSON lines, CSV, and strace's text."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aklo_analysis.exports import Choice
from aklo_analysis.exports.rows import Row
from aklo_trace.meta import read
from aklo_trace.schema import TABLES, ImageFlag, SyscallFlag

from ..sample import HOSTILE, sample_trace
from ..synthetic_trace import MS, START_NS, SyntheticTrace
from .written import written

CALLS = len(sample_trace().rows["syscalls"])
FORMULAS = ("=1+1", "+1", "-rf", "@SUM(A1)", "\t=1", "\r=1")


def objects(trace: SyntheticTrace) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(trace, "jsonl").splitlines()]


def cells(trace: SyntheticTrace, table: str | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(trace, "csv", Choice(table=table)))))


def lines(trace: SyntheticTrace) -> list[str]:
    return written(trace, "strace").splitlines()


def one_call(syscall: str, **more: Any) -> SyntheticTrace:
    trace = SyntheticTrace()
    trace.process(5, 0, None)
    trace.call(5, syscall, 1_000_000_001, 12_345, **more)
    return trace


def test_a_line_of_json_has_what_is_known_of_a_call() -> None:
    found = objects(sample_trace())
    assert len(found) == CALLS
    assert {tuple(one) for one in found} == {Row._fields}
    (clone, *_) = (one for one in found if one["syscall"] == "clone")
    assert clone["program"] == "aklo (bash)"
    assert (clone["function"], clone["line"]) == ("title_of", 31)
    assert clone["script"] == "/opt/aklo/modules/1/new.sh"
    missed = next(one for one in found if one["error"] == "EBADF")
    assert (missed["fd"], missed["path"], missed["ret"]) == (99, None, -1)
    assert HOSTILE in {one["path"] for one in found}
    assert [one["ts_ns"] for one in found] == sorted(one["ts_ns"] for one in found)


def test_cells_are_those_of_json_and_what_is_unknown_is_empty() -> None:
    for cell, one in zip(cells(sample_trace()), objects(sample_trace()), strict=True):
        for name in ("ts_ns", "dur_ns", "pid", "syscall", "errno", "bytes", "line"):
            assert cell[name] == ("" if one[name] is None else str(one[name]))


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_table_has_all_its_rows_and_columns(table: str) -> None:
    found = cells(sample_trace(), table)
    assert len(found) == len(sample_trace().rows[table])
    columns = next(one.column_names for one in TABLES if one.name == table)
    assert {tuple(row) for row in found} <= {columns}


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(formula: str) -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(5, 0, 9), 1, formula, formula, formula)
    trace.call(5, "openat", 5, 1, file_id=trace.file(formula), fd=-100, ret=-1)
    trace.site(formula, formula, 1)
    for table in (None, *(one.name for one in TABLES)):
        for row in cells(trace, table):
            numbers = {"ret", "fd"}
            texts = [text for name, text in row.items() if name not in numbers]
            assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_no_name_makes_another_line_or_a_control_character() -> None:
    for form in "jsonl", "csv", "strace":
        text = written(sample_trace(), form)
        assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert len(lines(sample_trace())) == CALLS + 9  # and the ends of processes
    assert len(cells(sample_trace())) == CALLS


def test_a_line_of_strace() -> None:
    trace = one_call("read", ret=64, fd=3, bytes=64)
    trace.file("/etc/a b<c>")
    trace.rows["syscalls"][0]["file_id"] = 0
    seconds = START_NS // 10**9 + 1
    name = r"/etc/a b\074c\076"
    assert lines(trace) == [f"5     {seconds}.000000001 read(3<{name}>, ...) = 64 <0.000012345>"]


@pytest.mark.parametrize(
    ("syscall", "more", "shown"),
    [
        ("openat", {"ret": 3, "fd": 3}, '(..., "/é\\"\n", ...) = 3</é"\n>'),
        ("close", {"fd": 3}, '(3</é"\n>) = 0'),
        ("unlink", {"ret": -1, "errno": 2}, '("/é\\"\n") = -1 ENOENT (No such file or directory)'),
        ("mmap", {"ret": 4096}, "(...) = 0x1000"),
        ("wait4", {"errno": 512}, "(...) = ? ERESTARTSYS (Unknown error 512)"),
        ("read", {"dur": None}, "(...) = ?"),
    ],
)
def test_arguments_and_results_stand_as_strace_has_them(
    syscall: str, more: dict[str, Any], shown: str
) -> None:
    trace = SyntheticTrace()
    trace.process(5, 0, None)
    file = {} if syscall in ("mmap", "wait4", "read") else {"file_id": trace.file('/é"\n')}
    dur = more.pop("dur", 1)
    trace.call(5, syscall, 0, dur, **file | more)
    shown = shown.replace("é", r"\303\251").replace("\n", r"\n")
    lasted = "" if dur is None else " <0.000000001>"
    assert lines(trace)[0].partition(syscall)[2] == shown + lasted


def test_bytes_that_are_not_utf8_are_bytes_again() -> None:
    trace = one_call("chdir", file_id=0, flags=int(SyscallFlag.NOT_UTF8))
    trace.file(r"/a\xff")
    assert r'chdir("/a\377") = 0' in lines(trace)[0]


def test_an_exec_has_the_arguments_of_its_program() -> None:
    trace = one_call("execve", ret=0, file_id=0)
    trace.file("/bin/sed")
    cut = int(ImageFlag.ARGV_TRUNCATED)
    trace.image(5, 1_000_000_005, "/bin/sed", "sed", "-n", flags=cut)
    assert 'execve("/bin/sed", ["sed", "-n", ...], ...) = 0' in lines(trace)[0]


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ({"exit_status": 3}, "+++ exited with 3 +++"),
        ({"signal": 9}, "+++ killed by SIGKILL +++"),
        ({"signal": 99}, "+++ killed by SIG_99 +++"),
    ],
)
def test_the_end_of_a_process_is_a_line(end: dict[str, int], shown: str) -> None:
    trace = SyntheticTrace()
    trace.process(5, 0, 2 * MS, **end)
    assert lines(trace)[0].endswith(f".002000000 {shown}")


def test_an_end_of_which_nothing_is_known_is_no_line() -> None:
    trace = SyntheticTrace()
    trace.process(5, 0, 2 * MS, exit_status=None)
    assert not [line for line in lines(trace) if "+++" in line]


def test_what_strace_is_made_of_can_be_imported_again(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(written(sample_trace(), "strace"))
    command = [sys.executable, "-m", "aklo_trace", "import", "-o", tmp_path / "again"]
    subprocess.run([*command, tmp_path / "log"], check=True, capture_output=True, timeout=60)
    meta = read(tmp_path / "again")
    assert (meta.tables["syscalls"], meta.loss) == (CALLS, {})
