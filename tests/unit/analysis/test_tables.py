"""What the tables of a report say."""

from __future__ import annotations

import pytest

from aklo_analysis.report import Report, build
from aklo_analysis.tables.failures import error
from aklo_analysis.tables.times import STOPPED, UNKNOWN, WAIT, WORK
from aklo_trace.schema import SyscallFlag

from .sample import sample_trace
from .synthetic_trace import MS, SyntheticTrace


def report_of(trace: SyntheticTrace, top: int = 10) -> Report:
    return build(trace, top)


def shell() -> SyntheticTrace:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 500 * MS), 0, "/bin/bash", "bash", "/opt/run.sh")
    return trace


def test_reads_of_files_and_of_pipes_are_two_operations() -> None:
    trace = shell()
    trace.call(10, "read", 0, 5, file_id=trace.file("/x"), bytes=7)
    trace.call(10, "read", 0, 9, file_id=trace.file(None, "pipe"))
    rows = report_of(trace).operations.rows
    assert [(row.syscall, row.activity.key, row.measure.bytes) for row in rows] == [
        ("read", "read", 7),
        ("read", "pipe_read", 0),
    ]


def test_percentiles_are_of_calls_that_returned() -> None:
    trace = shell()
    for dur in (1, 2, 3, None):
        trace.call(10, "close", 0, dur)
    (row,) = report_of(trace).operations.rows
    assert row.distribution is not None
    assert (row.distribution.p50_ns, row.distribution.max_ns) == (2, 3)
    assert row.measure.untimed == 1


def test_files_of_one_path_are_one_row() -> None:
    trace = shell()
    trace.call(10, "read", 0, 5, file_id=trace.file("/x", inode=1))
    trace.call(10, "read", 0, 6, file_id=trace.file("/x", inode=2))
    (row,) = report_of(trace).files.rows
    assert (row.path, row.measure.work_ns) == ("/x", 11)


def test_files_without_a_path_stand_apart() -> None:
    trace = shell()
    trace.call(10, "read", 0, 1, file_id=trace.file("pipe:[1]", "pipe"))
    trace.call(10, "read", 0, 2, file_id=trace.file(None, "regular"))
    trace.call(10, "read", 0, 2, fd=7)
    trace.call(10, "newfstatat", 0, 1, file_id=trace.file("", None))
    trace.call(10, "getpid", 0, 4)
    files = report_of(trace).files
    assert files.rows == ()
    assert {name: part.total_ns for name, part in files.apart.items()} == {
        "pipes": 1,
        "nameless": 2,
        "unknown": 3,
        "none": 4,
    }


def test_a_named_pipe_is_a_file_with_a_path() -> None:
    trace = shell()
    trace.call(10, "read", 0, 1, file_id=trace.file("/run/queue", "fifo"))
    assert [row.path for row in report_of(trace).files.rows] == ["/run/queue"]


def test_directories_have_their_entries_and_not_those_below() -> None:
    trace = shell()
    for path in ("/a/x", "/a/y", "/a/b/z", "/top", "here"):
        trace.call(10, "stat", 0, 1, file_id=trace.file(path))
    directories = report_of(trace).directories
    found = {row.path: row.entries for row in directories.rows}
    assert found == {"/a": 2, "/a/b": 1, "/": 1}
    assert directories.apart["relative"].calls == 1


def test_programs_count_their_starts_and_the_processes_that_ran_them() -> None:
    rows = {row.program: row for row in report_of(sample_trace()).programs.rows}
    sed, shell = rows["sed"], rows["aklo (bash)"]
    assert (sed.starts, sed.forks, sed.processes) == (8, 0, 8)
    assert (shell.starts, shell.forks, shell.processes) == (1, 9, 10)


def test_a_program_that_executes_itself_is_started_twice_in_one_process() -> None:
    trace = shell()
    trace.image(10, 100 * MS, "/bin/bash", "bash", "/opt/run.sh", "again")
    trace.image(10, 200 * MS, "/bin/cat")
    report = report_of(trace)
    rows = {row.program: (row.starts, row.forks, row.processes) for row in report.programs.rows}
    assert rows == {"run.sh (bash)": (2, 0, 1), "cat": (1, 0, 1)}
    assert [(row.execs, row.program) for row in report.processes.rows] == [(3, "cat")]
    assert (report.summary.processes, report.summary.programs_started) == (1, 3)


