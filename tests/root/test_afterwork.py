"""What goes wrong when the target has ended costs neither its status nor what was recorded."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from aklo_trace.store import LIVE

from .processes import has_ended
from .recording import COMMAND, TIMEOUT_S, Recorder, await_that
from .test_store import assert_one_paragraph

CALLS = 180_000


def children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except OSError:
        return []


def finisher(record: Recorder, workloads: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A recording of a target that ended with status 3, and the process that makes its tables
    now."""
    storm = f"{workloads}/getpid_storm 3 {CALLS // 3}; exit 3"
    front = record.start("sh", "-c", storm)
    await_that((record.folder / "trace" / "syscalls").exists, "the first table")
    (pid,) = children(front.pid)
    return front, pid


def assert_can_be_finished(record: Recorder) -> None:
    assert (record.folder / "trace" / LIVE).is_dir(), "it was too quick"
    assert record.run("recover", record.folder / "trace").returncode == 0
    recording = record.opened("trace")
    assert recording.meta.complete
    assert recording.meta.exit_status == 3
    assert recording.meta.tables["syscalls"] > CALLS


def test_a_finisher_that_is_killed(record: Recorder, workloads: Path) -> None:
    front, pid = finisher(record, workloads)
    os.kill(pid, signal.SIGKILL)
    recording = record.ended(front)
    assert recording.status == 3
    assert_one_paragraph(recording.stderr)
    assert "killed by SIGKILL" in recording.stderr
    assert f"'aklo-trace recover {recording.directory}'" in recording.stderr
    assert_can_be_finished(record)


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("whom", ["front", "both"])
def test_a_finisher_that_is_asked_to_end(
    record: Recorder, workloads: Path, signo: signal.Signals, whom: str
) -> None:
    front, pid = finisher(record, workloads)
    front.send_signal(signo)
    if whom == "both":  # as Ctrl-C does
        os.kill(pid, signo)
    recording = record.ended(front)
    assert recording.status == 3
    assert_one_paragraph(recording.stderr)
    assert f"interrupted. What was recorded is kept in {recording.directory}" in recording.stderr
    assert_can_be_finished(record)


def test_a_finisher_does_not_outlive_the_front(record: Recorder, workloads: Path) -> None:
    front, pid = finisher(record, workloads)
    front.kill()
    front.wait()
    await_that(partial(has_ended, pid), "the end of the finisher")
    assert_can_be_finished(record)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("--as=200000000", "memory"),
        ("--as=100000000", "memory"),
        ("--data=30000000", "memory"),
        ("--data=100000000", "memory"),
        ("--fsize=1000", "raise the limit on the size of files"),
        ("--nofile=6", "raise the limit on open files"),
        ("--cpu=1:60", "killed by SIGXCPU"),
        ("--cpu=1", "(ulimit -t)"),
    ],
)
def test_a_limit_that_stops_the_finisher_is_named(
    record: Recorder, workloads: Path, limit: str, reason: str
) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("there is no prlimit")
    rounds = 25 if "cpu" in limit else 1
    work = f"{workloads}/getpid_storm {rounds} 60000; {prlimit} --pid $PPID {limit}; exit 3"
    recording = record("sh", "-c", work, options=["--format", "text"])
    assert recording.status == 3
    assert "Traceback" not in recording.stderr
    assert recording.stderr.splitlines()[-1].startswith("aklo-trace: ")
    assert reason in recording.stderr
    assert "'aklo-trace recover" in recording.stderr or "'aklo-trace report" in recording.stderr
    assert record.run("report", recording.directory).returncode == 0


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_a_report_that_nobody_takes_can_be_interrupted(
    record: Recorder, signo: signal.Signals
) -> None:
    """The target's own words fill the pipe; the report waits for room in it."""
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    options = ["--engine", record.engine, "-o", str(record.folder / "trace")]
    front = subprocess.Popen(
        [*COMMAND, *options, "--", "sh", "-c", f"head -c {size} /dev/zero >&2; exit 3"],
        stderr=writing,
        env=record.environ,
    )
    meta = record.folder / "trace" / "meta.json"
    await_that(lambda: meta.exists() and '"complete": true' in meta.read_text(), "the tables")
    await_that(lambda: any(map(is_writing_to_a_pipe, children(front.pid))), "the report")
    front.send_signal(signo)
    assert front.wait(TIMEOUT_S) == 3
    os.close(reading)
    os.close(writing)
    assert record.run("report", record.folder / "trace").returncode == 0


def is_writing_to_a_pipe(pid: int) -> bool:
    try:
        return "pipe" in Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return False
