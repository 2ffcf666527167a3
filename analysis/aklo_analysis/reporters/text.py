"""The report for a terminal, or for a file that people read."""

from __future__ import annotations

from typing import TextIO

from aklo_analysis.report import Report
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections import SECTIONS


def write(report: Report, stream: TextIO, options: Options) -> None:
    """Write every section that has something to say."""
    page = Page(stream, options)
    for section in SECTIONS:
        section(report, page)
