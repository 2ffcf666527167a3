"""The report for a terminal, or for a file that people read."""

from __future__ import annotations

from typing import TextIO

from aklo_analysis.report import Report
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.sections import write_sections
from aklo_analysis.reporters.sections.findings import reminder
from aklo_analysis.reporters.text_page import TextPage


def write(report: Report, stream: TextIO, options: Options) -> None:
    """Write the sections. On a terminal, which has scrolled its beginning away, a whole report
    ends with what was first."""
    page = TextPage(stream, options)
    write_sections(report, page, options.sections)
    if options.trace and options.width is not None and not options.sections:
        reminder(report, page, options.trace)
