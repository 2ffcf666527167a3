"""How processes end, and what they used."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from aklo_trace.engine import Feature

from .recording import Recorder, Recording, Row

ENGINES = ("ebpf", "bcc", "strace")

MIB = 1 << 20
SPIN_MS = 150


def only_process(recording: Recording) -> Row:
    (row,) = recording.processes
    return row


@pytest.mark.parametrize("status", [0, 1, 255])
def test_exit_status(record: Recorder, workloads: Path, status: int) -> None:
    recording = record(workloads / "lifetime", "exit", str(status))
    row = only_process(recording)
    assert (row["exit_status"], row["signal"]) == (status, None)
    assert recording.status == status
    assert (recording.meta.exit_status, recording.meta.signal) == (status, None)


@pytest.mark.parametrize("signo", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_ending_signal(record: Recorder, workloads: Path, signo: int) -> None:
    """One of them dumps core, which is a bit beside the signal's number."""
    program = workloads / "lifetime"
    recording = record(program, "signal", str(int(signo)), cwd=record.folder)
    row = only_process(recording)
    assert (row["exit_status"], row["signal"]) == (None, signo)
    assert recording.status == 128 + signo
    assert (recording.meta.exit_status, recording.meta.signal) == (None, signo)


def test_a_dumped_core_does_not_change_the_signal(record: Recorder, workloads: Path) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith(("|", "/")):
        pytest.skip(f"cores do not go to the working directory here, but to {pattern}")
    program = workloads / "lifetime"
    recording = record(program, "signal", str(int(signal.SIGABRT)), cwd=record.folder)
    assert list(record.folder.glob(f"{pattern}*"))
    assert only_process(recording)["signal"] == signal.SIGABRT


def test_peak_memory_of_a_child(record: Recorder, workloads: Path) -> None:
    record.needs(Feature.PEAK_MEMORY)
    touch = f"{workloads}/lifetime touch"
    recording = record("bash", "-c", f"{touch} 1; {touch} 96; :")
    peaks = [row["max_rss_bytes"] for row in sorted(recording.processes, key=by_id)[1:]]
    assert peaks[1] >= 96 * MIB
    assert 90 * MIB < peaks[1] - peaks[0] < 100 * MIB


def by_id(row: Row) -> int:
    return int(row["proc_id"])


@pytest.mark.parametrize("threads", [1, 3])
def test_time_in_the_program_is_user_time(record: Recorder, workloads: Path, threads: int) -> None:
    record.needs(Feature.CPU_TIME)
    recording = record(workloads / "lifetime", "spin", str(SPIN_MS), str(threads))
    row = only_process(recording)
    assert row["utime_ns"] > 0.8 * SPIN_MS * 1e6 * threads
    assert row["utime_ns"] > 5 * row["stime_ns"]
    assert_agrees_with_the_programs_own_clock(recording)


def test_time_in_calls_is_system_time(record: Recorder, workloads: Path) -> None:
    record.needs(Feature.CPU_TIME)
    recording = record(workloads / "lifetime", "in-kernel", str(SPIN_MS))
    row = only_process(recording)
    assert row["stime_ns"] > 2 * row["utime_ns"]
    assert_agrees_with_the_programs_own_clock(recording)


def assert_agrees_with_the_programs_own_clock(recording: Recording) -> None:
    """Which the program reads shortly before its end."""
    row = only_process(recording)
    own_ns = int(recording.stdout) * 1000
    assert 0.9 < (row["utime_ns"] + row["stime_ns"]) / own_ns < 1.3


def test_waiting_is_no_cpu_time(record: Recorder) -> None:
    record.needs(Feature.CPU_TIME)
    row = only_process(record("sleep", "0.3"))
    assert (row["utime_ns"] + row["stime_ns"]) * 3 < row["end_ns"] - row["start_ns"]


def test_the_time_in_calls_is_part_of_the_lifetime(record: Recorder) -> None:
    recording = record("sleep", "0.2")
    row = only_process(recording)
    (asleep,) = recording.calls_of("clock_nanosleep", "nanosleep")
    assert asleep.dur_ns >= 2e8
    assert row["start_ns"] <= asleep.ts_ns <= asleep.ts_ns + asleep.dur_ns <= row["end_ns"]
    assert recording.meta.wall_ns is not None
    assert recording.meta.wall_ns >= asleep.dur_ns


def test_times_are_those_of_the_wall_clock(record: Recorder) -> None:
    before = time.time_ns()
    recording = record("true")
    after = time.time_ns()
    times = [call.ts_ns for call in recording.calls]
    assert before < times[0] <= times[-1] < after
    assert before < recording.meta.started_at_ns <= times[0]
