"""What a trace has of each metric."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aklo_analysis.alerts.measurement import Measurement
from aklo_analysis.alerts.metrics import METRICS
from aklo_analysis.report import Report, build
from aklo_trace.meta import INSTANTS

from ..synthetic_trace import MS, SyntheticTrace
from .configured import condition

PAGE = Path(__file__).parents[4] / "docs" / "alerts.md"


def trace() -> SyntheticTrace:
    """Two processes, 100 reads of a file that take 1 to 100 ms, one of a pipe that waits for
    900 ms, and calls that fail."""
    made = SyntheticTrace(wall_ns=8000 * MS)
    usage = {"utime_ns": 30 * MS, "stime_ns": 12 * MS, "max_rss_bytes": 5 << 20}
    for pid in (10, 11):
        made.process(pid, 0, 8000 * MS, **usage)
    made.image(10, 0, "/bin/sh")
    path, pipe = made.file("/data"), made.file(None, "pipe")
    start = 0
    for number in range(1, 101):
        made.call(10, "read", start, number * MS, file_id=path, fd=3, bytes=10)
        start += number * MS
    made.call(10, "read", start, 900 * MS, file_id=pipe, fd=4, bytes=1)
    made.call(11, "openat", 0, 2 * MS, errno=2, ret=-1, file_id=made.file("/absent"))
    made.call(11, "openat", 2 * MS, 1 * MS, file_id=path)
    made.call(11, "getpid", 3 * MS, 1 * MS)
    made.facts |= {"attempts": 200, "lost": 10, "complete": False}
    return made


def measured(text: str, of: SyntheticTrace | None = None) -> Measurement:
    report: Report = build(of or trace(), conditions=(condition(text),))
    (verdict,) = report.verdicts
    return verdict.measurement


def worst(metric: str, more: str = "") -> object:
    return measured(f'metric = "{metric}"\nover = {LIMITS.get(metric, 1)}\n{more}').amount


LIMITS = {
    "failed_share": '"1%"',
    "cache_ratio": '"1%"',
    "lost_share": '"1%"',
    "finding_severity": '"low"',
}


@pytest.mark.parametrize(
    ("metric", "of", "amount"),
    [
        ("operation", "", 100 * MS),
        ("operation", "open", 2 * MS),
        ("operation", "openat", 2 * MS),
        ("operation", "pipe_read", 900 * MS),
        ("operation", "network", None),
        ("p50", "read", 50 * MS),
        ("p95", "read", 95 * MS),
        ("p99", "read", 99 * MS),
        ("p95", "", 95 * MS),
        ("operation_time", "read", 5050 * MS),
        ("operation_time", "pipe_read", 900 * MS),
        ("wall_time", "", 8000 * MS),
        ("cpu_time", "", 84 * MS),
        ("processes", "", 2),
        ("programs_started", "", 1),
        ("calls", "", 104),
        ("calls", "read", 100),
        ("calls", "openat", 2),
        ("failed_calls", "", 1),
        ("failed_calls", "getpid", 0),
        ("failed_share", "openat", 0.5),
        ("failed_share", "fsync", 0.0),
        ("bytes", "", 1001),
        ("bytes", "pipe_read", 1),
        ("memory", "", 5 << 20),
        ("lost_calls", "", 10),
        ("lost_share", "", 0.05),
    ],
)
def test_the_worst_of_a_metric(metric: str, of: str, amount: object) -> None:
    assert worst(metric, f'of = "{of}"' if of else "") == amount


def test_work_is_that_of_the_summary() -> None:
    assert worst("work_time") == build(trace()).summary.measure.own_ns


def test_how_many_are_beyond_the_limit_and_how_many_keep_it_from_clearing() -> None:
    found = measured('metric = "operation"\nover = "90ms"\nclear = "80ms"\ncount = 10')
    assert (found.beyond, found.uncleared) == (10, 20)
    assert found.is_crossed
    assert not measured('metric = "operation"\nover = "90ms"\ncount = 11').is_crossed
    assert measured('metric = "operation"\nat_least = "90ms"').beyond == 11
    assert measured('metric = "operation"\nunder = "2ms"').amount == MS
    assert measured('metric = "processes"\nover = 2').beyond == 0


def test_it_is_said_what_the_worst_is_of() -> None:
    found = measured('metric = "operation"\nover = 1')
    assert (found.subject.operation, found.subject.target) == ("read", "/data")
    found = measured('metric = "p95"\nover = 1')
    assert (found.subject.operation, found.subject.title) == ("read", "reading files")


@pytest.mark.parametrize(
    "metric", ["operation", "p50", "p95", "p99", "operation_time", "work_time", "finding_saving"]
)
def test_times_that_are_not_known_are_unknown(metric: str) -> None:
    untimed = trace()
    untimed.facts["timing"] = INSTANTS
    found = measured(f'metric = "{metric}"\nover = 1', untimed)
    assert (found.is_known, found.amount, found.is_crossed) == (False, None, False)


@pytest.mark.parametrize("metric", ["wall_time", "cpu_time", "memory", "lost_share"])
def test_what_a_trace_does_not_say_is_unknown(metric: str) -> None:
    empty = SyntheticTrace()
    empty.facts |= {"wall_ns": None, "attempts": None}
    limit = LIMITS.get(metric, 1)
    assert not measured(f'metric = "{metric}"\nover = {limit}', empty).is_known


def test_findings_are_unknown_where_no_place_in_shell_code_is() -> None:
    text = 'metric = "finding_severity"\nat_least = "low"'
    whole = trace()
    whole.facts |= {"complete": True, "lost": 0}
    assert not measured(text, whole).is_known
    whole.facts["attribution"] = "memory"
    found = measured(text, whole)
    assert (found.is_known, found.beyond) == (True, 0)
    assert measured(text).beyond == 1  # of what was lost


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_can_be_measured_of_an_empty_trace(metric: object) -> None:
    name = metric.name  # type: ignore[attr-defined]
    found = measured(f'metric = "{name}"\nover = {LIMITS.get(name, 1)}', SyntheticTrace(0))
    assert not found.is_crossed


def test_the_page_has_every_metric() -> None:
    rows = [
        f"| `{m.name}` | {m.quantity.allowed} | {m.of and f'*{m.of}*'} | {m.doc} |"
        for m in METRICS.values()
    ]
    found = re.findall(r"^\| `\w+` \| [^|]+ \| [^|]*\| [^|]+ \|$", PAGE.read_text(), re.M)
    assert found == rows


def trace_of_caches() -> SyntheticTrace:
    """One that hits, and one that misses."""
    made = SyntheticTrace()
    made.process(10, 0, 900 * MS)
    made.image(10, 0, "/bin/sh")
    entry = {"file_id": made.file("/c/a_id_cache.parsed"), "fd": 3}
    made.call(10, "openat", 1 * MS, 10, **entry)
    made.call(10, "read", 2 * MS, 10, bytes=300, offset=0, **entry)
    absent = made.file("/c/b.parsed")
    made.call(10, "openat", 3 * MS, 10, errno=2, ret=-1, file_id=absent)
    return made


def test_the_ratio_of_caches_can_be_too_low_and_their_size_too_large() -> None:
    cold = 'metric = "cache_ratio"\nunder = "50%"\n'
    found = measured(cold, trace_of_caches())
    assert (found.amount, found.beyond, found.subject.operation) == (0, 1, "parsed")
    assert not measured(cold + 'of = "id"', trace_of_caches()).is_crossed
    assert measured(cold, trace()).amount is None
    large = measured('metric = "cache_size"\nover = "299B"\n', trace_of_caches())
    assert (large.amount, large.beyond, large.subject.operation) == (300, 1, "id")


def test_the_alert_of_a_cache_says_which() -> None:
    wanted = condition('metric = "cache_ratio"\nunder = "50%"')
    (alert,) = build(trace_of_caches(), conditions=(wanted,)).alerts
    assert alert.message == (
        "the cache parsed had the answer in 0% of its lookups (threshold: less than 50%)"
    )
