"""What to change first, where, and what that saves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts
from aklo_analysis.reporters.sections.engine import WITHOUT_PLACES, is_slowed
from aklo_analysis.rules.finding import Finding
from aklo_analysis.units import counted, duration, share
from aklo_trace.escape import escape
from aklo_trace.meta import MEASURED, Meta

NOTHING: Final = "Nothing: there is no change known that would save much of the wall time."
UNTIMED: Final = "Not known: the trace does not say how long things took."
UNPLACED: Final = "Not known: this trace has no functions and lines of shell code"
SOME_UNPLACED: Final = (
    "There may be more: most rules need functions and lines of shell code, which this trace lacks"
)
SLOWED: Final = "Without strace, which lengthens all times, the savings are smaller."
PARTIAL: Final = "Not known: only some calls were recorded."
STYLES: Final = {"high": "bad", "medium": "warning", "low": "plain"}
"""By severity."""


def findings(report: Report, page: Page) -> None:
    wall_ns = report.meta.wall_ns or 0
    page.heading("What to change first")
    if not report.findings:
        page.sentence(_none(report.meta), "plain")
        return
    scripts = Scripts(finding.file for finding in report.findings if finding.file is not None)
    for rank, finding in enumerate(report.findings[: report.top], start=1):
        saving, part = duration(finding.saving_ns), share(finding.saving_ns, wall_ns)
        lead = f"{rank:>2}  {saving:>6}  {part:>4}"
        lines = _lines(finding, scripts)
        page.item(lead, STYLES[finding.severity], lines, cut=("code", "dim"))
    if remarks := " ".join(_remarks(report)):
        page.sentence(remarks, "dim")
    if scripts.root:
        page.sentence(f"Files without / at the beginning are in {escape(scripts.root)}", "dim")


def reminder(report: Report, page: Page, trace: str) -> None:
    """One sentence: the first of the findings, and how to see them again."""
    if not report.findings:
        return
    first, again = report.findings[0], f"aklo-trace report {trace} --section header,findings"
    saving = duration(first.saving_ns) if first.saving_ns else ""
    place = _place(first, Scripts(())).rpartition("/")[2]
    what = f"{first.title} ({first.code})" + (f" at {place}" if place else "")
    numbers = " ".join(filter(None, [saving, share(first.saving_ns, report.meta.wall_ns or 0)]))
    page.blank()
    page.sentence(f"First: {escape(', '.join(filter(None, [what, numbers])))}", "strong")
    page.sentence(f"Again: {escape(again)}", "dim")


def _none(meta: Meta) -> str:
    """Why there is no finding."""
    if meta.timing != MEASURED:
        return UNTIMED
    if meta.filter:
        return PARTIAL
    return _unplaced(meta, UNPLACED) if meta.attribution is None else NOTHING


def _unplaced(meta: Meta, what: str) -> str:
    return (
        f"{what}: {WITHOUT_PLACES[meta.engine]}." if meta.engine in WITHOUT_PLACES else f"{what}."
    )


def _lines(finding: Finding, scripts: Scripts) -> list[tuple[str, str]]:
    """What is said of a finding, with the style of each line."""
    where = "  ".join(filter(None, [_place(finding, scripts), finding.source]))
    lines = [(f"{finding.title} ({finding.code})", "strong")]
    lines += [(where, "code")] if where else []
    lines.append((finding.advice, "plain"))
    lines += [(finding.evidence[0], "dim")] if finding.evidence else []
    return [(escape(text), style) for text, style in lines]


def _place(finding: Finding, scripts: Scripts) -> str:
    """`function file:12`, as far as it is known."""
    if all(part is None for part in (finding.function, finding.file, finding.line)):
        return ""
    file = "code of a string" if finding.file is None else scripts.short(finding.file)
    mark = "~" if finding.relative else ""
    line = "" if finding.line is None else f":{mark}{finding.line}"
    return f"{finding.function} {file}{line}" if finding.function else f"{file}{line}"


def _remarks(report: Report) -> Iterator[str]:
    """What to know about the findings together."""
    saving_ns = sum(finding.extra_ns for finding in report.findings)
    if saving_ns:
        part = share(saving_ns, report.meta.wall_ns or 0)
        yield f"All together: {', '.join(filter(None, [duration(saving_ns), part]))}."
    if (more := len(report.findings) - report.top) > 0:
        yield f"{counted(more, 'smaller one')} not shown."
    if saving_ns and is_slowed(report.meta):
        yield SLOWED
    if report.meta.attribution is None:
        yield _unplaced(report.meta, SOME_UNPLACED)
