"""The wall time is charged once, along the critical path."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.calls import UNKNOWN, derive
from aklo_analysis.causes import causes
from aklo_analysis.frames import load
from aklo_analysis.lives import live
from aklo_analysis.ranking import Ranking
from aklo_analysis.report import build
from aklo_analysis.tables.wall import Spent
from aklo_analysis.wall import Wall, wall
from aklo_analysis.wall.doings import DOINGS
from aklo_trace.meta import INSTANTS, MEASURED, ORDER
from aklo_trace.schema import OffCpuFlag, ProcessFlag, SyscallFlag

from .synthetic_trace import MS, START_NS, SyntheticTrace
from .test_conservation import traces

DOCUMENT = Path(__file__).parents[3] / "docs" / "wall-time.md"
UNFINISHED = int(SyscallFlag.UNFINISHED)
READY = int(OffCpuFlag.READY)
LATER = int(ProcessFlag.START_UNSEEN)


def wall_of(trace: SyntheticTrace) -> Wall:
    meta, frames = trace.meta, load(trace)
    calls = derive(frames)
    measured = meta.timing == MEASURED
    end_ns = START_NS + (meta.wall_ns or 0)
    lives = live(frames, calls, START_NS, end_ns, measured)
    return wall(meta, frames, calls, lives, causes(frames, calls, lives))


def path(trace: SyntheticTrace) -> list[tuple[int, str, int]]:
    """Process, doing and milliseconds of the critical path; neighbours alike are one."""
    segments = wall_of(trace).segments
    lives = live(load(trace), derive(load(trace)), START_NS, START_NS + trace.wall_ns).table
    process = lives["process"].to_numpy()[segments["life"]]
    rows = load(trace).processes["proc_id"].to_numpy()[process]
    found: list[tuple[int, str, int]] = []
    for pid, doing, ns in zip(rows.tolist(), segments["doing"], segments["ns"], strict=True):
        if found and found[-1][:2] == (pid, doing):
            found[-1] = (pid, doing, found[-1][2] + ns)
        else:
            found.append((pid, doing, ns))
    return [(pid, doing, ns // MS) for pid, doing, ns in found]


def shell(wall_ms: int = 100, **more: Any) -> SyntheticTrace:
    """A bash that runs from 0 to the end, as process 1."""
    trace = SyntheticTrace(wall_ns=wall_ms * MS)
    trace.facts = {"target_proc_id": 1}
    trace.process(1, 0, wall_ms * MS, **more)
    trace.image(1, 0, "/bin/bash", shell="bash 5.2.15")
    return trace


def does(
    trace: SyntheticTrace, pid: int, syscall: str, at: int, dur: int | None, **more: Any
) -> None:
    """A call by the program that a process executed last."""
    images = [row["image_id"] for row in trace.rows["images"] if row["proc_id"] == pid]
    trace.call(pid, syscall, at, dur, **{"image_id": images[-1]} | more)


def child(trace: SyntheticTrace, pid: int, start: int, end: int | None, parent: int = 1) -> int:
    """A program that is executed as soon as it is forked; from and to milliseconds."""
    end_ns = None if end is None else end * MS
    trace.process(pid, start * MS, end_ns, parent_proc_id=parent, ppid=parent)
    trace.image(pid, start * MS, "/bin/cat")
    return pid


def test_a_shell_that_waits_for_a_child_is_waited_for_only_until_then() -> None:
    trace = shell()
    child(trace, 2, 20, 70)
    does(trace, 1, "clone", 19 * MS, 1 * MS, ret=2)
    does(trace, 1, "wait4", 30 * MS, 45 * MS, ret=2)
    assert path(trace) == [
        (1, "shell_cpu", 19),
        (1, "process", 1),
        (1, "shell_cpu", 10),
        (2, "program_cpu", 40),
        (1, "process", 5),
        (1, "shell_cpu", 25),
    ]


def test_waits_of_several_generations_lead_to_the_last() -> None:
    trace = shell()
    for pid in (2, 3, 4):
        child(trace, pid, pid * 5, 100 - pid * 5, parent=pid - 1)
        at = (pid * 5 + 1) * MS
        does(trace, pid - 1, "wait4", at, (99 - pid * 5) * MS - at, ret=pid)
    found = path(trace)
    assert [(pid, doing) for pid, doing, _ in found] == [
        (1, "shell_cpu"),
        (2, "program_cpu"),
        (3, "program_cpu"),
        (4, "program_cpu"),
        (3, "program_cpu"),
        (2, "program_cpu"),
        (1, "shell_cpu"),
    ]


@pytest.mark.parametrize("between", ["rt_sigprocmask", "write"])
def test_of_children_the_last_one_is_waited_for_unless_something_is_done(between: str) -> None:
    trace = shell()
    child(trace, 2, 10, 50)
    child(trace, 3, 11, 80)
    does(trace, 1, "wait4", 20 * MS, 31 * MS, ret=2)
    does(trace, 1, between, 51 * MS + 1, 1)
    does(trace, 1, "wait4", 51 * MS + MS // 2, 29 * MS - MS // 2, ret=3)
    first = 3 if between == "rt_sigprocmask" else 2
    found = [(pid, ms) for pid, doing, ms in path(trace) if doing == "program_cpu"]
    assert found == [(first, 31 if first == 3 else 30), (3, 28)]


def test_a_shell_that_computes_between_two_waits_waited_for_the_first_child() -> None:
    trace = shell()
    child(trace, 2, 10, 30)
    child(trace, 3, 11, 90)
    does(trace, 1, "wait4", 20 * MS, 11 * MS, ret=2)
    does(trace, 1, "wait4", 71 * MS, 19 * MS, ret=3)
    found = [(pid, ms) for pid, doing, ms in path(trace) if doing == "program_cpu"]
    assert found == [(2, 10), (3, 19)]


def test_a_child_is_not_waited_for_before_it_is_there() -> None:
    trace = shell()
    child(trace, 2, 10, 50)
    does(trace, 1, "wait4", 20 * MS, 31 * MS, ret=2)
    child(trace, 3, 52, 80)
    does(trace, 1, "wait4", 53 * MS, 27 * MS, ret=3)
    found = [(pid, ms) for pid, doing, ms in path(trace) if doing == "program_cpu"]
    assert found == [(2, 30), (3, 27)]


def test_an_empty_pipe_is_waited_for_until_its_writer_writes_and_ends() -> None:
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 10, 60)
    does(trace, 1, "read", 20 * MS, 20 * MS, ret=9, bytes=9, fd=3, file_id=pipe)
    does(trace, 2, "write", 39 * MS, 1 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    does(trace, 1, "read", 41 * MS, 20 * MS, ret=0, bytes=0, fd=3, file_id=pipe)
    assert path(trace) == [
        (1, "shell_cpu", 20),
        (2, "program_cpu", 19),
        (2, "pipe", 1),
        (1, "shell_cpu", 1),
        (2, "program_cpu", 19),
        (1, "pipe", 1),
        (1, "shell_cpu", 39),
    ]


def test_a_pipe_that_has_data_is_not_waited_for() -> None:
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 10, 60)
    does(trace, 2, "write", 15 * MS, 1 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    does(trace, 1, "read", 20 * MS, 5 * MS, ret=9, bytes=9, fd=3, file_id=pipe)
    assert path(trace) == [(1, "shell_cpu", 20), (1, "pipe", 5), (1, "shell_cpu", 75)]


def test_a_full_pipe_is_waited_for_until_its_reader_reads() -> None:
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 10, 60)
    does(trace, 1, "write", 20 * MS, 20 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    does(trace, 2, "read", 39 * MS, 1 * MS, ret=9, bytes=9, fd=0, file_id=pipe)
    assert path(trace) == [
        (1, "shell_cpu", 20),
        (2, "program_cpu", 19),
        (2, "pipe", 1),
        (1, "shell_cpu", 60),
    ]


def test_a_child_that_never_wrote_is_waited_for_by_its_descriptor() -> None:
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 10, 60)
    does(trace, 2, "dup2", 11 * MS, 1 * MS, ret=1, fd=4, file_id=pipe)
    does(trace, 1, "read", 12 * MS, 48 * MS, ret=0, bytes=0, fd=3, file_id=pipe)
    assert path(trace) == [(1, "shell_cpu", 12), (2, "program_cpu", 48), (1, "shell_cpu", 40)]


def test_before_a_process_began_its_parent_is_waited_for() -> None:
    """The reader waits for the writer, which a third process forks only later."""
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 5, 90)
    child(trace, 3, 40, 80, parent=2)
    does(trace, 3, "write", 59 * MS, 1 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    does(trace, 1, "read", 10 * MS, 50 * MS, ret=9, bytes=9, fd=3, file_id=pipe)
    assert path(trace) == [
        (1, "shell_cpu", 10),
        (2, "program_cpu", 30),
        (3, "program_cpu", 19),
        (3, "pipe", 1),
        (1, "shell_cpu", 40),
    ]


def test_waits_in_a_circle_are_charged_to_themselves() -> None:
    """The child reads a pipe whose only other user is the shell that waits for the child."""
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 5, 90)
    does(trace, 1, "dup2", 6 * MS, 1 * MS, ret=1, fd=4, file_id=pipe)
    does(trace, 1, "wait4", 10 * MS, 80 * MS, ret=2)
    does(trace, 2, "read", 20 * MS, 60 * MS, ret=0, bytes=0, fd=0, file_id=pipe)
    found = path(trace)
    assert found[3:] == [
        (2, "program_cpu", 10),
        (2, "pipe", 60),
        (2, "program_cpu", 10),
        (1, "shell_cpu", 10),
    ]


@pytest.mark.parametrize(
    ("syscall", "kind", "doing"),
    [
        ("clock_nanosleep", None, "sleep"),
        ("futex", None, "lock"),
        ("recvfrom", "socket", "network"),
        ("read", "terminal", "terminal"),
        ("read", "regular", "file"),
        ("openat", "regular", "metadata"),
        ("mmap", None, "memory"),
        ("uname", None, "other"),
        ("poll", None, "unseen"),
    ],
)
def test_what_waits_for_nobody_is_what_the_call_does(
    syscall: str, kind: str | None, doing: str
) -> None:
    trace = shell()
    more: dict[str, Any] = {"fd": 3, "file_id": trace.file("/x", kind)} if kind else {}
    does(trace, 1, syscall, 10 * MS, 60 * MS, ret=1, **more)
    assert path(trace) == [(1, "shell_cpu", 10), (1, doing, 60), (1, "shell_cpu", 30)]


def test_what_polls_waits_for_what_it_reads_next() -> None:
    trace = shell()
    pipe, socket = trace.file("pipe:[7]", "pipe"), trace.file(None, "socket")
    child(trace, 2, 1, 90)
    does(trace, 2, "write", 29 * MS, 1 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    does(trace, 1, "poll", 10 * MS, 20 * MS, ret=1)
    does(trace, 1, "read", 30 * MS, 1, ret=9, bytes=9, fd=3, file_id=pipe)
    does(trace, 1, "pselect6", 40 * MS, 20 * MS, ret=1)
    does(trace, 1, "read", 60 * MS, 1, ret=9, bytes=9, fd=4, file_id=socket)
    does(trace, 1, "poll", 70 * MS, 20 * MS, ret=0)
    assert [part for part in path(trace) if part[1] != "shell_cpu" and part[2]] == [
        (2, "program_cpu", 19),
        (2, "pipe", 1),
        (1, "network", 20),
        (1, "sleep", 20),
    ]


def test_a_program_starts_up_until_its_own_first_work() -> None:
    trace = shell()
    child(trace, 2, 10, 90)
    does(trace, 1, "wait4", 10 * MS, 80 * MS, ret=2)
    library = trace.file("/lib/x86_64-linux-gnu/libc.so.6")
    for number, call in enumerate(("openat", "read", "mmap", "close")):
        does(trace, 2, call, (20 + number) * MS, 1 * MS, fd=3, file_id=library)
    does(trace, 2, "mprotect", 30 * MS, 1 * MS)
    does(trace, 2, "brk", 40 * MS, 1 * MS)
    does(trace, 2, "openat", 50 * MS, 1 * MS, fd=3, file_id=trace.file("/data"))
    does(trace, 2, "mprotect", 60 * MS, 1 * MS)
    assert [part for part in path(trace) if part[0] == 2] == [
        (2, "startup", 21),
        (2, "program_cpu", 9),
        (2, "memory", 1),
        (2, "program_cpu", 9),
        (2, "metadata", 1),
        (2, "program_cpu", 9),
        (2, "memory", 1),
        (2, "program_cpu", 29),
    ]


def test_an_interpreter_starts_up_until_it_opens_its_script() -> None:
    trace = shell()
    trace.process(2, 10 * MS, 90 * MS, parent_proc_id=1)
    trace.image(2, 10 * MS, "/usr/bin/python3.11", "python3", "lib/tool.py")
    does(trace, 1, "wait4", 10 * MS, 80 * MS, ret=2)
    does(trace, 2, "openat", 30 * MS, 1 * MS, fd=3, file_id=trace.file("/etc/settings"))
    does(trace, 2, "openat", 50 * MS, 1 * MS, fd=3, file_id=trace.file("/opt/lib/tool.py"))
    assert [part for part in path(trace) if part[0] == 2] == [
        (2, "startup", 40),
        (2, "metadata", 1),
        (2, "program_cpu", 39),
    ]


def test_a_forked_process_is_being_made_until_its_own_first_call() -> None:
    trace = shell()
    trace.process(2, 10 * MS, 90 * MS, parent_proc_id=1)
    does(trace, 1, "wait4", 10 * MS, 80 * MS, ret=2)
    for number, call in enumerate(("getpid", "rt_sigaction", "dup2", "close")):
        trace.call(2, call, (20 + number) * MS, 1 * MS, image_id=0)
    trace.call(2, "openat", 50 * MS, 1 * MS, fd=3, file_id=trace.file("/x"), image_id=0)
    trace.call(2, "close", 60 * MS, 1 * MS, image_id=0)
    assert [part for part in path(trace) if part[0] == 2] == [
        (2, "process", 14),
        (2, "shell_cpu", 26),
        (2, "metadata", 1),
        (2, "shell_cpu", 9),
        (2, "metadata", 1),
        (2, "shell_cpu", 29),
    ]


def test_a_process_that_outlives_the_target_is_waited_for_no_longer() -> None:
    trace = shell()
    child(trace, 2, 10, None)
    does(trace, 2, "clock_nanosleep", 20 * MS, None, flags=UNFINISHED, ret=None)
    does(trace, 1, "wait4", 30 * MS, None, flags=UNFINISHED, ret=None)
    assert path(trace) == [(1, "shell_cpu", 30), (2, "sleep", 70)]


def test_a_target_that_ran_before_and_after_has_all_the_time_of_the_trace() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"target_proc_id": 1})
    trace.process(1, 0, None, flags=LATER)
    trace.image(1, 0, "/bin/bash")
    assert path(trace) == [(1, "shell_cpu", 100)]


def test_what_is_before_the_first_process_and_after_its_end_is_making_it() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"target_proc_id": 1})
    trace.process(1, 10 * MS, 90 * MS)
    trace.image(1, 10 * MS, "/bin/cat")
    assert path(trace) == [(1, "process", 10), (1, "program_cpu", 80), (1, "process", 10)]


def test_a_call_belongs_to_its_line_and_a_child_to_that_which_forked_it() -> None:
    trace = shell()
    first, second = trace.site("f", "/s.sh", 3), trace.site("f", "/s.sh", 4)
    child(trace, 2, 20, 70)
    trace.rows["processes"][-1]["site_id"] = trace.rows["images"][-1]["site_id"] = second
    does(trace, 1, "openat", 10 * MS, 2 * MS, site_id=first, image_id=0)
    does(trace, 1, "wait4", 20 * MS, 52 * MS, ret=2, site_id=second, image_id=0)
    frames = load(trace)
    calls = derive(frames)
    lives = live(frames, calls, START_NS, START_NS + trace.wall_ns)
    code = causes(frames, calls, lives)
    segments = wall(trace.meta, frames, calls, lives, code).segments
    site = np.append(code.site, UNKNOWN)[np.maximum(segments["cause"] - 4, UNKNOWN)]
    of_line = segments["ns"].groupby(site).sum()
    # between the calls, from 12 to 20, half is the one's and half the other's
    assert of_line[first] == 2 * MS + 4 * MS + 5 * MS
    assert of_line[second] == 4 * MS + 52 * MS + 28 * MS


def test_samples_divide_what_a_shell_computes_between_two_lines() -> None:
    trace = shell()
    lines = [trace.site("f", "/s.sh", number) for number in (3, 4, 5)]
    does(trace, 1, "openat", 0, 1, site_id=lines[0], image_id=0)
    does(trace, 1, "close", 80 * MS, 1, site_id=lines[2], image_id=0)
    for number in range(7):
        trace.sample(1, (10 + 10 * number) * MS, lines[1], 0)
    frames = load(trace)
    calls = derive(frames)
    lives = live(frames, calls, START_NS, START_NS + trace.wall_ns)
    code = causes(frames, calls, lives)
    segments = wall(trace.meta, frames, calls, lives, code).segments
    seen = segments[segments["cause"] == 4 + code.site[:].tolist().index(lines[1])]
    assert seen["ns"].sum() == pytest.approx(7 / 8 * 80 * MS, abs=2)


def test_who_wakes_a_thread_is_whom_it_waited_for_and_then_it_waits_for_a_cpu() -> None:
    trace = shell()
    child(trace, 2, 20, 60)
    does(trace, 1, "wait4", 20 * MS, 60 * MS, ret=2)
    trace.off_cpu(1, 21 * MS, 59 * MS, 70 * MS, waker=2)
    trace.off_cpu(2, 20 * MS, 20 * MS, 30 * MS, flags=READY)
    trace.off_cpu(2, 40 * MS, 40 * MS, 45 * MS, flags=READY)
    assert path(trace) == [
        (1, "shell_cpu", 20),
        (1, "process", 1),
        (2, "cpu_wait", 9),
        (2, "program_cpu", 10),
        (2, "cpu_wait", 5),
        (2, "program_cpu", 14),
        (1, "cpu_wait", 11),
        (1, "process", 10),
        (1, "shell_cpu", 20),
    ]


def test_an_interrupt_within_anothers_call_is_not_waited_for() -> None:
    """The waker is said to be process 2, in whose call the interrupts happened to come."""
    trace = shell()
    child(trace, 2, 0, 100)
    file, socket = trace.file("/x"), trace.file(None, "socket")
    does(trace, 2, "getpid", 0, 100 * MS)
    does(trace, 1, "read", 10 * MS, 10 * MS, fd=3, file_id=file, ret=1)
    does(trace, 1, "clock_nanosleep", 20 * MS, 10 * MS)
    does(trace, 1, "recvfrom", 30 * MS, 10 * MS, fd=4, file_id=socket, ret=1)
    does(trace, 1, "poll", 40 * MS, 10 * MS, ret=1)
    does(trace, 1, "futex", 50 * MS, 10 * MS, ret=-1, errno=errno.ETIMEDOUT)
    for at in range(10, 70, 10):
        trace.off_cpu(1, at * MS, (at + 10) * MS, (at + 10) * MS, waker=2)
    assert path(trace) == [
        (1, "shell_cpu", 10),
        (1, "file", 10),
        (1, "sleep", 10),
        (1, "network", 10),
        (1, "unseen", 10),
        (1, "lock", 10),
        (1, "fault", 10),
        (1, "shell_cpu", 30),
    ]


def test_a_peer_that_sends_and_a_signal_that_ends_a_sleep_are_waited_for() -> None:
    trace = shell()
    child(trace, 2, 0, 100)
    socket = trace.file(None, "socket")
    does(trace, 2, "sendto", 19 * MS, 2 * MS, fd=4, file_id=socket, ret=1)
    does(trace, 1, "recvfrom", 10 * MS, 10 * MS, fd=4, file_id=socket, ret=1)
    trace.off_cpu(1, 10 * MS, 20 * MS, 20 * MS, waker=2)
    does(trace, 2, "kill", 39 * MS, 2 * MS)
    does(trace, 1, "clock_nanosleep", 30 * MS, 10 * MS, ret=-1, errno=errno.EINTR)
    trace.off_cpu(1, 30 * MS, 40 * MS, 40 * MS, waker=2)
    assert [part for part in path(trace) if part[0] == 2] == [
        (2, "program_cpu", 9),
        (2, "network", 1),
        (2, "program_cpu", 9),
        (2, "other", 1),
    ]


def test_other_threads_of_a_program_are_waited_for_where_they_wake_it() -> None:
    trace = shell()
    does(trace, 1, "futex", 10 * MS, 50 * MS)
    does(trace, 1, "read", 20 * MS, 10 * MS, tid=7, fd=3, file_id=trace.file("/x"))
    does(trace, 1, "futex", 59 * MS, 3 * MS, tid=7)
    trace.off_cpu(1, 10 * MS, 60 * MS, 60 * MS, waker=1, waker_tid=7)
    trace.off_cpu(1, 40 * MS, 40 * MS, 50 * MS, tid=7, flags=READY)
    assert path(trace) == [
        (1, "shell_cpu", 20),
        (1, "file", 10),
        (1, "shell_cpu", 10),
        (1, "cpu_wait", 10),
        (1, "shell_cpu", 9),
        (1, "lock", 1),
        (1, "shell_cpu", 40),
    ]


def test_who_wakes_may_be_an_unknown_thread_of_a_known_process() -> None:
    trace = shell()
    trace.off_cpu(1, 10 * MS, 60 * MS, 60 * MS, waker=1, waker_tid=None)
    assert sum(ns for _, _, ns in path(trace)) == 100


def test_a_stop_is_charged_as_such_until_the_thread_goes_on() -> None:
    trace = shell()
    trace.off_cpu(1, 10 * MS, 50 * MS, 60 * MS, flags=int(OffCpuFlag.STOPPED))
    assert path(trace) == [
        (1, "shell_cpu", 10),
        (1, "stopped", 40),
        (1, "cpu_wait", 10),
        (1, "shell_cpu", 40),
    ]


def test_a_wait_that_the_recording_did_not_see_end_is_known_from_its_call() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"target_proc_id": 1})
    trace.process(1, 0, None, flags=LATER | int(ProcessFlag.END_UNSEEN))
    trace.image(1, 0, "/bin/bash", shell="bash 5.2.15")
    child(trace, 2, 10, None)
    trace.off_cpu(1, 0, 10 * MS, 20 * MS)
    does(trace, 1, "wait4", 30 * MS, None, flags=UNFINISHED, ret=None)
    assert path(trace) == [
        (1, "fault", 10),
        (1, "cpu_wait", 10),
        (1, "shell_cpu", 10),
        (2, "program_cpu", 70),
    ]


def test_with_only_some_calls_recorded_a_waker_is_waited_for_wherever_it_wakes() -> None:
    trace = shell()
    trace.facts["filter"] = ("file",)
    child(trace, 2, 20, 60)
    trace.off_cpu(1, 21 * MS, 59 * MS, 59 * MS, waker=2)
    trace.off_cpu(1, 70 * MS, 80 * MS, 80 * MS, flags=int(OffCpuFlag.BY_OTHERS))
    assert path(trace) == [
        (1, "shell_cpu", 21),
        (2, "program_cpu", 38),
        (1, "shell_cpu", 11),
        (1, "unrecorded", 10),
        (1, "shell_cpu", 20),
    ]
    assert len(wall_of(trace).merged) == 1


def test_what_is_recorded_of_time_without_a_cpu_says_what_is_merged() -> None:
    trace = shell()
    assert len(wall_of(trace).merged) == 1
    trace.off_cpu(1, 10 * MS, 50 * MS, 60 * MS)
    assert wall_of(trace).merged == ()
    trace.facts["loss"] = {"off_cpu_records": 3}
    assert len(wall_of(trace).merged) == 1


def test_an_empty_trace_waits_for_what_is_not_there() -> None:
    found = wall_of(SyntheticTrace(wall_ns=7 * MS))
    assert found.segments["doing"].tolist() == ["unseen"]
    assert found.segments["ns"].sum() == found.wall_ns == 7 * MS


@pytest.mark.parametrize("timing", [INSTANTS, ORDER])
def test_without_measured_times_there_is_no_wall_time_and_it_says_so(timing: str) -> None:
    trace = shell()
    trace.facts["timing"] = timing
    found = wall_of(trace)
    assert (found.wall_ns, len(found.segments)) == (0, 0)
    assert found.merged


@given(traces(), st.none() | st.integers(0, 7), st.none() | st.integers(0, 1200 * MS))
def test_each_instant_is_charged_once(
    trace: SyntheticTrace, target: int | None, wall_ns: int | None
) -> None:
    trace.facts |= {"target_proc_id": target, "wall_ns": wall_ns}
    found = wall_of(trace)
    segments = found.segments
    assert segments["ns"].sum() == found.wall_ns
    assert (segments["ns"] > 0).all()
    ends = segments["start_ns"] + segments["ns"]
    assert segments["start_ns"].tolist() == [START_NS, *ends.tolist()][: len(segments)]
    assert wall_ns is None or found.wall_ns == wall_ns
    known = segments[segments["call"] != UNKNOWN]
    assert known["call"].max() < len(trace.rows["syscalls"]) or known.empty


@given(traces(), st.integers(1, 4))
def test_programs_functions_and_lines_share_all_of_it(trace: SyntheticTrace, top: int) -> None:
    found = build(trace, top).wall
    assert sum(row.wall_ns for row in found.doings) == found.measure.wall_ns
    rankings: tuple[Ranking[Any, Spent], ...] = (found.programs, found.functions, found.lines)
    for ranking in rankings:
        assert ranking.total == found.measure
        for row in ranking.rows:
            assert sum(part.wall_ns for part in row.doings) == row.measure.wall_ns
    for row in (*found.functions.rows, *found.lines.rows):
        assert row.with_calls.wall_ns >= row.measure.wall_ns


def test_every_class_is_documented() -> None:
    parts = DOCUMENT.read_text("utf-8").partition("## The parts")[2].partition("## By line")[0]
    assert re.findall(r"^\| `(\w+)` \|", parts, re.MULTILINE) == [one.key for one in DOINGS]


def test_a_long_wait_of_which_the_record_is_missing_is_as_the_calls_tell() -> None:
    trace = shell()
    pipe = trace.file("pipe:[7]", "pipe")
    child(trace, 2, 10, 70)
    does(trace, 1, "read", 20 * MS, 40 * MS, ret=9, bytes=9, fd=3, file_id=pipe)
    does(trace, 2, "clock_nanosleep", 21 * MS, 37 * MS)
    trace.off_cpu(2, 21 * MS, 58 * MS, 58 * MS)
    does(trace, 2, "write", 59 * MS, 1 * MS, ret=9, bytes=9, fd=1, file_id=pipe)
    asleep = [(pid, ms) for pid, doing, ms in path(trace) if doing == "sleep"]
    assert asleep == [(2, 37)]
