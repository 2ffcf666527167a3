"""Where in the shell code the time went: by function, and by line with its text."""

from __future__ import annotations

from typing import Final

from aklo_analysis.causes import APART, NOT_STARTED, START_UP
from aklo_analysis.charges import Charge
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts, file_name, function_name, line_name
from aklo_analysis.source import AT_END
from aklo_analysis.tables.functions import FunctionRow
from aklo_analysis.tables.lines import LineRow
from aklo_analysis.units import count, counted, duration, share, size
from aklo_trace.escape import escape

FUNCTIONS: Final = (
    Column("self"),
    Column("share", spare=1),
    Column("idle", spare=3),
    Column("total", spare=2),
    Column("share", optional=2),
    Column("starts", optional=3),
    Column("calls", optional=4),
    Column("bytes", optional=5),
    Column("function", "left", limit=40, least=14),
    Column("file", "left", clip="path", wanted=22),
)
LINES: Final = (
    Column("self"),
    Column("share", spare=1),
    Column("idle", spare=3),
    Column("total", optional=3),
    Column("calls", optional=5),
    Column("bytes", optional=6),
    Column("forks", optional=4),
    Column("started", "left", limit=20, spare=2),
    Column("function", "left", limit=30, least=14, optional=2),
    Column("line", "left", clip="path", wanted=22),
)
MOST_STARTED: Final = 2
"""How many of the programs that a line started are named."""

TITLES: Final = dict(
    zip(
        APART,
        (
            "bash start-up, end",
            "outside shell code",
            "place unknown",
            "unknown process",
        ),
        strict=True,
    )
)
"""By what no code can be charged with."""

SELF: Final = (
    "self: the work of a function's own lines and of the programs they started; "
    "total: with the functions it called. Shares are of all work. Most work of its own first."
)
IDLE: Final = "idle: waiting for a timer, the network or the terminal; no work."
RELATIVE: Final = (
    "~ no line of the file, but counted as bash does within eval, traps and command substitutions."
)


def functions(report: Report, page: Page) -> None:
    ranking, grid = report.functions, Grid(FUNCTIONS)
    if not ranking.rows:
        return
    scripts, own_ns = _scripts(report), report.summary.measure.own_ns

    def add(own: Charge, total: Charge | None, name: str, file: str, style: str) -> None:
        all_ns = _shared(total, own_ns) if total else ("", "")
        times = *_shared(own, own_ns), _time(own.idle_ns), *all_ns
        calls = _counts(own.starts), _counts(own.calls), size(own.bytes) if own.bytes else ""
        grid.add(*times, *calls, name, file, style=style, closing=style != "plain")

    for row in ranking.rows:
        add(
            row.measure,
            row.with_calls,
            function_name(row.function),
            file_name(row.file, scripts),
            "plain",
        )
    if ranking.others:
        add(ranking.rest, None, f"{count(ranking.others)} more", "", "dim")
    for key, measure in ranking.apart.items():
        add(measure, None, "", f"({TITLES[key]})", _style(key))
    page.titled("By function", grid, _remark(report, SELF))
    if scripts.root:
        page.sentence(f"Files without / at the beginning are in {escape(scripts.root)}", "dim")


def lines(report: Report, page: Page) -> None:
    """Each line with its text below, or why that is not there."""
    ranking, grid = report.lines, Grid(LINES)
    if not ranking.rows:
        return
    scripts, own_ns = _scripts(report), report.summary.measure.own_ns

    def add(own: Charge, total: Charge | None, style: str, *names: str) -> None:
        times = *_shared(own, own_ns), _time(own.idle_ns), _time(total.own_ns) if total else ""
        calls = _counts(own.calls), size(own.bytes) if own.bytes else "", _counts(own.forks)
        grid.add(*times, *calls, *names, style=style, closing=style != "plain")

    rows = [row for row in ranking.rows if row.measure != Charge()]
    for row in rows:
        names = (
            _started(row),
            function_name(row.function),
            line_name(row, scripts),
        )
        add(row.measure, row.with_calls, "plain", *names)
        if row.source:
            grid.note(escape(row.source), "code")
    if ranking.others:
        add(ranking.rest, None, "dim", "", "", f"{count(ranking.others)} more")
    for key, measure in ranking.apart.items():
        add(measure, None, _style(key), "", "", f"({TITLES[key]})")
    page.titled("Top lines", grid)
    if any(row.relative for row in rows):
        page.sentence(RELATIVE, "dim")
    for why, files in _without_text(rows).items():
        page.sentence(
            f"No text of {', '.join(file_name(f, scripts) for f in files)}: {why}.", "dim"
        )


def _without_text(rows: list[LineRow]) -> dict[str, dict[str, None]]:
    """By reason the files of which lines cannot be shown."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.no_source not in (None, AT_END) and row.file is not None:
            found.setdefault(row.no_source, {})[row.file] = None
    return found


def _scripts(report: Report) -> Scripts:
    rows: list[FunctionRow | LineRow] = [*report.functions.rows, *report.lines.rows]
    return Scripts(row.file for row in rows if row.file is not None)


def _remark(report: Report, remark: str) -> str:
    return f"{remark} {IDLE}" if report.functions.total.idle_ns else remark


def _shared(measure: Charge, whole_ns: int) -> tuple[str, str]:
    return duration(measure.own_ns), share(measure.own_ns, whole_ns)


def _time(ns: int) -> str:
    return duration(ns) if ns else ""


def _counts(number: int) -> str:
    return count(number) if number else ""


def _started(row: LineRow) -> str:
    """`448 sed, 260 tail, …`: what cost most first."""
    if not row.programs:
        return counted(row.measure.forks, "subshell") if row.measure.forks else ""
    named = [f"{count(one.starts)} {escape(one.program)}" for one in row.programs[:MOST_STARTED]]
    return ", ".join(named) + (", …" if row.programs[MOST_STARTED:] else "")


def _style(key: str) -> str:
    return "dim" if key in (APART[START_UP], APART[NOT_STARTED]) else "warning"
