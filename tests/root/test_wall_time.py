"""Where the wall time of real runs went, where the answer is known.

Nothing is said of how long things take: what is compared are parts of one recording. The machine
may be busy, so time without a CPU is left out of the whole where it is known.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aklo_analysis.report import build
from aklo_analysis.tables.wall import DoingRow, WallTime
from aklo_trace.engine import Feature
from aklo_trace.engines import engine_named
from aklo_trace.loss import Loss

from .recording import Recorder, Recording, Row

ENGINES = ("ebpf", "strace")

LOOP = "for ((i = 0; i < 300000; i++)); do :; done"
BUSY = "import time; end = time.monotonic() + 30\nwhile time.monotonic() < end: pass"
SWITCHES = """
import resource, time
def switches():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_nvcsw + used.ru_nivcsw
before = switches()
for _ in range(3000):
    time.sleep(0.0001)
print("switches", switches() - before)
"""
BUSY_PER_CPU = 3
ALL = 1000


def times(doings: tuple[DoingRow, ...]) -> dict[str, int]:
    return {row.key: row.wall_ns for row in doings}


class Found:
    """The wall time of a recording: its parts add up to it exactly."""

    def __init__(self, recording: Recording) -> None:
        self.wall: WallTime = build(recording.trace, ALL).wall
        self.of = times(self.wall.doings)
        assert sum(self.of.values()) == self.wall.measure.wall_ns == recording.meta.wall_ns
        self.programs = {row.program: times(row.doings) for row in self.wall.programs.rows}

    @property
    def running_ns(self) -> int:
        """Without time for which there was no CPU."""
        return self.wall.measure.wall_ns - self.of.get("cpu_wait", 0)

    @property
    def most(self) -> str:
        """What most of it was spent on."""
        return max((ns, key) for key, ns in self.of.items() if key != "cpu_wait")[1]

    def share(self, *keys: str) -> float:
        return sum(self.of.get(key, 0) for key in keys) / self.running_ns


def only_process(recording: Recording) -> Row:
    (row,) = recording.processes
    return row


@contextmanager
def busy_machine() -> Iterator[None]:
    """More threads want to run than there are CPUs."""
    count = BUSY_PER_CPU * len(os.sched_getaffinity(0))
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_sleep_is_slept(record: Recorder) -> None:
    assert Found(record("sleep", "0.5")).most == "sleep"


@pytest.mark.parametrize(
    "script",
    [
        "sleep 0.5 | cat | cat",
        "cat < <(sleep 0.5)",
        "x=$(sleep 0.5; echo x)",
        "{ sleep 0.5; seq 100000; } | tail -1",
        "seq 100000 | { sleep 0.5; cat; } > /dev/null",
        'bash -c "bash -c \\"sleep 0.5; :\\"; :"; :',
        "sleep 0.5 & sleep 0.1 & wait",
        "sleep 0.5 & wait $!",
        "coproc sleep 0.5; cat <&${COPROC[0]}",
    ],
)
def test_who_waits_for_a_sleeper_waits_for_its_sleep(record: Recorder, script: str) -> None:
    found = Found(record("bash", "-c", script))
    assert found.most == "sleep"
    assert found.programs["sleep"]["sleep"] == found.of["sleep"]


def test_who_opens_a_fifo_waits_for_who_opens_its_other_end(record: Recorder) -> None:
    record.needs(Feature.FILE_IDENTITY)
    script = "mkfifo f; (sleep 0.5; echo > f) & read -r x < f"
    assert Found(record("bash", "-c", script, cwd=record.folder)).most == "sleep"


@pytest.mark.parametrize(
    "script",
    [
        f"{{ {LOOP}; echo x; }} | cat | cat",
        f"seq 100000 | {{ {LOOP}; cat; }} > /dev/null",
        f"x=$({LOOP}; echo x)",
    ],
)
def test_who_waits_for_a_loop_in_a_shell_waits_for_its_cpu(record: Recorder, script: str) -> None:
    assert Found(record("bash", "-c", script)).most == "shell_cpu"


def test_a_job_that_ends_while_another_program_is_waited_for_is_not_on_the_path(
    record: Recorder,
) -> None:
    script = 'cp "$(type -P sleep)" fore; sleep 0.3 & ./fore 0.6; :'
    found = Found(record("bash", "-c", script, cwd=record.folder))
    assert "sleep" not in found.programs
    assert found.programs["fore"]["sleep"] == found.of["sleep"] >= 590e6


def test_a_job_that_ends_before_anybody_waits_for_it_is_not_on_the_path(record: Recorder) -> None:
    found = Found(record("bash", "-c", "sleep 0.1 & jobs -p > /dev/null; sleep 0.5; wait"))
    (sleeping,) = {row.program for row in found.wall.programs.rows if "sleep" in times(row.doings)}
    assert (sleeping, found.most) == ("sleep", "sleep")


def test_subshells_are_the_making_of_processes(record: Recorder) -> None:
    """Where waiting for a CPU counts as what the process was doing, it is not always the most."""
    script = "for ((i = 0; i < 100; i++)); do ( : ); done"
    found = Found(record("bash", "-c", script))
    assert found.share("process") > 0.25
    if Feature.OFF_CPU not in engine_named(record.engine).lacks:
        assert found.most == "process"


def test_programs_that_do_nothing_start_up(record: Recorder) -> None:
    found = Found(record("bash", "-c", "for ((i = 0; i < 50; i++)); do /bin/true; done"))
    of_true = found.programs["true"]
    assert of_true["startup"] > 2 * of_true.get("program_cpu", 0)
    assert found.share("process", "startup") > 0.5


def test_what_was_computed_is_what_the_kernel_counted(record: Recorder, workloads: Path) -> None:
    record.needs(Feature.OFF_CPU)
    recording = record(workloads / "lifetime", "spin", "300")
    found, process = Found(recording), only_process(recording)
    assert found.of["program_cpu"] == pytest.approx(process["utime_ns"], rel=0.1)
    assert found.share("program_cpu") > 0.5


def test_threads_have_no_cpu_as_often_as_the_kernel_counts_it(record: Recorder) -> None:
    """Between two calls of the program that ask for it. So often that a kernel which keeps tasks
    from tracers, and with them who gets their CPU, has done so."""
    record.needs(Feature.OFF_CPU)
    recording = record(sys.executable, "-c", SWITCHES)
    first, last = (call.ts_ns for call in recording.calls_of("getrusage"))
    process = only_process(recording)["proc_id"]
    own = [row for row in recording.rows("offcpu") if row["proc_id"] == process]
    seen = len([row for row in own if first < row["ts_ns"] < last])
    assert seen + recording.meta.loss.get(Loss.OFF_CPU_RECORDS, 0) == recording.said["switches"][0]


def test_on_a_busy_machine_time_without_a_cpu_is_what_the_kernel_counted(
    record: Recorder, workloads: Path
) -> None:
    record.needs(Feature.OFF_CPU)
    with busy_machine():
        recording = record(workloads / "lifetime", "spin", "300")
    found, process = Found(recording), only_process(recording)
    assert found.of["cpu_wait"] > 0.25 * found.wall.measure.wall_ns
    assert found.of["cpu_wait"] == pytest.approx(process["run_delay_ns"], rel=0.1)
    assert found.wall.merged == ()


def test_on_a_busy_machine_who_waits_for_others_waits_for_their_cpu(record: Recorder) -> None:
    record.needs(Feature.OFF_CPU)
    with busy_machine():
        found = Found(record("bash", "-c", f"{{ {LOOP}; echo x; }} | cat | cat"))
    assert found.of["cpu_wait"] > 0.25 * found.wall.measure.wall_ns
    assert found.share("shell_cpu") > 0.5


def test_threads_that_are_joined_are_waited_for(record: Recorder, workloads: Path) -> None:
    record.needs(Feature.OFF_CPU)
    found = Found(record(workloads / "lifetime", "spin", "150", "4"))
    assert found.share("program_cpu") > 0.5
    assert found.share("lock") < 0.1


def test_a_stopped_process_is_stopped(record: Recorder) -> None:
    record.needs(Feature.OFF_CPU)
    script = "(sleep 0.5; kill -CONT $$) & kill -STOP $$; wait"
    assert Found(record("bash", "-c", script)).share("stopped") > 0.5


def test_without_being_told_who_had_no_cpu_the_report_says_so(record: Recorder) -> None:
    record.needs(Feature.OFF_CPU)
    recording = record("bash", "-c", "sleep 0.5 | cat", options=["--no-off-cpu"])
    found = Found(recording)
    assert recording.rows("offcpu") == []
    assert "cpu_wait" not in found.of
    assert len(found.wall.merged) == 1
    assert found.share("sleep") > 0.3
