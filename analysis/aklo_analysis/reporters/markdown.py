"""The report as Markdown, for the summary of a CI job, an issue or a wiki."""

from __future__ import annotations

from typing import TextIO

from aklo_analysis.report import Report
from aklo_analysis.reporters.markdown_page import MarkdownPage
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.sections import write_sections


def write(report: Report, stream: TextIO, options: Options) -> None:
    """Write the sections that were asked for, or else all; nothing is cut."""
    write_sections(report, MarkdownPage(stream, options), options.sections)
