"""Where the time went: by activity, program and process."""

from __future__ import annotations

from typing import Final

from aklo_analysis.measure import LifeMeasure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Bar, Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.processes import ProcessRow
from aklo_analysis.units import count, duration, share
from aklo_trace.escape import escape, escape_command

BAR: Final = 20
SMALL_BAR: Final = 10

ACTIVITIES: Final = (
    Column("time"),
    Column("share"),
    Column("", "left", "bar"),
    Column("calls"),
    Column("work", "left"),
)
PROGRAMS: Final = (
    Column("work"),
    Column("share"),
    Column("", "left", "bar"),
    Column("waited"),
    Column("starts"),
    Column("processes"),
    Column("program", "left"),
)
PROCESSES: Final = (
    Column("work"),
    Column("lived"),
    Column("calls"),
    Column("pid"),
    Column("exit"),
    Column("command", "left"),
)

Work = tuple[int, int, str]
"""Time, number of calls, what was done."""


def activities(report: Report, page: Page) -> None:
    """Work with its shares; then waiting, without shares."""
    page.heading("WHERE THE TIME WENT", _remark(report))
    own_ns = report.summary.measure.own_ns
    grid, work = Grid(ACTIVITIES), _work(report)
    for time_ns, calls, title in work:
        time = duration(time_ns), share(time_ns, own_ns), Bar(time_ns / max(work[0][0], 1), BAR)
        grid.add(*time, count(calls) if calls else "", title)
    grid.add(duration(own_ns), "", "", "", "all work", style="strong")
    for row in report.activities:
        if row.activity.waits:
            title = f"waiting {row.activity.title}"
            number = count(row.measure.calls)
            grid.add(duration(row.time_ns), "", "", number, title, style="dim")
    page.grid(grid)


def _work(report: Report) -> list[Work]:
    """Costliest first, those after `report.top` as one."""
    work: list[Work] = [
        (row.time_ns, row.measure.calls, row.activity.title)
        for row in report.activities
        if not row.activity.waits
    ]
    work += _outside(report)
    work.sort(key=lambda row: row[0], reverse=True)
    folded = work[report.top :]
    if folded:
        times, calls, _ = zip(*folded, strict=True)
        work[report.top :] = [(sum(times), sum(calls), f"{len(folded)} more")]
    return work


def _outside(report: Report) -> list[Work]:
    """The time outside calls, as far as it is known what it was."""
    outside_ns, computing_ns = report.summary.measure.outside_ns, report.summary.computing_ns
    unrecorded = "calls not recorded, " if report.meta.filter else ""
    if computing_ns is None:
        return [(outside_ns, 0, f"{unrecorded}computing, or waiting for a CPU")]
    idle = f"{unrecorded}waiting for a CPU, page faults"
    return [(computing_ns, 0, "computing (user CPU)"), (outside_ns - computing_ns, 0, idle)]


def _remark(report: Report) -> str:
    summary = report.summary
    if report.meta.wall_ns is None or summary.processes < 2:
        return ""
    return (
        f"{duration(summary.measure.own_ns)} of work in {duration(report.meta.wall_ns)}, summed "
        f"over {count(summary.processes)} processes that may run side by side. Waiting is not "
        "work: what others do meanwhile is counted as theirs."
    )


def programs(report: Report, page: Page) -> None:
    ranking, grid = report.programs, Grid(PROGRAMS)
    whole_ns = report.summary.measure.own_ns
    longest_ns = max((row.measure.own_ns for row in ranking.rows), default=1) or 1

    def add(measure: LifeMeasure, starts: str, processes: str, name: str, style: str) -> None:
        own_ns, waited = measure.own_ns, duration(measure.waited_ns)
        bar = Bar(min(own_ns / longest_ns, 1), SMALL_BAR) if style == "plain" else ""
        cells = duration(own_ns), share(own_ns, whole_ns), bar, waited, starts, processes, name
        grid.add(*cells, style=style)

    for row in ranking.rows:
        add(row.measure, count(row.starts), count(row.processes), escape(row.program), "plain")
    if ranking.others:
        add(ranking.rest, "", "", f"{count(ranking.others)} more", "dim")
    for name, measure in ranking.apart.items():
        add(measure, "", "", f"({name})", "warning")
    page.titled("BY PROGRAM", grid)


def processes(report: Report, page: Page) -> None:
    ranking, grid = report.processes, Grid(PROCESSES)

    def add(measure: LifeMeasure, lived: str, pid: str, end: str, name: str, style: str) -> None:
        cells = duration(measure.own_ns), lived, count(measure.calls), pid, end, name
        grid.add(*cells, style=style)

    for row in ranking.rows:
        lived = "" if row.duration_ns is None else duration(row.duration_ns)
        add(row.measure, lived, str(row.pid), _end(row), _command(row), "plain")
    if ranking.others:
        add(ranking.rest, "", "", "", f"{count(ranking.others)} more", "dim")
    for name, measure in ranking.apart.items():
        add(measure, "", "", "", f"({name})", "warning")
    page.titled("TOP PROCESSES", grid)


def _end(row: ProcessRow) -> str:
    if row.signal is not None:
        return f"sig {row.signal}"
    return "" if row.exit_status is None else str(row.exit_status)


def _command(row: ProcessRow) -> str:
    command = escape_command(row.argv) if row.argv else escape(row.program or "unknown")
    return command if row.execs else f"(fork) {command}"
