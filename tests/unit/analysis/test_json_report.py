"""The JSON report: one object, versioned, and all of it documented."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aklo_analysis.alerts.condition import conditions
from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.tables.times import APART, OUTSIDE
from aklo_trace.config.configuration import Configuration

from .sample import HOSTILE, sample_trace
from .synthetic_trace import MS, SyntheticTrace

DOCUMENT = Path(__file__).parents[3] / "docs" / "report-json.md"
NAMES = ("loss", "lost_by_syscall", "in_flight_by_syscall", "apart", "scripts")
"""Objects whose keys are data."""


def written(trace: SyntheticTrace, top: int = 3) -> str:
    stream = io.StringIO()
    wanted, _ = conditions(Configuration())
    report = build(trace, top=top, by=("function", "file"), conditions=wanted)
    REPORTERS["json"](report, stream, Options())
    return stream.getvalue()


def keys(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if name not in NAMES:
            yield from value
        for key, item in value.items():
            yield from keys(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_every_key_is_documented_and_every_documented_key_occurs() -> None:
    found = set(keys(json.loads(written(sample_trace()))))
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert found == documented


def test_every_kind_of_time_outside_calls_is_documented() -> None:
    documented = re.findall(r"^- `(\w+)`:", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert documented == [*OUTSIDE, *APART]


def test_times_add_up_to_what_was_lived() -> None:
    report = json.loads(written(sample_trace()))
    names = ("outside", "cpu_wait", "stopped", "work", "wait")
    names += ("unfinished_work", "unfinished_wait")
    lived = sum(report["summary"][f"{name}_ns"] for name in names)
    assert sum(row["time_ns"] for row in report["tables"]["times"]) == lived


def test_the_version_comes_first() -> None:
    assert next(iter(json.loads(written(sample_trace())))) == "report_version"


def test_what_is_unknown_is_null_and_numbers_are_integers() -> None:
    report = json.loads(written(sample_trace()))
    findings, (cache,) = report.pop("findings"), report.pop("caches")
    assert all(0 <= one["share"] < 1 for one in findings)
    assert cache["hit_ratio"] == 0.5
    floats: list[str] = []
    json.loads(json.dumps(report), parse_float=floats.append)
    assert report["summary"]["max_rss_bytes"] is None
    assert report["tables"]["operations"]["rows"][-1]["p50_ns"] is None
    assert floats == []


def test_a_file_of_unknown_kind_has_null_for_it() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/sh")
    trace.call(10, "openat", 1 * MS, 1 * MS, file_id=trace.file("/missing", None), errno=2)
    trace.call(10, "openat", 2 * MS, 1 * MS, file_id=trace.file("/etc/fstab"))
    kinds = {
        row["path"]: row["kind"] for row in json.loads(written(trace))["tables"]["files"]["rows"]
    }
    assert kinds == {"/missing": None, "/etc/fstab": "regular"}


def test_no_number_is_one_that_json_lacks() -> None:
    for trace in sample_trace(), SyntheticTrace():
        json.loads(written(trace, top=1000), parse_constant=pytest.fail)


def test_rankings_say_what_they_leave_out() -> None:
    processes = json.loads(written(sample_trace()))["tables"]["processes"]
    assert len(processes["rows"]) == 3
    assert processes["others"] == 7
    shown = sum(row["calls"] for row in processes["rows"])
    assert shown + processes["rest"]["calls"] == processes["total"]["calls"] == 220


def test_operations_are_whole_whatever_the_top() -> None:
    operations = json.loads(written(sample_trace()))["tables"]["operations"]
    assert operations["others"] == 0
    assert len(operations["rows"]) > 3


def test_names_survive_as_they_are_and_do_nothing_on_a_terminal() -> None:
    found = written(sample_trace())
    assert found.isascii()
    assert all(line.isprintable() for line in found.split("\n"))
    paths = [row["path"] for row in json.loads(found)["tables"]["files"]["rows"]]
    assert HOSTILE in paths


def test_an_empty_trace_is_a_report_too() -> None:
    assert json.loads(written(SyntheticTrace()))["summary"]["calls"] == 0
