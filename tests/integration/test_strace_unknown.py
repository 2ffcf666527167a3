"""What a log does not say is unknown in the trace that is made of it, and said to be."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aklo_trace import places, store
from aklo_trace.commands import import_
from aklo_trace.meta import INSTANTS, MEASURED, ORDER, Meta
from aklo_trace.schema import FileFlag
from aklo_trace.store import Trace, open_trace
from aklo_trace.strace.recorded import StraceRecorded
from aklo_trace.strace.sources import LogSource

LOG = """\
10 1700000001.000100 execve("/bin/sh", ["sh"], 0x7 /* 1 var */) = 0 <0.000200>
10 1700000001.000400 chdir("/tmp") = 0 <0.000010>
10 1700000001.000500 clone(child_stack=NULL, flags=SIGCHLD) = 11 <0.000100>
11 1700000001.000700 execve("/bin/ls", ["ls"], 0x7 /* 1 var */) = 0 <0.000200>
11 1700000001.001000 openat(AT_FDCWD, "name", O_RDONLY) = 3 <0.000020>
11 1700000001.001100 exit_group(0) = ?
11 1700000001.001200 +++ exited with 0 +++
10 1700000001.001300 wait4(-1, NULL, 0, NULL) = 11 <0.000050>
10 1700000001.001400 exit_group(3) = ?
10 1700000001.001500 +++ exited with 3 +++
"""
NO_TIMES = re.sub(r"(?m)^(\d+) \S+ ", r"\1 ", LOG)
NO_DURATIONS = re.sub(r"(?m) <0\.\d+>$", "", LOG)
ALONE = "".join(line[3:] for line in LOG.splitlines(keepends=True) if line.startswith("10"))


@dataclass(frozen=True)
class Imported:
    trace: Trace
    said: str
    info: str
    report: dict[str, Any]

    @property
    def meta(self) -> Meta:
        return self.trace.meta

    def assert_said(self, what: str) -> None:
        """In one line of what import and info say."""
        assert not self.meta.complete
        for text in (self.said, self.info):
            assert any(re.search(what, line) for line in text.splitlines()), text


def imported(folder: Path, *logs: tuple[str, str]) -> Imported:
    for name, text in logs:
        (folder / name).write_text(text)
    said = run(folder, "import", "-o", "trace", *(name for name, _ in logs)).stderr
    info = run(folder, "info", "trace").stdout
    report = json.loads(run(folder, "report", "trace", "--format", "json").stdout)
    return Imported(open_trace(folder / "trace"), said, info, report)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aklo_trace", *words],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_whole_log_is_complete_and_tells_what_was_computed(tmp_path: Path) -> None:
    found = imported(tmp_path, ("log", LOG))
    assert (found.meta.complete, found.meta.incomplete_reason) == (True, None)
    assert found.meta.timing == MEASURED
    assert found.meta.wall_ns == 1_400_000
    assert found.report["summary"]["outside_ns"] > 0


def test_a_log_that_says_what_it_lacks_is_not_complete(tmp_path: Path) -> None:
    first, rest = LOG.split("\n", 1)
    holes = "\naklo-trace: 5 lines are missing here\n", "aklo-trace: 7 lines are missing here\n"
    found = imported(tmp_path, ("log", first + holes[0] + rest + holes[1]))
    found.assert_said("incomplete: lines of the log were lost|no: lines of the log were lost")
    found.assert_said("12 lines unwritten|12 by lines_unwritten")
    assert found.meta.loss == {"lines_unwritten": 12}


def test_what_a_gap_may_have_changed_is_unknown_behind_it(tmp_path: Path) -> None:
    log = """\
