"""Where the time went: by what was done, program and process."""

from __future__ import annotations

from typing import Final

from aklo_analysis.measure import LifeMeasure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Bar, Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.signals import signal_name
from aklo_analysis.tables.processes import ProcessRow
from aklo_analysis.tables.times import WAIT, WORK, TimeRow
from aklo_analysis.units import count, counted, duration, share, spent
from aklo_trace.escape import escape, escape_command

BAR: Final = 20
SMALL_BAR: Final = 10

TIMES: Final = (
    Column("time"),
    Column("share"),
    Column("", "left", "bar", optional=1),
    Column("calls"),
    Column("spent on", "left", wanted=40),
)
PROGRAMS: Final = (
    Column("work"),
    Column("share"),
    Column("", "left", "bar", optional=1),
    Column("waited"),
    Column("starts"),
    Column("forks"),
    Column("program", "left"),
)
PROCESSES: Final = (
    Column("work"),
    Column("lived"),
    Column("calls", optional=1),
    Column("pid"),
    Column("exit"),
    Column("command", "left"),
)
FORKS: Final = "Forks: processes that began as a copy of the program, as subshells do."


def times(report: Report, page: Page) -> None:
    """Work with its shares; then waiting, being stopped, and what is unknown, without shares."""
    if not any(row.time_ns for row in report.times):
        return
    page.heading("Where the time went", _remark(report))
    own_ns = report.summary.measure.own_ns
    grid, work = Grid(TIMES), _folded([r for r in report.times if r.part == WORK], report.top)
    longest_ns = max((row.time_ns for row in work), default=0) or 1
    for row in work:
        bar = Bar(row.time_ns / longest_ns, BAR)
        grid.add(duration(row.time_ns), share(row.time_ns, own_ns), bar, _calls(row), row.title)
    grid.add(duration(own_ns), "", "", "", "all work", style="strong", closing=True)
    for row in report.times:
        if row.part != WORK:
            style = "dim" if row.part == WAIT else "warning"
            grid.add(
                duration(row.time_ns), "", "", _calls(row), row.title, style=style, closing=True
            )
    page.grid(grid)


def _folded(rows: list[TimeRow], top: int) -> list[TimeRow]:
    """The rows after the first `top`, if there are several, as one."""
    rest = rows[top:]
    if len(rest) < 2:
        return rows
    time_ns, calls = sum(row.time_ns for row in rest), sum(row.calls or 0 for row in rest)
    return [*rows[:top], TimeRow("rest", f"{len(rest)} more", WORK, time_ns, calls)]


def _calls(row: TimeRow) -> str:
    return count(row.calls) if row.calls else ""


def _remark(report: Report) -> str:
    processes = report.summary.processes
    if processes < 2:
        return ""
    return (
        f"Summed over {counted(processes, 'process', 'processes')} that may run side by side. "
        "Waiting for others is not work: what they do meanwhile is counted as theirs."
    )


def programs(report: Report, page: Page) -> None:
    ranking, grid = report.programs, Grid(PROGRAMS)
    whole_ns = report.summary.measure.own_ns
    longest_ns = max((row.measure.own_ns for row in ranking.rows), default=1) or 1

    def add(measure: LifeMeasure, starts: str, forks: str, name: str, style: str) -> None:
        own_ns, waited = measure.own_ns, spent(measure.waited_ns)
        bar = Bar(min(own_ns / longest_ns, 1), SMALL_BAR) if style == "plain" else ""
        cells = spent(own_ns), share(own_ns, whole_ns), bar, waited, starts, forks, name
        grid.add(*cells, style=style, closing=style != "plain")

    for row in ranking.rows:
        starts, forks = (count(n) if n else "" for n in (row.starts, row.forks))
        add(row.measure, starts, forks, escape(row.program), "plain")
    if ranking.others:
        add(ranking.rest, "", "", f"{count(ranking.others)} more", "dim")
    for name, measure in ranking.apart.items():
        add(measure, "", "", f"({name})", "warning")
    forked = any(row.forks for row in ranking.rows)
    page.titled("By program", grid, FORKS if forked else "")


def processes(report: Report, page: Page) -> None:
    ranking, grid = report.processes, Grid(PROCESSES)

    def add(measure: LifeMeasure, lived: str, pid: str, end: str, name: str, style: str) -> None:
        cells = spent(measure.own_ns), lived, count(measure.calls), pid, end, name
        grid.add(*cells, style=style, closing=style != "plain")

    for row in ranking.rows:
        lived = "" if row.duration_ns is None else duration(row.duration_ns)
        add(row.measure, lived, str(row.pid), _end(row), _command(row), "plain")
    if ranking.others:
        add(ranking.rest, "", "", "", f"{count(ranking.others)} more", "dim")
    for name, measure in ranking.apart.items():
        add(measure, "", "", "", f"({name})", "warning")
    page.titled("Top processes", grid)


def _end(row: ProcessRow) -> str:
    if row.signal is not None:
        return signal_name(row.signal) or f"signal {row.signal}"
    return "" if row.exit_status is None else str(row.exit_status)


def _command(row: ProcessRow) -> str:
    command = escape_command(row.argv) if row.argv else escape(row.program or "unknown")
    if row.execs > 1 and row.mostly is not None and row.mostly != row.program:
        return f"(mostly {escape(row.mostly)}) {command}"
    return command if row.execs else f"(fork) {command}"
