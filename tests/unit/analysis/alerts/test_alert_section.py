"""Alerts in reports: what is said of them, and that names in them do no harm."""

from __future__ import annotations

import io
import json

import pytest

from aklo_analysis.alerts.condition import conditions
from aklo_analysis.report import Report, build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_trace.alerting.standing import Standing

from ..sample import HOSTILE
from ..synthetic_trace import MS, START_NS, SyntheticTrace
from .configured import configuration

THRESHOLDS = """
[monitoring]
alert_threshold_ms = 100
[alert.many]
metric = "processes"
over = 0
severity = "critical"
[alert.twice]
metric = "calls"
over = 0
runs = 2
[alert.find]
metric = "finding_saving"
over = 1
[alert.failed]
metric = "failed_share"
over = "50%"
"""


def report(path: str = "/data", text: str = THRESHOLDS) -> Report:
    trace = SyntheticTrace()
    trace.process(10, 0, 900 * MS)
    for start in (0, 300):
        trace.call(10, "read", start * MS, 200 * MS, file_id=trace.file(path), fd=3)
    found, problems = conditions(configuration(text))
    assert problems == ()
    return build(trace, conditions=found)


def written(made: Report, form: str = "text", width: int | None = None) -> str:
    stream = io.StringIO()
    REPORTERS[form](made, stream, Options(width=width, sections=("alerts",)))
    return stream.getvalue()


def test_the_worst_comes_first_and_each_says_where_its_threshold_is() -> None:
    assert written(report()).splitlines() == [
        "ALERTS",
        "  critical  there were 1 processes (threshold: 0)",
        "            many: new, threshold from c.toml:6",
        "  warning   read on '/data' took 200ms (threshold: 100ms, 1 more)",
        "            slow_operation: new, threshold from c.toml:3",
        "  pending   there were 2 calls (threshold: 0)",
        "            twice: no alert yet, after 1 trace; threshold from c.toml:10",
        "  unknown   find: not known: the trace does not tell",
    ]


def test_what_earlier_traces_have_left_is_said() -> None:
    before = Standing("raised", 1, START_NS - 9 * MS, START_NS, START_NS)
    made = report().judged({"many": before, "twice": Standing("pending", 1, START_NS, START_NS)})
    text = written(made)
    assert "many: again, in 2 traces since 2023-11-14 22:13:19 UTC, threshold from" in text
    assert "  warning   there were 2 calls (threshold: 0)\n            twice: new, in 2 tr" in text


def test_that_all_is_well_is_said() -> None:
    text = written(report(text="[monitoring]\nalert_threshold_ms = 200"))
    assert text == "ALERTS\n  None: 1 threshold checked, and not crossed.\n"


def test_without_a_threshold_there_is_nothing_to_say() -> None:
    text = written(report(text="[alert.slow_operation]\nenabled = false"))
    assert text == "  There is nothing for 'alerts' in this trace.\n"


@pytest.mark.parametrize("width", [40, 80, None])
def test_hostile_names_are_shown_and_do_nothing(width: int | None) -> None:
    text = written(report(HOSTILE), width=width)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "\\x1b[2J" in text
    assert sum(line.startswith("  critical") for line in text.splitlines()) == 1


def test_braces_in_names_stay_as_they_are() -> None:
    assert "read on '/{amount}{0}' took 200ms" in written(report("/{amount}{0}"))


def test_json_has_all_of_it() -> None:
    found = json.loads(written(report(HOSTILE), "json"))
    assert [alert["name"] for alert in found["alerts"]] == ["many", "slow_operation"]
    states = {one["name"]: one["state"] for one in found["conditions"]}
    assert states == {
        "failed": "ok",
        "find": "unknown",
        "many": "raised",
        "slow_operation": "raised",
        "twice": "pending",
    }
    slow = found["alerts"][1]
    assert (slow["limit"], slow["amount"], slow["unit"]) == (100 * MS, 200 * MS, "ns")
    assert (slow["operation"], slow["target"], slow["beyond"]) == ("read", HOSTILE, 2)


def test_severities_are_words_in_json() -> None:
    text = '[alert.find]\nmetric = "finding_severity"\nat_least = "high"\n'
    (found, _) = json.loads(written(report(text=text), "json"))["conditions"]
    assert (found["limit"], found["unit"], found["amount"]) == ("high", "severity", None)


def test_the_first_screen_counts_them() -> None:
    stream = io.StringIO()
    REPORTERS["text"](report(), stream, Options(width=80))
    assert "\n  Alerts     1 critical, 1 warning\n" in stream.getvalue()
