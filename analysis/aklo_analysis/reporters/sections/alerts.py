"""Alerts: what is beyond a threshold, and what of that cannot be known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aklo_analysis.alerts.alert import Alert
from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.units import counted
from aklo_trace.alerting.standing import CONTINUED, HELD, PENDING, RAISED, REPEATED, UNKNOWN
from aklo_trace.escape import escape
from aklo_trace.meta import iso

STYLES: Final = {"critical": "bad", "warning": "warning", "info": "plain"}
"""By severity."""
WORDS: Final = {
    RAISED: "new",
    REPEATED: "again",
    CONTINUED: "still",
    HELD: "within the threshold again, not yet for long enough",
}
"""What is said of an alert in each state."""
LEAD: Final = len("critical")


def alerts(report: Report, page: Page) -> None:
    """Nothing at all where nothing was to be an alert."""
    conditions = report.conditions
    if not conditions:
        return
    page.heading("Alerts")
    pending = [one for one in conditions if one.state == PENDING]
    unknown = [one for one in conditions if one.state == UNKNOWN]
    if not report.alerts and not pending:
        known = len(conditions) - len(unknown)
        page.sentence(f"None: {counted(known, 'threshold')} checked, and not crossed.", "good")
    for alert in report.alerts:
        lines = [(alert.message, "strong"), (f"{alert.name}: {', '.join(_facts(alert))}", "dim")]
        _item(page, alert.severity, STYLES[alert.severity], lines)
    for alert in pending:
        traces = counted(alert.runs, "trace")
        name = f"{alert.name}: no alert yet, after {traces}; threshold from {alert.origin}"
        _item(page, PENDING, "plain", [(alert.message, "plain"), (name, "dim")])
    for alert in unknown:
        _item(page, UNKNOWN, "dim", [(f"{alert.name}: {alert.message}", "dim")])


def _item(page: Page, lead: str, style: str, lines: list[tuple[str, str]]) -> None:
    escaped = [(escape(text), text_style) for text, text_style in lines]
    page.item(f"{lead:<{LEAD}}", style, escaped)


def _facts(alert: Alert) -> Iterator[str]:
    yield WORDS[alert.state]
    if alert.runs > 1 and alert.since_ns is not None:
        since = iso(alert.since_ns)[:19].replace("T", " ")
        yield f"in {counted(alert.runs, 'trace')} since {since} UTC"
    yield f"threshold from {alert.origin}"
