"""The report for a terminal, or for a file that people read."""

from __future__ import annotations

from typing import TextIO

from aklo_analysis.report import Report
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections import SECTIONS
from aklo_analysis.reporters.sections.findings import reminder
from aklo_trace.contents import ON_REQUEST


def write(report: Report, stream: TextIO, options: Options) -> None:
    """Write the sections that were asked for, in that order, or else all that do not have to be
    and have something to say. On a terminal, which has scrolled its beginning away, a whole report
    ends with what was first."""
    page = Page(stream, options)
    for name in options.sections or [name for name in SECTIONS if name not in ON_REQUEST]:
        before = page.lines
        SECTIONS[name](report, page)
        if options.sections and page.lines == before:
            page.sentence(f"There is nothing for '{name}' in this trace.", "dim")
    if options.trace and options.width is not None and not options.sections:
        reminder(report, page, options.trace)
