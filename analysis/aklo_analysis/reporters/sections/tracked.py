"""Operations that programs reported themselves, beside their system calls."""

from __future__ import annotations

from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections.calls import percentiles
from aklo_analysis.units import count, counted, spent
from aklo_trace.escape import escape

COLUMNS: Final = (
    Column("reports"),
    Column("failed", optional=1),
    Column("time"),
    Column("p50", optional=3),
    Column("p95", optional=5),
    Column("p99", optional=6),
    Column("max", optional=2),
    Column("operation", "left", limit=24, least=12),
    Column("slowest of", optional=7),
    Column("its target", "left", clip="path"),
)


def tracked(report: Report, page: Page) -> None:
    grid = Grid(COLUMNS)
    for row in report.tracked[: report.top]:
        grid.add(
            count(row.reports),
            count(row.failed) if row.failed else "",
            spent(row.total_ns),
            *percentiles(row.distribution),
            escape(row.operation),
            counted(row.targets, "target") if row.targets > 1 else "",
            escape(row.slowest or ""),
        )
    rest = report.tracked[report.top :]
    if rest:
        reports, failed = sum(row.reports for row in rest), sum(row.failed for row in rest)
        took = spent(sum(row.total_ns for row in rest))
        more = f"{len(rest)} more"
        grid.add(
            count(reports),
            count(failed) if failed else "",
            took,
            *[""] * 4,
            more,
            "",
            "",
            closing=True,
        )
    page.titled("Reported operations", grid, "As programs told of them, by aklo-trace track.")