10 1700000001.000100 execve("/bin/sh", ["sh"], 0x7 /* 1 var */) = 0 <0.000200>
10 1700000001.000400 stat("/before", 0x7) = 0 <0.000010>
10 1700000001.000500 chdir("/sub") = 0 <0.000010>
aklo-trace: 5 lines are missing here
10 1700000001.000600 stat("after", 0x7) = 0 <0.000010>
10 1700000001.000700 clone(child_stack=NULL, flags=SIGCHLD) = 11 <0.000100>
11 1700000001.000800 stat("child", 0x7) = 0 <0.000010>
11 1700000001.000850 +++ exited with 0 +++
10 1700000001.000900 chdir("/top") = 0 <0.000010>
10 1700000001.001000 stat("again", 0x7) = 0 <0.000010>
10 1700000001.001100 execve("/bin/ls", ["ls"], 0x7 /* 1 var */) = 0 <0.000200>
10 1700000001.001500 stat("last", 0x7) = 0 <0.000010>
10 1700000001.001600 +++ exited with 3 +++
"""
    trace = imported(tmp_path, ("log", log)).trace
    files = trace.table("files").to_pylist()
    assert {row["path"] for row in files} >= {"/before", "/top/again", "/top/last"}
    relative = [row["path"] for row in files if row["flags"] & FileFlag.RELATIVE]
    assert relative == ["after", "child"]
    names = {row["file_id"]: row["path"] for row in files}
    calls = trace.table("syscalls").to_pydict()
    images = dict(zip(map(names.get, calls["file_id"]), calls["image_id"], strict=True))
    assert images["/before"] == 0
    assert [images[name] for name in ("after", "child", "/top/again")] == [None] * 3
    assert images["/top/last"] == 1


def test_calls_that_are_in_no_table_are_named(tmp_path: Path) -> None:
    new = [f"10 1700000001.00080{n % 2} call_{n % 11}(1) = 0 <0.000001>" for n in range(30)]
    first, rest = LOG.split("\n", 1)
    found = imported(tmp_path, ("log", "\n".join([first, *new, rest])))
    (note,) = (note for note in found.meta.notes if "in no table" in note)
    assert note.startswith("calls that are in no table, and so 'unknown': 3 call_0, 3 call_1, ")
    assert note.endswith(" 2 call_9, 2 others")
    assert found.meta.complete


@pytest.mark.parametrize("durations", [True, False])
def test_without_times_nothing_is_when_nor_how_long_but_calls(
    tmp_path: Path, durations: bool
) -> None:
    log = NO_TIMES if durations else re.sub(r"(?m) <0\.\d+>$", "", NO_TIMES)
    found = imported(tmp_path, ("log", log))
    found.assert_said("the log has no times")
    assert found.meta.timing == ORDER
    assert (found.meta.wall_ns, found.meta.started_at) == (None, "")
    assert re.search(r"(?m)^started +unknown$", found.info)
    assert re.search(r"(?m)^wall time +unknown$", found.info)
    measure = found.report["summary"]
    unfinished = measure["unfinished_work_ns"], measure["unfinished_wait_ns"]
    assert (measure["outside_ns"], unfinished) == (0, (0, 0))
    assert measure["work_ns"] == (530_000 if durations else 0)
    rows = found.report["tables"]["processes"]["rows"] + found.report["tables"]["slowest"]
    assert {row["start_ns"] for row in rows} == {None}
    assert {row.get("duration_ns") for row in rows} == {None}
    times = found.trace.table("syscalls", ["ts_ns"]).column("ts_ns").to_pylist()
    assert times == sorted(times)
    assert "/tmp/name" in found.trace.table("files").column("path").to_pylist()
    programs = found.trace.table("syscalls", ["image_id"]).column("image_id").to_pylist()
    assert programs[4:] == [1, 1, 0, 0]


def test_without_durations_nothing_is_computed(tmp_path: Path) -> None:
    found = imported(tmp_path, ("log", NO_DURATIONS))
    found.assert_said("the log has no durations.*computing is unknown")
    assert found.meta.timing == INSTANTS
    assert found.meta.wall_ns == 1_400_000
    assert found.report["summary"]["outside_ns"] == 0
    assert found.report["summary"]["work_ns"] == 0


def test_whole_seconds_do_not_tell_what_was_computed(tmp_path: Path) -> None:
    found = imported(tmp_path, ("log", re.sub(r"(?m)^(\d+ \d+)\.\d+", r"\1", LOG)))
    found.assert_said("whole seconds")
    assert found.meta.timing == INSTANTS
    assert found.report["summary"]["outside_ns"] == 0


def test_without_children_a_log_is_not_complete(tmp_path: Path) -> None:
    found = imported(tmp_path, ("log", ALONE))
    found.assert_said(r"\b1 children have no line in the log")


@pytest.mark.parametrize(("kept", "said"), [("10", "1 children"), ("11", "1 processes were there")])
def test_a_family_without_one_of_its_files_is_not_complete(
    tmp_path: Path, kept: str, said: str
) -> None:
    own = [line[3:] for line in LOG.splitlines(keepends=True) if line.startswith(kept)]
    text = "".join(own if kept == "10" else own[1:])
    imported(tmp_path, (f"log.{kept}", text)).assert_said(said)


def missing_in(lines: list[str]) -> str:
    recorded = StraceRecorded([LogSource(stream=io.BytesIO("".join(lines).encode()))])
    assert sum(map(len, recorded.batches()))
    return "; ".join(recorded.account().missing)


@pytest.mark.parametrize("lines", range(1, 9))
def test_a_log_that_is_cut_anywhere_is_not_complete(lines: int) -> None:
    """But for its last line, which adds nothing to the exit_group before it."""
    missing = missing_in(LOG.splitlines(keepends=True)[:lines])
    assert "still run where the log ends" in missing


@pytest.mark.parametrize("lines", range(1, 8))
def test_a_log_that_lacks_its_head_is_not_complete(lines: int) -> None:
    missing = missing_in(LOG.splitlines(keepends=True)[lines:])
    assert "were there before the log" in missing


def test_without_the_files_of_descriptors_it_says_so() -> None:
    with_files = LOG.replace(" = 3 <", " = 3</tmp/name> <")
    without, named = (notes_of(text) for text in (LOG, with_files))
    assert any("strace -y" in note for note in without)
    assert not any("strace -y" in note for note in named)


def notes_of(text: str) -> tuple[str, ...]:
    recorded = StraceRecorded([LogSource(stream=io.BytesIO(text.encode()))])
    assert sum(map(len, recorded.batches()))
    return recorded.account().notes


def test_a_log_does_not_say_where_it_was_made(tmp_path: Path) -> None:
    meta = imported(tmp_path, ("log", LOG)).meta
    assert (meta.kernel, meta.machine, meta.host) == (None, None, None)


def test_nothing_is_left_of_an_import_that_fails_unforeseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text(LOG)
    monkeypatch.setattr(store, "_convert", lambda *_: 1 // 0)
    monkeypatch.setattr(places, "drop_privileges", lambda _: None)
    options = argparse.Namespace(
        logs=[str(tmp_path / "log")],
        output=tmp_path / "trace",
        force=False,
        date=None,
        format="auto",
    )
    with pytest.raises(ZeroDivisionError):
        import_.run(options)
    assert not (tmp_path / "trace").exists()
