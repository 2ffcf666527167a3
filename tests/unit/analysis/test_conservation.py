"""However calls are grouped and ranked, the sums are those of the trace."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.charges import SUMS, Charge
from aklo_analysis.keys import KEYS
from aklo_analysis.measure import LifeMeasure, Measure
from aklo_analysis.ranking import Ranking
from aklo_analysis.report import Report, build
from aklo_analysis.tables.below import BELOW
from aklo_analysis.tables.times import STOPPED, UNKNOWN, WAIT, WORK
from aklo_trace.schema import OffCpuFlag, ProcessFlag, SyscallFlag

from .synthetic_trace import MS, SyntheticTrace

SYSCALLS = ("read", "write", "openat", "wait4", "getpid", "mmap", "nanosleep", "exit_group", "new")
PATHS = ("/a", "/a/b", "/a/c", "/d/e/f", "relative", "pipe:[7]", None)
KINDS = ("regular", "directory", "pipe", "socket", "anonymous", None)

calls: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "pid": st.integers(0, 6),
        "syscall": st.sampled_from(SYSCALLS),
        "at": st.integers(0, 900 * MS),
        "dur": st.none() | st.integers(0, 50 * MS),
        "tid": st.integers(0, 7),
        "image_id": st.none() | st.integers(0, 5),
        "file_id": st.none() | st.integers(0, 5),
        "fd": st.none() | st.integers(0, 9),
        "errno": st.sampled_from((None, None, 2, 9, 512)),
        "bytes": st.none() | st.integers(0, 2**40),
        "site_id": st.none() | st.integers(0, 5),
        "flags": st.sampled_from((0, int(SyscallFlag.UNFINISHED), int(SyscallFlag.SITE_UNKNOWN))),
    }
)
callers = st.tuples(
    st.sampled_from(("f", "g", "main", "source")),
    st.sampled_from(("/s.sh", "/t.sh", None)),
    st.none() | st.integers(1, 3),
)


off_cpu = st.fixed_dictionaries(
    {
        "pid": st.integers(0, 7),
        "at": st.integers(0, 900 * MS),
        "ready": st.none() | st.integers(0, 1000 * MS),
        "until": st.integers(0, 1000 * MS),
        "waker": st.none() | st.integers(0, 7),
        "tid": st.integers(0, 7),
        "waker_tid": st.none() | st.integers(0, 7),
        "flags": st.sampled_from((0, *map(int, OffCpuFlag))),
    }
)
samples = st.tuples(
    st.integers(0, 6),
    st.integers(0, 1000 * MS),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(0, 5),
)


@st.composite
def traces(draw: st.DrawFn) -> SyntheticTrace:
    """Traces in which anything may be unknown, contradict itself, or be missing."""
    trace = SyntheticTrace(facts={"filter": draw(st.sampled_from(((), ("read",))))})
    for pid in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, 500 * MS))
        end = draw(st.none() | st.integers(start, 1000 * MS))
        parent = draw(st.none() | st.integers(0, 7))
        flags = draw(st.sampled_from((0, int(ProcessFlag.START_UNSEEN))))
        trace.process(
            pid,
            start,
            end,
            parent_proc_id=parent,
            flags=flags,
            utime_ns=draw(st.none() | st.integers(0, 300 * MS)),
            stime_ns=draw(st.none() | st.integers(0, 300 * MS)),
            run_delay_ns=draw(st.none() | st.integers(0, 300 * MS)),
            stopped_ns=draw(st.none() | st.integers(0, 300 * MS)),
            site_id=draw(st.none() | st.integers(0, 5)),
        )
    for owner in draw(st.lists(st.integers(0, 7), max_size=6)):
        exe = draw(st.sampled_from(("/bin/sh", "/bin/cat", None)))
        more = {"site_id": draw(st.none() | st.integers(0, 5))}
        more |= {"shell": "bash 5.2.15" if exe == "/bin/sh" else None}
        trace.image(owner, draw(st.integers(0, 900 * MS)), exe, **more)
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=6)):
        trace.file(path, draw(st.sampled_from(KINDS)))
    for stack in draw(st.lists(st.lists(callers, min_size=1, max_size=5), max_size=5)):
        (function, file, line), *rest = stack
        trace.site(function, file, line, *rest, (None, "/s.sh", 1))
    for call in draw(st.lists(calls, max_size=40)):
        trace.call(**call)
    for pid, at, site, image in draw(st.lists(samples, max_size=20)):
        trace.sample(pid, at, site, image)
    for stretch in draw(st.lists(off_cpu, max_size=20)):
        trace.off_cpu(**stretch)
    return trace


def lived(measure: LifeMeasure) -> LifeMeasure:
    return LifeMeasure(*(getattr(measure, field.name) for field in fields(LifeMeasure)))


def calls_of(measure: Measure) -> Measure:
    return Measure.of({name: getattr(measure, name) for name in Measure.__slots__})


def sum_over_trace(trace: SyntheticTrace) -> Measure:
    rows = trace.rows["syscalls"]
    return Measure(
        calls=len(rows),
        failed=sum(row["errno"] is not None for row in rows),
        untimed=sum(row["dur_ns"] is None for row in rows),
        bytes=sum(row["bytes"] or 0 for row in rows),
    )


def rankings(report: Report) -> list[Ranking[Any, Any]]:
    whole: list[Ranking[Any, Any]] = [
        report.operations,
        report.files,
        report.directories,
        report.programs,
        report.functions,
        report.lines,
    ]
    return [*whole, report.processes, *(ranking.head(1) for ranking in whole)]


@given(traces(), st.integers(1, 4))
def test_every_table_has_all_calls(trace: SyntheticTrace, top: int) -> None:
    report, expected = build(trace, top), sum_over_trace(trace)
    total = calls_of(report.summary.measure)
    assert (total.calls, total.failed, total.untimed, total.bytes) == (
        expected.calls,
        expected.failed,
        expected.untimed,
        expected.bytes,
    )
    assert total.total_ns == sum(row["dur_ns"] or 0 for row in trace.rows["syscalls"])
    for ranking in rankings(report):
        assert calls_of(ranking.total) == total
    assert sum((row.measure for row in report.activities), start=Measure()) == total


@given(traces())
def test_every_call_that_returned_is_in_the_histogram_of_its_class_and_of_its_syscall(
    trace: SyntheticTrace,
) -> None:
    report = build(trace)
    for row in (*report.activities, *report.operations.rows):
        timed = row.measure.calls - row.measure.untimed
        found = row.distribution
        assert timed == (sum(found.histogram) if found else 0)


@given(traces(), st.lists(st.sampled_from([*KEYS]), min_size=1, max_size=3, unique=True))
def test_every_grouping_has_all_calls(trace: SyntheticTrace, keys: list[str]) -> None:
    whole, cut = (build(trace, top, by=keys) for top in (1000, 1))
    assert whole.by is not None
    assert cut.by is not None
    total = calls_of(whole.summary.measure)
    for found in whole.by, cut.by:
        assert found.ranking.total == total
    rows = whole.by.ranking.rows
    assert len({row.parts for row in rows}) == len(rows)
    for row in (*rows, *cut.by.ranking.rows):
        timed = row.measure.calls - row.measure.untimed
        assert timed == (sum(row.distribution.histogram) if row.distribution else 0)
    shown = (len(found.ranking.rows) + found.ranking.others for found in (whole.by, cut.by))
    assert max(shown) == len(rows)


@given(traces(), st.sampled_from([*BELOW]))
def test_a_group_with_what_is_below_has_at_least_its_own_calls_and_at_most_all(
    trace: SyntheticTrace, key: str
) -> None:
    report = build(trace, 1000, by=(key,))
    assert report.by is not None
    for row in report.by.ranking.rows:
        assert row.inclusive is not None
        for name in Measure.__slots__:
            own, whole = getattr(row.measure, name), getattr(report.summary.measure, name)
            assert 0 <= own <= getattr(row.inclusive, name) <= whole


@given(traces(), st.integers(1, 4))
def test_programs_and_processes_share_the_same_time(trace: SyntheticTrace, top: int) -> None:
    report = build(trace, top)
    total = report.summary.measure
    assert report.programs.total == total
    assert report.processes.total == total
    unfinished_ns = sum(row.unfinished_ns for row in report.activities)
    assert unfinished_ns == total.unfinished_work_ns + total.unfinished_wait_ns
    assert total.outside_ns >= 0
    assert min(total.stopped_ns, total.cpu_wait_ns, total.unrecorded_ns) >= 0
    assert all(row.measure.outside_ns >= 0 for row in report.programs.rows)
    assert all(row.measure.cpu_wait_ns >= 0 for row in report.programs.rows)


@given(traces())
def test_the_time_rows_are_all_that_was_lived(trace: SyntheticTrace) -> None:
    report = build(trace)
    total = report.summary.measure
    sums = dict.fromkeys((WORK, WAIT, STOPPED, UNKNOWN), 0)
    for row in report.times:
        assert row.time_ns >= 0
        sums[row.part] += row.time_ns
    assert sums == {
        WORK: total.own_ns,
        WAIT: total.waited_ns,
        STOPPED: total.stopped_ns,
        UNKNOWN: total.unrecorded_ns,
    }


@given(traces())
def test_being_stopped_or_without_a_cpu_is_taken_from_the_time_outside_calls(
    trace: SyntheticTrace,
) -> None:
    trace.facts = {}
    with_both = build(trace).summary.measure
    for process in trace.rows["processes"]:
        process |= {"stopped_ns": None, "run_delay_ns": None}
    without = build(trace).summary.measure
    both_ns = with_both.cpu_wait_ns + with_both.stopped_ns
    assert with_both.outside_ns + both_ns == without.outside_ns
    assert without.cpu_wait_ns == without.stopped_ns == 0
    assert calls_of(with_both) == calls_of(without)


@given(traces(), st.integers(1, 4))
def test_all_work_is_charged_to_one_function_and_one_line_or_to_nobody(
    trace: SyntheticTrace, top: int
) -> None:
    report = build(trace, top)
    summary, idle = report.summary, [row for row in report.activities if row.activity.idle]
    for total in (report.functions.total, report.lines.total):
        assert lived(total) == summary.measure
        assert total.forks == summary.processes
        assert total.starts == summary.programs_started
        assert total.idle_ns == sum(row.time_ns for row in idle)
        assert 0 <= total.programs_ns <= total.own_ns
    assert report.functions.apart == report.lines.apart


@given(traces())
def test_with_its_calls_a_function_has_at_least_its_own_charge_and_at_most_all(
    trace: SyntheticTrace,
) -> None:
    report = build(trace, top=100)
    for ranking in (report.functions, report.lines):
        everybody = sum((row.measure for row in ranking.rows), start=Charge())
        for row in ranking.rows:
            for name in SUMS:
                of_row = getattr(row.measure, name)
                assert 0 <= of_row <= getattr(row.with_calls, name) <= getattr(everybody, name)


@given(traces(), st.integers(1, 4))
def test_failures_are_all_failed_calls(trace: SyntheticTrace, top: int) -> None:
    report = build(trace, top)
    total = report.failures.total
    assert total.calls == total.failed == report.summary.measure.failed
