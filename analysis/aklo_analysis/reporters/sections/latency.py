"""How long calls took: a histogram for each class."""

from __future__ import annotations

from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Bar, Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections.calls import percentiles
from aklo_analysis.tables.activities import ActivityRow
from aklo_analysis.units import count, counted, duration, share

BAR: Final = 40

BUCKETS: Final = (
    Column("from"),
    Column("to"),
    Column("calls"),
    Column("share"),
    Column("", "left", "bar"),
)


def latency(report: Report, page: Page) -> None:
    """Classes in the order of their cost."""
    for row in report.activities[: report.top]:
        _histogram(row, page)


def _histogram(row: ActivityRow, page: Page) -> None:
    found, grid = row.distribution, Grid(BUCKETS)
    if found is None:
        return
    calls, most = sum(found.histogram), max(found.histogram)
    used = [place for place, number in enumerate(found.histogram) if number]
    for place in range(used[0], len(found.histogram)):
        number, least_ns = found.histogram[place], 2**place if place else 0
        bar = Bar(number / most, BAR)
        edges = duration(least_ns), duration(2 ** (place + 1))
        grid.add(*edges, count(number), share(number, calls), bar)
    title = row.activity.title
    page.heading(f"Latency of {'waiting ' if row.activity.waits else ''}{title}")
    numbers = zip(("p50", "p95", "p99", "max"), percentiles(found), strict=True)
    page.sentence(f"{counted(calls, 'call')}: {', '.join(map(' '.join, numbers))}", "dim")
    page.grid(grid)
