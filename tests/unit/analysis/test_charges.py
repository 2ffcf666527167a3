"""Each call, process and nanosecond is charged to the shell code that caused it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.between import whole
from aklo_analysis.report import Report, build
from aklo_analysis.tables.functions import FunctionRow
from aklo_analysis.tables.lines import LineRow
from aklo_trace.errors import CorruptTrace
from aklo_trace.schema import SampleFlag, SiteFlag, SyscallFlag

from .synthetic_trace import MS, SyntheticTrace

BASH = {"shell": "bash 5.2.15"}
MAIN = (None, "/s.sh", 9)


def function(report: Report, name: str | None, file: str = "/s.sh") -> FunctionRow:
    return next(r for r in report.functions.rows if (r.function, r.file) == (name, file))


def line(report: Report, number: int, file: str = "/s.sh") -> LineRow:
    return next(r for r in report.lines.rows if (r.file, r.number) == (file, number))


def shell(wall_ns: int = 100 * MS) -> SyntheticTrace:
    """A bash that lives as long as the trace."""
    trace = SyntheticTrace(wall_ns)
    trace.process(1, 0, wall_ns)
    trace.image(1, 0, "/bin/bash", "bash", "/s.sh", **BASH)
    return trace


def test_a_call_is_charged_to_its_own_line_and_function() -> None:
    trace = shell()
    first, second = trace.site("f", "/s.sh", 3, MAIN), trace.site("f", "/s.sh", 4, MAIN)
    trace.call(1, "openat", 10 * MS, 2 * MS, site_id=first, image_id=0)
    trace.call(1, "read", 20 * MS, 1 * MS, site_id=second, image_id=0, bytes=7)
    report = build(trace)
    assert line(report, 3).measure.work_ns == 2 * MS
    assert line(report, 4).measure.bytes == 7
    assert function(report, "f").measure.calls == 2


def test_a_program_and_all_that_it_starts_are_charged_to_the_line_that_started_it() -> None:
    trace = shell()
    site = trace.site("f", "/s.sh", 3, MAIN)
    trace.call(1, "clone", 10 * MS, 1 * MS, site_id=site, image_id=0)
    trace.process(2, 10 * MS, 90 * MS, parent_proc_id=1, site_id=site)
    make = trace.image(2, 12 * MS, "/bin/make", site_id=site)
    trace.process(3, 20 * MS, 80 * MS, parent_proc_id=2)
    trace.image(3, 21 * MS, "/bin/cc")
    trace.process(4, 30 * MS, 60 * MS, parent_proc_id=3)
    trace.call(4, "write", 40 * MS, 5 * MS, bytes=100, image_id=make + 1)
    found = line(build(trace), 3)
    assert (found.measure.forks, found.measure.starts) == (3, 2)
    assert found.measure.bytes == 100
    assert found.measure.programs_ns == (90 - 12 + 80 - 20 + 60 - 30) * MS
    assert [(one.program, one.starts) for one in found.programs] == [("make", 1), ("cc", 1)]


def test_a_subshell_counts_its_own_lines_itself() -> None:
    trace = shell()
    outer, inner = trace.site("f", "/s.sh", 3, MAIN), trace.site("g", "/s.sh", 7, ("f", "/s.sh", 3))
    trace.call(1, "clone", 10 * MS, 1 * MS, site_id=outer, image_id=0)
    trace.process(2, 10 * MS, 50 * MS, parent_proc_id=1, site_id=outer)
    trace.call(2, "write", 20 * MS, 8 * MS, site_id=inner, image_id=0, bytes=5)
    report = build(trace)
    assert line(report, 7).measure.bytes == 5
    assert line(report, 3).measure.bytes == 0
    assert line(report, 3).with_calls.bytes == function(report, "f").with_calls.bytes == 5
    assert function(report, "f").measure.programs_ns == 0


def test_what_a_started_script_does_is_its_own_and_with_calls_that_of_who_started_it() -> None:
    trace = shell()
    site = trace.site("f", "/s.sh", 3, MAIN)
    trace.call(1, "clone", 10 * MS, 1 * MS, site_id=site, image_id=0)
    trace.process(2, 10 * MS, 90 * MS, parent_proc_id=1, site_id=site)
    other = trace.image(2, 12 * MS, "/bin/bash", "bash", "/t.sh", site_id=site, **BASH)
    trace.call(2, "openat", 13 * MS, 1 * MS, image_id=other)
    inner = trace.site("h", "/t.sh", 5, (None, "/t.sh", 6))
    trace.call(2, "write", 20 * MS, 4 * MS, site_id=inner, image_id=other, bytes=11)
    report = build(trace)
    assert function(report, "h", "/t.sh").measure.bytes == 11
    start_up = function(report, "f").measure
    assert (start_up.bytes, start_up.starts, start_up.calls) == (0, 1, 2)
    assert function(report, "f").with_calls.bytes == 11
    assert function(report, None).with_calls.bytes == 11
    assert line(report, 3).with_calls.bytes == 11


def test_recursion_counts_a_function_once() -> None:
    trace = shell()
    site = trace.site("f", "/s.sh", 3, ("f", "/s.sh", 3), ("f", "/s.sh", 3), MAIN)
    trace.call(1, "read", 10 * MS, 2 * MS, site_id=site, image_id=0, bytes=1)
    report = build(trace)
    assert function(report, "f").with_calls.bytes == 1
    assert line(report, 3).with_calls.bytes == 1


def test_a_loop_without_calls_is_found_by_the_timer() -> None:
    trace = shell(1000 * MS)
    before, after = trace.site("f", "/s.sh", 3, MAIN), trace.site("f", "/s.sh", 6, MAIN)
    loop = trace.site("f", "/s.sh", 4, MAIN)
    trace.call(1, "read", 0, 0, site_id=before, image_id=0)
    trace.call(1, "read", 990 * MS, 0, site_id=after, image_id=0)
    for number in range(98):
        trace.sample(1, (5 + 10 * number) * MS, loop, 0)
    report = build(trace)
    assert line(report, 4).measure.outside_ns == 98 * 990 * MS // 99
    assert line(report, 3).measure.outside_ns == 5 * MS
    assert report.lines.rows[0].number == 4


def test_short_times_between_calls_of_two_lines_are_shared_by_these() -> None:
    trace = shell(40 * MS)
    one, two = trace.site("f", "/s.sh", 3, MAIN), trace.site("f", "/s.sh", 4, MAIN)
    trace.call(1, "read", 0, 0, site_id=one, image_id=0)
    trace.call(1, "read", 10 * MS, 0, site_id=one, image_id=0)
    trace.call(1, "read", 40 * MS, 0, site_id=two, image_id=0)
    report = build(trace)
    assert line(report, 3).measure.outside_ns == (10 + 15) * MS
    assert line(report, 4).measure.outside_ns == 15 * MS


def test_samples_within_calls_say_nothing_of_the_time_between() -> None:
    trace = shell(40 * MS)
    one, two = trace.site("f", "/s.sh", 3, MAIN), trace.site("f", "/s.sh", 4, MAIN)
    trace.call(1, "read", 0, 0, site_id=one, image_id=0)
    trace.sample(1, 10 * MS, two, 0, int(SampleFlag.IN_SYSCALL))
    trace.call(1, "read", 40 * MS, 0, site_id=one, image_id=0)
    assert line(build(trace), 3).measure.outside_ns == 40 * MS


def test_waiting_for_children_is_no_work_and_a_timer_is_idle_time() -> None:
    trace = shell()
    site = trace.site("f", "/s.sh", 3, MAIN)
    trace.call(1, "wait4", 0, 50 * MS, site_id=site, image_id=0)
    trace.process(2, 0, 50 * MS, parent_proc_id=1, site_id=site)
    sleep = trace.image(2, 0, "/bin/sleep", site_id=site)
    trace.call(2, "clock_nanosleep", 10 * MS, 40 * MS, image_id=sleep)
    trace.call(1, "write", 50 * MS, 50 * MS, site_id=site, image_id=0)
    found = line(build(trace), 3).measure
    assert found.wait_ns == 90 * MS
    assert found.idle_ns == 40 * MS
    assert found.own_ns == 10 * MS + 50 * MS
    assert found.cost_ns == 100 * MS


def test_what_no_code_caused_stands_apart() -> None:
    trace = shell()
    trace.call(1, "openat", 1 * MS, 1 * MS, image_id=0)
    trace.call(1, "read", 5 * MS, 2 * MS, image_id=0, flags=int(SyscallFlag.SITE_UNKNOWN))
    trace.call(1, "close", 9 * MS, 1 * MS, site_id=trace.site("f", "/s.sh", 3, MAIN), image_id=0)
    trace.process(3, 0, 30 * MS, parent_proc_id=None)
    dash = trace.image(3, 0, "/bin/dash", shell="dash")
    trace.call(3, "read", 10 * MS, 1 * MS, image_id=dash)
    trace.process(2, 0, 30 * MS, parent_proc_id=None)
    python = trace.image(2, 0, "/usr/bin/python3")
    trace.call(2, "read", 10 * MS, 1 * MS, image_id=python)
    trace.call(7, "read", 10 * MS, 1 * MS)
    apart = build(trace).functions.apart
    assert {name: measure.calls for name, measure in apart.items()} == {
        "start_up": 1,
        "unread": 2,
        "not_started": 1,
        "unknown": 1,
    }


def test_code_of_a_script_of_a_sourced_file_and_of_a_string_are_told_apart() -> None:
    trace = shell()
    for number, site in enumerate(
        (
            trace.site(None, "/s.sh", 1),
            trace.site("source", "/t.sh", 2, (None, "/s.sh", 1)),
            trace.site("f", None, 3),
            trace.site("f", "/s.sh", 4, MAIN, flags=int(SiteFlag.LINE_RELATIVE)),
        )
    ):
        trace.call(1, "close", number * MS, 1 * MS, site_id=site, image_id=0)
    report = build(trace)
    places = {(row.function, row.file) for row in report.functions.rows}
    assert {(None, "/s.sh"), ("source", "/t.sh"), ("f", None), ("f", "/s.sh")} == places
    assert {row.number for row in report.lines.rows if row.relative} == {4}


def test_lines_of_strings_are_told_apart_by_their_function() -> None:
    trace = shell()
    for number, name in enumerate(("f", "g", "g")):
        site = trace.site(name, None, 1)
        trace.call(1, "close", number * MS, 1 * MS, site_id=site, image_id=0)
    rows = [row for row in build(trace).lines.rows if row.file is None and row.number == 1]
    assert [(row.function, row.measure.calls) for row in rows] == [("g", 2), ("f", 1)]


def test_a_sleep_that_a_signal_ended_is_idle_time() -> None:
    trace = shell()
    site = trace.site("f", "/s.sh", 3, MAIN)
    trace.process(2, 0, 60 * MS, parent_proc_id=1, site_id=site)
    trace.image(2, 0, "/bin/sleep", site_id=site)
    unfinished = int(SyscallFlag.UNFINISHED)
    trace.call(2, "clock_nanosleep", 10 * MS, None, image_id=1, flags=unfinished)
    trace.call(1, "close", 0, 0, image_id=0, site_id=site)
    assert line(build(trace), 3).measure.idle_ns == 50 * MS


@given(st.lists(st.floats(0, 1e18), min_size=1), st.integers(0, 10**17))
def test_rounded_parts_add_up_to_the_whole(parts: list[float], total: int) -> None:
    rounded = whole(np.array(parts), total)
    assert rounded.min() >= 0
    assert rounded.sum() == (total if any(parts) else 0)
    assert not rounded[np.array(parts) == 0].any()


@pytest.mark.parametrize(
    ("column", "value"), [("files", ["/s.sh"]), ("lines", []), ("stack", None)]
)
def test_a_stack_that_does_not_fit_together_is_a_damaged_trace(column: str, value: object) -> None:
    trace = shell()
    trace.call(1, "close", 0, 0, site_id=trace.site("f", "/s.sh", 3, MAIN), image_id=0)
    trace.rows["sites"][0][column] = value
    with pytest.raises(CorruptTrace, match="stack"):
        build(trace)


def test_lines_come_in_the_order_of_their_own_work_whatever_they_waited() -> None:
    trace = shell()
    sleeps, works = (trace.site("f", "/s.sh", number, MAIN) for number in (3, 4))
    trace.process(2, 0, 60 * MS, parent_proc_id=1, site_id=sleeps)
    sleep = trace.image(2, 0, "/bin/sleep", site_id=sleeps)
    trace.call(2, "clock_nanosleep", 0, 60 * MS, image_id=sleep)
    trace.call(1, "openat", 0, 10 * MS, site_id=works, image_id=0)
    trace.call(1, "wait4", 10 * MS, 90 * MS, site_id=sleeps, image_id=0)
    report = build(trace)
    assert [row.number for row in report.lines.rows if row.measure.cost_ns] == [4, 3]