def test_a_process_says_which_of_its_programs_took_most_of_its_work() -> None:
    trace = shell()
    trace.image(10, 300 * MS, "/bin/env")
    trace.image(10, 301 * MS, "/bin/cat")
    trace.call(10, "nanosleep", 302 * MS, 190 * MS, image_id=2)
    (row,) = report_of(trace).processes.rows
    assert (row.program, row.mostly) == ("cat", "run.sh (bash)")


def test_every_process_but_the_first_is_the_fork_of_one_program() -> None:
    trace = shell()
    trace.process(11, 10 * MS, 400 * MS, parent_proc_id=10)
    trace.image(11, 20 * MS, "/bin/env")
    trace.image(11, 30 * MS, "/bin/cat")
    trace.process(12, 40 * MS, 300 * MS, parent_proc_id=11)
    rows = {row.program: (row.starts, row.forks) for row in report_of(trace).programs.rows}
    assert rows == {"run.sh (bash)": (1, 1), "env": (1, 0), "cat": (1, 1)}


def test_a_process_that_never_called_exec_has_the_command_of_its_parent() -> None:
    leftover = next(row for row in report_of(sample_trace()).processes.rows if row.pid == 40)
    assert (leftover.execs, leftover.argv) == (0, ("bash", "/opt/aklo/bin/aklo", "new"))
    assert leftover.duration_ns is None


def test_slowest_calls_are_work() -> None:
    trace = shell()
    trace.call(10, "wait4", 0, 900)
    trace.call(10, "openat", 5, 70, file_id=trace.file("/x"), errno=13, image_id=0)
    trace.call(10, "close", 6, 80)
    trace.call(10, "close", 7, 10)
    slowest = report_of(trace, top=2).slowest
    assert [(call.syscall, call.dur_ns, call.start_ns) for call in slowest] == [
        ("close", 80, 6),
        ("openat", 70, 5),
    ]
    assert slowest[0].program == "run.sh (bash)", "that of its process, as it has no image"
    opened = slowest[1]
    assert (opened.path, opened.errno, opened.program) == ("/x", 13, "run.sh (bash)")


def test_failures_name_the_path_that_failed_most_often() -> None:
    trace = shell()
    rare, often = trace.file("/rare"), trace.file("/often")
    for file in (rare, often, often):
        trace.call(10, "openat", 0, 1, file_id=file, errno=2)
    trace.call(10, "close", 0, 1, errno=9)
    missing, bad = report_of(trace).failures.rows
    assert (missing.name, missing.syscall, missing.path, missing.paths) == (
        "ENOENT",
        "openat",
        "/often",
        2,
    )
    assert (bad.name, bad.path, bad.paths) == ("EBADF", None, 0)


def test_failures_name_their_own_descriptor() -> None:
    trace = shell()
    for fd in (7, 7, 8):
        trace.call(10, "close", 0, 1, fd=fd, errno=9)
    trace.call(10, "lseek", 0, 1, fd=5, errno=29)
    trace.call(10, "wait4", 0, 1, errno=10)
    found = {row.name: row.fd for row in report_of(trace).failures.rows}
    assert found == {"EBADF": 7, "ESPIPE": 5, "ECHILD": None}


@pytest.mark.parametrize(
    ("number", "name"), [(2, "ENOENT"), (11, "EAGAIN"), (512, "ERESTARTSYS"), (4095, "4095")]
)
def test_errors_have_names(number: int, name: str) -> None:
    assert error(number)[0] == name


def test_gaps_are_counted() -> None:
    trace = shell()
    trace.call(10, "openat", 0, 1, flags=int(SyscallFlag.PATH_LOST))
    relative = int(SyscallFlag.PATH_RELATIVE)
    trace.call(10, "openat", 0, 1, flags=relative, file_id=trace.file("here"))
    trace.call(10, "fstatat64", 0, 1, flags=relative, file_id=trace.file("", None))
    trace.call(10, "read", 0, None, flags=int(SyscallFlag.UNFINISHED))
    trace.call(10, "exit_group", 0, None, flags=int(SyscallFlag.UNFINISHED))
    trace.call(10, "io_uring_enter", 0, 1, fd=3)
    trace.call(10, "mmap", 0, 1, fd=3, file_id=trace.file("/x"))
    trace.call(10, "brand_new_call", 0, 1)
    trace.call(10, "read", 0, 1, fd=4, file_id=trace.file(None, "pipe"))
    trace.call(10, "read", 0, 1, fd=5)
    found = {gap.key: gap.count for gap in report_of(trace).gaps if gap.count}
    assert found == {
        "path_lost": 1,
        "path_relative": 1,
        "unknown_file": 4,
        "unfinished": 1,
        "unknown_class": 1,
        "perhaps_waiting": 1,
        "io_uring": 1,
        "mapped_files": 1,
    }


