"""What was traced, how it went, and the most important of what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from aklo_analysis.program import base_name
from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts, line_name
from aklo_analysis.reporters.sections.alerts import STYLES as ALERTS
from aklo_analysis.reporters.sections.engine import SLOWED, is_slowed
from aklo_analysis.signals import signal_name
from aklo_analysis.tables.summary import Summary
from aklo_analysis.tables.times import WAIT, WORK
from aklo_analysis.tables.wall import WallLine
from aklo_analysis.units import count, counted, duration, share
from aklo_analysis.wall.doings import BY_KEY
from aklo_trace.escape import escape, escape_command
from aklo_trace.meta import Meta

COMMAND: Final = 400
"""Characters of the command that are shown: a script given to ``bash -c`` can be long."""

NAMED: Final = 3
"""How many kinds of work, and programs, are named here."""


def header(report: Report, page: Page) -> None:
    meta, summary = report.meta, report.summary
    command = escape_command(meta.argv)
    page.title("aklo-trace")
    page.fact("Command", command if len(command) <= COMMAND else command[:COMMAND] + " …", "strong")
    page.fact("Exit", _exit(meta), "plain" if meta.exit_status == 0 else "bad")
    if not meta.complete:
        page.fact("Incomplete", escape(meta.incomplete_reason or "for an unknown reason"), "bad")
    page.fact("Wall time", _wall(meta, summary))
    if is_slowed(meta):
        page.fact("Slowed", SLOWED, "warning")
    for label, value in _findings(report):
        page.fact(label, value)
    if report.alerts:
        page.fact("Alerts", _alerts(report), ALERTS[report.alerts[0].severity])
    page.fact("Processes", _processes(summary))
    page.fact("Syscalls", _syscalls(meta, summary), "bad" if meta.lost else "plain")
    page.fact("Engine", escape(f"{meta.engine}: {meta.engine_reason}"))
    if meta.filter:
        page.fact("Filter", escape(_filtered(meta.filter)), "warning")


def _findings(report: Report) -> Iterator[tuple[str, str]]:
    """What the time went to, as label and value: the wall time, then that of all processes."""
    yield from _of_wall(report)
    measure = report.summary.measure
    for label, part, whole_ns, prefix in (
        ("Work", WORK, measure.own_ns, ""),
        ("Waiting", WAIT, measure.waited_ns, "waiting "),
    ):
        kinds = [row for row in report.times if row.part == part]
        rows = [(row.time_ns, row.title.removeprefix(prefix)) for row in kinds]
        small = part == WAIT and 100 * whole_ns < (report.meta.wall_ns or 0)
        if not small and (named := _largest(rows, whole_ns)):
            yield label, f"{duration(whole_ns)}: {named}"
    if measure.stopped_ns:
        yield "Stopped", f"{duration(measure.stopped_ns)} by signals, as job control does"
    if measure.unrecorded_ns:
        yield "Unknown", f"{duration(measure.unrecorded_ns)}: in calls not recorded"


def _of_wall(report: Report) -> Iterator[tuple[str, str]]:
    wall = report.wall
    doings = [(row.wall_ns, BY_KEY[row.key].title) for row in wall.doings]
    lines = [(row.measure.wall_ns, _place(row)) for row in wall.lines.rows]
    programs = [(row.measure.wall_ns, escape(row.program)) for row in wall.programs.rows]
    programs = programs if len(programs) > 1 else []
    for label, rows in ("Spent on", doings), ("Lines", lines), ("Programs", programs):
        if named := _largest(rows, wall.measure.wall_ns):
            yield label, named


def _place(row: WallLine) -> str:
    """`config.sh:21`; what has no file has at least its function."""
    file = None if row.file is None else base_name(row.file)
    within = f" in {escape(row.function)}" if file is None and row.function else ""
    return line_name(replace(row, file=file), Scripts(())) + within


def _largest(parts: Iterable[tuple[int, str]], whole_ns: int) -> str:
    """`60% computing, 30% starting programs`: what makes up at least 1 percent."""
    large = [(ns, name) for ns, name in parts if 100 * ns >= whole_ns > 0]
    return ", ".join(f"{share(ns, whole_ns)} {name}" for ns, name in large[:NAMED])


def _alerts(report: Report) -> str:
    """`1 critical, 2 warning`."""
    severities = Counter(alert.severity for alert in report.alerts)
    return ", ".join(f"{count(number)} {name}" for name, number in severities.items())


def _wall(meta: Meta, summary: Summary) -> str:
    wall = "unknown" if meta.wall_ns is None else duration(meta.wall_ns)
    outside_ns, within_ns = summary.cpu_user_ns, summary.cpu_kernel_ns
    if outside_ns is None or within_ns is None:
        return wall
    parts = f"{duration(outside_ns)} outside calls, {duration(within_ns)} within"
    return f"{wall}, CPU {duration(outside_ns + within_ns)}: {parts}"


def _filtered(words: Iterable[str]) -> str:
    """`only read, program cat`, `all but memory`, `only read, but not pread64`"""
    words = tuple(words)
    only = ", ".join(word for word in words if not word.startswith("!"))
    without = ", ".join(word[1:] for word in words if word.startswith("!"))
    if not without:
        return f"only {only}"
    return f"only {only}, but not {without}" if only else f"all but {without}"


def _exit(meta: Meta) -> str:
    if meta.signal is not None:
        return f"killed by signal {meta.signal} ({signal_name(meta.signal) or 'unknown'})"
    return "unknown" if meta.exit_status is None else str(meta.exit_status)


def _processes(summary: Summary) -> str:
    only_forked = f", {count(summary.copies)} only forked" if summary.copies else ""
    started = counted(summary.programs_started, "program")
    return f"{count(summary.processes)} ({started} started{only_forked})"


def _syscalls(meta: Meta, summary: Summary) -> str:
    measure = summary.measure
    return f"{count(measure.calls)} ({count(measure.failed)} failed, {count(meta.lost)} lost)"
