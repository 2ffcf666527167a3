"""The parts of a report by the names of `aklo_trace.contents`, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections import (
    alerts,
    by,
    caches,
    calls,
    code,
    files,
    findings,
    function_calls,
    header,
    latency,
    quality,
    time,
    tracked,
    wall,
)
from aklo_trace.contents import ON_REQUEST

Section = Callable[[Report, Page], None]
"""Writes a part of the report to a page; nothing at all if there is nothing to say."""

SECTIONS: Final[dict[str, Section]] = {
    "header": header.header,
    "findings": findings.findings,
    "wall": wall.wall,
    "times": time.times,
    "functions": code.functions,
    "lines": code.lines,
    "function-calls": function_calls.function_calls,
    "caches": caches.caches,
    "programs": time.programs,
    "operations": calls.operations,
    "tracked": tracked.tracked,
    "latency": latency.latency,
    "files": files.files,
    "directories": files.directories,
    "processes": time.processes,
    "slowest": calls.slowest,
    "failures": calls.failures,
    "by": by.by,
    "alerts": alerts.alerts,
    "quality": quality.quality,
}


def write_sections(report: Report, page: Page, wanted: Sequence[str] = ()) -> None:
    """Write the sections that were asked for, in that order, or else all that do not have to be
    and have something to say."""
    for name in wanted or [name for name in SECTIONS if name not in ON_REQUEST]:
        before = page.lines
        SECTIONS[name](report, page)
        if wanted and page.lines == before:
            page.sentence(f"There is nothing for '{name}' in this trace.", "dim")
