"""What to change first, where, and what that saves."""

from __future__ import annotations

from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.rules.finding import Finding
from aklo_analysis.units import counted, duration, share
from aklo_trace.escape import escape
from aklo_trace.meta import MEASURED

NOTHING: Final = "Nothing: there is no change known that would save much of the wall time."
UNTIMED: Final = "Not known: the trace does not say how long things took."
STYLES: Final = {"high": "bad", "medium": "warning", "low": "plain"}
"""By severity."""


def findings(report: Report, page: Page) -> None:
    wall_ns = report.meta.wall_ns or 0
    page.heading("WHAT TO CHANGE FIRST")
    if not report.findings:
        page.sentence(NOTHING if report.meta.timing == MEASURED else UNTIMED, "good")
        return
    for rank, finding in enumerate(report.findings[: report.top], start=1):
        saving, part = duration(finding.saving_ns), share(finding.saving_ns, wall_ns)
        lead = f"{rank:>2}  {saving:>6}  {part:>4}"
        page.item(lead, STYLES[finding.severity], _lines(finding), cut=("code", "dim"))
    page.sentence(_together(report, wall_ns), "dim")


def _lines(finding: Finding) -> list[tuple[str, str]]:
    """What is said of a finding, with the style of each line."""
    lines = [(f"{finding.title} ({finding.code})", "strong")]
    lines += [(_place(finding), "plain")] if _has_place(finding) else []
    lines += [(finding.source, "code")] if finding.source else []
    lines.append((finding.advice, "plain"))
    lines += [(finding.evidence[0], "dim")] if finding.evidence else []
    return [(escape(text), style) for text, style in lines]


def _has_place(finding: Finding) -> bool:
    return any(part is not None for part in (finding.function, finding.file, finding.line))


def _place(finding: Finding) -> str:
    file = "code of a string" if finding.file is None else finding.file
    mark = "~" if finding.relative else ""
    line = "" if finding.line is None else f":{mark}{finding.line}"
    function = "" if finding.function is None else f"{finding.function}  "
    return f"{function}{file}{line}"


def _together(report: Report, wall_ns: int) -> str:
    saving_ns = sum(finding.extra_ns for finding in report.findings)
    more = len(report.findings) - report.top
    rest = f" {counted(more, 'smaller one')} not shown." if more > 0 else ""
    return f"All together: {duration(saving_ns)}, {share(saving_ns, wall_ns)}.{rest}"
