"""What is kept of a report is what the report says."""

from __future__ import annotations

import pytest

from aklo_analysis.alerts.condition import conditions
from aklo_analysis.report import Report, build
from aklo_analysis.summarised import summarised
from aklo_trace.config.aklo_file import read
from aklo_trace.config.configuration import MODEL, resolved
from aklo_trace.config.entry import PROJECT, Origin
from aklo_trace.summary import TOP, TraceSummary, packed, unpacked

from .sample import HOSTILE, sample_trace
from .synthetic_trace import SyntheticTrace

ALERT = "[alert.many]\nmetric=processes\nover=1\n"


@pytest.fixture(scope="module")
def report() -> Report:
    entries, _ = read(ALERT, Origin(PROJECT, ".aklo.conf"), MODEL)
    wanted, _ = conditions(resolved(entries))
    return build(sample_trace(), conditions=wanted)


@pytest.fixture(scope="module")
def found(report: Report) -> TraceSummary:
    return summarised(report, 4096)


def test_it_comes_back_as_it_was(found: TraceSummary) -> None:
    assert unpacked(packed(found)) == found


def test_totals_are_those_of_the_report(report: Report, found: TraceSummary) -> None:
    assert found.is_analysed
    assert (found.calls, found.size_bytes) == (report.summary.measure.calls, 4096)
    assert found.processes == report.summary.processes
    assert found.finding_count == len(report.findings)
    assert sum(part.ns for part in found.spent) == report.wall.measure.wall_ns
    assert found.saving_ns is not None
    assert 0 < found.saving_ns <= (found.wall_ns or 0)


def test_the_first_rows_of_each_table_are_there(report: Report, found: TraceSummary) -> None:
    assert [one.title for one in found.findings] == [one.title for one in report.findings[:TOP]]
    assert [one.dur_ns for one in found.slowest] == [row.dur_ns for row in report.slowest[:TOP]]
    assert HOSTILE in [one.path for one in found.slowest]
    times = [one.work_ns for one in found.operations]
    assert times == sorted(times, reverse=True)
    assert all(times)
    assert [one.name for one in found.caches] == [row.name for row in report.caches]
    assert found.caches[0].hit_ratio == report.caches[0].hit_ratio
    assert [one.name for one in found.alerts] == ["many"]


def test_of_an_empty_trace_there_is_little_to_say() -> None:
    found = summarised(build(SyntheticTrace()), None)
    assert (found.calls, found.cpu_ns, found.size_bytes) == (0, None, None)
    assert (found.findings, found.slowest, found.caches) == ((), (), ())
