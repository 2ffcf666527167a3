"""System calls: the I/O operations, the slowest calls, and those that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aklo_analysis.distribution import Distribution
from aklo_analysis.measure import Measure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Cell, Column, Grid
from aklo_analysis.reporters.latency_scale import Scale
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.access import Access, Accesses
from aklo_analysis.tables.failures import error
from aklo_analysis.tables.operations import OperationRow
from aklo_analysis.units import count, counted, duration, share, size, spent
from aklo_trace.escape import escape

OPERATIONS: Final = (
    Column("calls"),
    Column("failed", optional=4),
    Column("bytes", optional=2),
    Column("time"),
    Column("p50", optional=1),
    Column("p95", optional=6),
    Column("p99", optional=5),
    Column("max"),
    Column("latency", "left", "bar", optional=3),
    Column("operation", "left"),
)
SLOWEST: Final = (
    Column("took"),
    Column("at"),
    Column("call", "left"),
    Column("error", "left", "warning"),
    Column("program", "left", limit=16, optional=1),
    Column("file", "left", clip="path"),
)
FAILURES: Final = (
    Column("calls"),
    Column("time", optional=2),
    Column("error", "left"),
    Column("call", "left"),
    Column("paths", optional=1),
    Column("most often", "left", clip="path"),
)

MEDIA: Final = {
    "terminal_write": "tty",
    "read_unknown": "?",
    "write_unknown": "?",
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
    io = [row for row in rows if row.activity.io]
    scale = Scale.of([row.distribution for row in io])
    for waits in False, True:
        _add_operations(grid, [r for r in io if r.activity.waits == waits], report.top, scale)
    for waits, name in (False, "other calls"), (True, "other waits"):
        other = [r.measure for r in rows if not r.activity.io and r.activity.waits == waits]
        if other:
            _add_measure(grid, sum(other, start=Measure()), name, "dim")
    _add_measure(grid, report.operations.total, "all calls", "strong")
    timed = any(row.distribution for row in io)
    page.titled("I/O operations", grid, str(scale) if timed else "")
    if sequential := _sequential(report.access):
        page.sentence(sequential, "dim")


def _sequential(access: Accesses) -> str:
    """`Sequential access of files: 60% of 13,409 reads, all of 700 writes.`"""
    known = [
        f"{_part(found)} of {counted(found.placed, name)}"
        for name, found in (("read", access.reads), ("write", access.writes))
        if found.placed
    ]
    return f"Sequential access of files: {', '.join(known)}." if known else ""


def _part(access: Access) -> str:
    return "all" if not access.random else share(access.sequential, access.placed) or "none"


def _add_operations(grid: Grid, rows: Sequence[OperationRow], top: int, scale: Scale) -> None:
    for row in rows[:top]:
        style, spark = "dim" if row.activity.waits else "plain", scale.spark(row.distribution)
        name, found = _operation(row), row.distribution
        _add_measure(grid, row.measure, name, style, found, spark, closing=False)
    if rows[top:]:
        rest = sum((row.measure for row in rows[top:]), start=Measure())
        _add_measure(grid, rest, f"{len(rows) - top} more", "dim")


def _add_measure(
    grid: Grid,
    measure: Measure,
    name: str,
    style: str = "plain",
    distribution: Distribution | None = None,
    spark: Cell = "",
    closing: bool = True,
) -> None:
    calls, failed, moved = count(measure.calls), measure.failed, measure.bytes
    grid.add(
        calls,
        count(failed) if failed else "",
        size(moved) if moved else "",
        spent(measure.total_ns),
        *percentiles(distribution),
        spark,
        name,
        style=style,
        closing=closing,
    )


def percentiles(found: Distribution | None) -> tuple[str, str, str, str]:
    """p50, p95, p99 and the longest."""
    if found is None:
        return "", "", "", ""
    p50, p95 = duration(found.p50_ns), duration(found.p95_ns)
    return p50, p95, duration(found.p99_ns), duration(found.max_ns)


def _operation(row: OperationRow) -> str:
    medium = MEDIA.get(row.activity.key)
    return f"{row.syscall} ({medium})" if medium else row.syscall


def slowest(report: Report, page: Page) -> None:
    grid = Grid(SLOWEST)
    for call in report.slowest:
        failed = "" if call.errno is None else error(call.errno)[0]
        grid.add(
            duration(call.dur_ns),
            "" if call.start_ns is None else f"+{duration(call.start_ns)}",
            call.syscall,
            failed,
            escape(call.program or "unknown"),
            _file(call.path, call.kind, call.fd),
        )
    page.titled("Slowest calls", grid, "Calls that wait for others are left out.")


def _file(path: str | None, kind: str | None, fd: int | None) -> str:
    """The path of a file; without it what is known: `(socket, fd 3)`."""
    if path is not None:
        return escape(path)
    known = [] if kind is None else [kind]
    known += [] if fd is None else [f"fd {fd}"]
    return f"({', '.join(known)})" if known else ""


def failures(report: Report, page: Page) -> None:
    grid = Grid(FAILURES)
    for row in report.failures.rows:
        paths = count(row.paths) if row.paths else ""
        time, path = spent(row.measure.total_ns), _file(row.path, None, row.fd)
        grid.add(count(row.measure.calls), time, row.name, row.syscall, paths, path)
    if report.failures.others:
        rest, more = report.failures.rest, f"{report.failures.others} more"
        grid.add(
            count(rest.calls), spent(rest.total_ns), more, "", "", "", style="dim", closing=True
        )
    page.titled("Failed calls", grid)
