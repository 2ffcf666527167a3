"""System calls: the I/O operations, the slowest calls, and those that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aklo_analysis.distribution import Distribution
from aklo_analysis.measure import Measure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.failures import error
from aklo_analysis.tables.operations import OperationRow
from aklo_analysis.units import count, duration, size
from aklo_trace.escape import escape

OPERATIONS: Final = (
    *map(Column, ("calls", "failed", "bytes", "time", "p50", "p95", "p99", "max")),
    Column("operation", "left"),
)
SLOWEST: Final = (
    Column("took"),
    Column("at"),
    Column("call", "left"),
    Column("error", "left", "warning"),
    Column("program", "left", limit=16),
    Column("file", "left", clip="start"),
)
FAILURES: Final = (
    Column("calls"),
    Column("time"),
    Column("error", "left"),
    Column("call", "left"),
    Column("paths"),
    Column("most often", "left", clip="start"),
)

MEDIA: Final = {
    "terminal_write": "tty",
    "read_unknown": "unknown",
    "write_unknown": "unknown",
    "pipe_read": "pipe",
    "pipe_write": "pipe",
    "terminal_read": "tty",
}
"""By activity: what tells an operation from others of the same call."""


def operations(report: Report, page: Page) -> None:
    """Operations that work, then those that wait; what is no I/O in one row."""
    grid, rows = Grid(OPERATIONS), report.operations.rows
    if not rows:
        return
    _add_operations(grid, [r for r in rows if r.activity.io and not r.activity.waits], report.top)
    _add_operations(grid, [r for r in rows if r.activity.io and r.activity.waits], report.top)
    for waits, name in (False, "no I/O"), (True, "no I/O, waits"):
        other = [r.measure for r in rows if not r.activity.io and r.activity.waits == waits]
        if other:
            _add_measure(grid, sum(other, start=Measure()), name, "dim")
    _add_measure(grid, report.operations.total, "all calls", "strong")
    page.titled("I/O OPERATIONS", grid)


def _add_operations(grid: Grid, rows: Sequence[OperationRow], top: int) -> None:
    for row in rows[:top]:
        style = "dim" if row.activity.waits else "plain"
        _add_measure(grid, row.measure, _operation(row), style, row.distribution)
    if rows[top:]:
        rest = sum((row.measure for row in rows[top:]), start=Measure())
        _add_measure(grid, rest, f"{len(rows) - top} more", "dim")


def _add_measure(
    grid: Grid,
    measure: Measure,
    name: str,
    style: str = "plain",
    distribution: Distribution | None = None,
) -> None:
    d = distribution
    times = [d.p50_ns, d.p95_ns, d.p99_ns, d.max_ns] if d else []
    cells = [_compact(duration(ns)) for ns in [measure.total_ns, *times]]
    moved = _compact(size(measure.bytes)) if measure.bytes else ""
    failed = count(measure.failed) if measure.failed else ""
    grid.add(
        count(measure.calls), failed, moved, *cells, *[""] * (5 - len(cells)), name, style=style
    )


def _operation(row: OperationRow) -> str:
    medium = MEDIA.get(row.activity.key)
    return f"{row.syscall} ({medium})" if medium else row.syscall


def _compact(text: str) -> str:
    """Nine columns of numbers fit into eighty only without the space before the unit."""
    return text.replace(" ", "")


def slowest(report: Report, page: Page) -> None:
    grid = Grid(SLOWEST)
    for call in report.slowest:
        failed = "" if call.errno is None else error(call.errno)[0]
        grid.add(
            duration(call.dur_ns),
            duration(call.start_ns),
            call.syscall,
            failed,
            escape(call.program or "unknown"),
            escape(call.path or ""),
        )
    page.titled("SLOWEST CALLS", grid, "Calls that wait for others are left out.")


def failures(report: Report, page: Page) -> None:
    grid = Grid(FAILURES)
    for row in report.failures.rows:
        paths = count(row.paths) if row.paths else ""
        time, path = duration(row.measure.total_ns), escape(row.path or "")
        grid.add(count(row.measure.calls), time, row.name, row.syscall, paths, path)
    if report.failures.others:
        rest, more = report.failures.rest, f"{report.failures.others} more"
        grid.add(count(rest.calls), duration(rest.total_ns), more, "", "", "", style="dim")
    page.titled("FAILED CALLS", grid)
