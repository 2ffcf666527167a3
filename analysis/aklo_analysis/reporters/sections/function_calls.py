"""Every call of a bash function, counted: of recordings with --function-calls."""

from __future__ import annotations

from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.units import count, duration
from aklo_trace.escape import escape

FUNCTION_CALLS: Final = (
    Column("calls"),
    Column("total"),
    Column("mean"),
    Column("max", optional=1),
    Column("failed", optional=2),
    Column("function", "left", limit=40, least=14),
    Column("file", "left", clip="path", wanted=22, optional=3),
)
TIMES: Final = (
    "A function's times include those of the functions it calls, and what their breakpoints took; "
    "a call within another of the same function is not in total."
)


def function_calls(report: Report, page: Page) -> None:
    found, grid = report.function_calls, Grid(FUNCTION_CALLS)
    for row in found.rows:
        times = duration(row.total_ns), duration(row.mean_ns), duration(row.max_ns)
        failed = count(row.failed) if row.failed else ""
        name, file = escape(row.function or "(unknown)"), escape(row.file or "")
        grid.add(count(row.calls), *times, failed, name, file)
    if found.others:
        more = f"{count(found.others)} more"
        grid.add(count(found.other_calls), "", "", "", "", more, "", style="dim", closing=True)
    if found.rows:
        page.titled("Function calls", grid, TIMES)