def outside(more: dict[str, int | None]) -> dict[str, tuple[int, str]]:
    """What the 60 ms outside calls of a process of 100 ms are said to be."""
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS, **more), 0, "/bin/sh")
    trace.call(10, "read", 0, 40 * MS)
    rows = [row for row in report_of(trace).times if row.calls is None]
    return {row.key: (row.time_ns // MS, row.part) for row in rows}


@pytest.mark.parametrize(
    ("utime", "run_delay", "expected"),
    [
        (30, 20, {"computing": 30, "fault": 10, "cpu_wait": 20}),
        (30, 30, {"computing": 30, "cpu_wait": 30}),
        (30, 900, {"computing": 30, "cpu_wait": 30}),
        (None, 20, {"outside": 60}),
        (300, 20, {"computing": 60}),
        (30, None, {"computing": 30, "off_cpu": 30}),
        (None, None, {"outside": 60}),
    ],
)
def test_time_outside_calls_is_told_apart_as_far_as_it_is_known(
    utime: int | None, run_delay: int | None, expected: dict[str, int]
) -> None:
    known = {"utime_ns": utime, "run_delay_ns": run_delay}
    found = outside({name: ms if ms is None else ms * MS for name, ms in known.items()})
    parts = {"cpu_wait": WAIT}
    assert found == {key: (ms, parts.get(key, WORK)) for key, ms in expected.items()}


def test_being_stopped_is_a_part_of_its_own() -> None:
    more = {"utime_ns": 30 * MS, "run_delay_ns": 5 * MS, "stopped_ns": 20 * MS}
    assert outside(more) == {
        "computing": (30, WORK),
        "fault": (5, WORK),
        "cpu_wait": (5, WAIT),
        "stopped": (20, STOPPED),
    }


@pytest.mark.parametrize("delay", [None, 6 * MS])
def test_where_only_some_calls_were_recorded_time_without_a_cpu_is_unknown(
    delay: int | None,
) -> None:
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"filter": ("read",)})
    known = {"utime_ns": 30 * MS, "stime_ns": 7 * MS, "run_delay_ns": delay}
    trace.image(trace.process(10, 0, 100 * MS, **known), 0, "/bin/sh")
    trace.call(10, "openat", 50 * MS, 3 * MS, image_id=0)
    report = report_of(trace)
    found = {row.key: (row.time_ns // MS, row.part) for row in report.times}
    waited = {"cpu_wait": (6, WAIT)} if delay else {}
    assert found == waited | {
        "computing": (30, WORK),
        "unrecorded_cpu": (7 - 3, WORK),
        "open": (3, WORK),
        "unrecorded": (63 - (6 if delay else 0), UNKNOWN),
    }
    doings = {row.key: row.wall_ns // MS for row in report.wall.doings}
    assert doings["unrecorded"] == found["unrecorded"][0]


def test_without_cpu_times_nothing_is_known_of_calls_that_were_not_recorded() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"filter": ("read",)})
    trace.image(trace.process(10, 0, 100 * MS), 0, "/bin/sh")
    report = report_of(trace)
    assert [(row.key, row.part) for row in report.times] == [("unrecorded", UNKNOWN)]
    assert report.summary.measure.own_ns == 0
    assert [row.key for row in report.wall.doings] == ["unrecorded"]


def test_what_is_known_of_one_process_is_not_taken_from_another() -> None:
    trace = SyntheticTrace()
    trace.process(10, 0, 100 * MS, utime_ns=900 * MS, run_delay_ns=900 * MS)
    trace.process(11, 0, 100 * MS, utime_ns=10 * MS, run_delay_ns=20 * MS)
    times = {row.key: row.time_ns // MS for row in report_of(trace).times}
    assert times == {"computing": 110, "fault": 70, "cpu_wait": 20}


def test_of_calls_that_took_equally_long_the_first_are_shown() -> None:
    trace = shell()
    for at in range(50):
        trace.call(10, "close", at, 7)
    assert [call.start_ns for call in report_of(trace, top=3).slowest] == [0, 1, 2]
