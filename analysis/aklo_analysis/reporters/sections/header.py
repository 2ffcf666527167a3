"""What was traced, how it went, and by which means."""

from __future__ import annotations

import signal
from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.summary import Summary
from aklo_analysis.units import count, duration
from aklo_trace.escape import escape, escape_command
from aklo_trace.meta import Meta

COMMAND: Final = 400
"""Characters of the command that are shown: a script given to ``bash -c`` can be long."""


def header(report: Report, page: Page) -> None:
    meta, summary = report.meta, report.summary
    command = escape_command(meta.argv)
    page.title("aklo-trace")
    page.fact("Command", command if len(command) <= COMMAND else command[:COMMAND] + " …", "strong")
    page.fact("Wall time", _wall(meta, summary))
    page.fact("Exit", _exit(meta), "plain" if meta.exit_status == 0 else "bad")
    page.fact("Processes", _processes(summary))
    page.fact("Syscalls", _syscalls(meta, summary), "bad" if meta.lost else "plain")
    page.fact("Engine", escape(f"{meta.engine}: {meta.engine_reason}"))
    if meta.filter:
        page.fact("Filter", "only " + ", ".join(map(escape, meta.filter)), "warning")
    if not meta.complete:
        page.fact("Incomplete", escape(meta.incomplete_reason or "for an unknown reason"), "bad")


def _wall(meta: Meta, summary: Summary) -> str:
    wall = "unknown" if meta.wall_ns is None else duration(meta.wall_ns)
    cpu = [
        f"{duration(ns)} {where}"
        for ns, where in ((summary.cpu_user_ns, "user"), (summary.cpu_kernel_ns, "kernel"))
        if ns is not None
    ]
    return f"{wall}, CPU {' + '.join(cpu)}" if cpu else wall


def _exit(meta: Meta) -> str:
    if meta.signal is not None:
        return f"killed by signal {meta.signal} ({_signal_name(meta.signal)})"
    return "unknown" if meta.exit_status is None else str(meta.exit_status)


def _signal_name(number: int) -> str:
    if signal.SIGRTMIN < number < signal.SIGRTMAX:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    names = {known.value: known.name for known in signal.Signals}
    return names.get(number, "unknown")


def _processes(summary: Summary) -> str:
    only_forked = f", {count(summary.copies)} only forked" if summary.copies else ""
    started = count(summary.programs_started)
    return f"{count(summary.processes)} ({started} programs started{only_forked})"


def _syscalls(meta: Meta, summary: Summary) -> str:
    measure = summary.measure
    return f"{count(measure.calls)} ({count(measure.failed)} failed, {count(meta.lost)} lost)"
