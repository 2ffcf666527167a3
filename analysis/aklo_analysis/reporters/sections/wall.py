"""Where the wall time went: by what was waited for, and by line, function and program."""

from __future__ import annotations

from typing import Any, Final

from aklo_analysis.ranking import Ranking
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Bar, Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts, file_name, function_name, line_name
from aklo_analysis.reporters.sections.code import TITLES
from aklo_analysis.tables.wall import DoingRow, Spent
from aklo_analysis.units import count, duration, share
from aklo_analysis.wall.doings import BY_KEY
from aklo_trace.escape import escape

BAR: Final = 20
NAMED: Final = 2
"""How many of the doings of a row are named."""

DOINGS: Final = (
    Column("time"),
    Column("share"),
    Column("", "left", "bar", optional=1),
    Column("spent on", "left", wanted=40),
)
NUMBERS: Final = (Column("time"), Column("share"))
MOSTLY: Final = Column("mostly", "left", limit=30, least=12, optional=1)
FUNCTION: Final = Column("function", "left", limit=30, least=14, optional=2)
LINES: Final = (
    *NUMBERS,
    Column("total", optional=3),
    MOSTLY,
    FUNCTION,
    Column("line", "left", clip="path", wanted=22),
)
FUNCTIONS: Final = (
    *NUMBERS,
    Column("total"),
    MOSTLY,
    Column("function", "left", limit=40, least=14),
    Column("file", "left", clip="path", wanted=22),
)
PROGRAMS: Final = (*NUMBERS, MOSTLY, Column("program", "left"))

ONCE: Final = (
    "Each instant counts once: where a process waits for another, as what that one does meanwhile. "
    "Shares are rounded down."
)
OWN: Final = (
    "time: with the programs that it started and waited for; total: with the functions it called."
)


def wall(report: Report, page: Page) -> None:
    found = report.wall
    if not found.measure.wall_ns:
        return
    page.heading("Where the wall time went", ONCE)
    grid, longest_ns = Grid(DOINGS), found.doings[0].wall_ns
    for row in found.doings:
        bar = Bar(row.wall_ns / longest_ns, BAR)
        grid.add(*_numbers(report, row.wall_ns), bar, BY_KEY[row.key].title)
    grid.add(duration(found.measure.wall_ns), "", "", "wall time", style="strong", closing=True)
    page.grid(grid)
    for sentence in found.merged:
        page.sentence(sentence, "dim")
    files = [*(row.file for row in found.lines.rows), *(row.file for row in found.functions.rows)]
    scripts = Scripts(file for file in files if file is not None)
    page.titled("Wall time by line", _lines(report, scripts), OWN)
    page.titled("Wall time by function", _functions(report, scripts))
    if scripts.root:
        page.sentence(f"Files without / at the beginning are in {escape(scripts.root)}", "dim")
    page.titled("Wall time by program", _programs(report))


def _lines(report: Report, scripts: Scripts) -> Grid:
    ranking, grid = report.wall.lines, Grid(LINES)
    for row in [row for row in ranking.rows if row.measure.wall_ns]:
        name = line_name(row, scripts)
        total, function = duration(row.with_calls.wall_ns), function_name(row.function)
        grid.add(*_numbers(report, row.measure.wall_ns), total, _mostly(row.doings), function, name)
        if row.source:
            grid.note(escape(row.source), "code")
    return _with_others(report, grid, ranking) if ranking.rows else grid


def _functions(report: Report, scripts: Scripts) -> Grid:
    ranking, grid = report.wall.functions, Grid(FUNCTIONS)
    for row in ranking.rows:
        total, file = duration(row.with_calls.wall_ns), file_name(row.file, scripts)
        numbers = *_numbers(report, row.measure.wall_ns), total, _mostly(row.doings)
        grid.add(*numbers, function_name(row.function), file)
    return _with_others(report, grid, ranking) if ranking.rows else grid


def _programs(report: Report) -> Grid:
    ranking, grid = report.wall.programs, Grid(PROGRAMS)
    for row in ranking.rows:
        numbers = _numbers(report, row.measure.wall_ns)
        grid.add(*numbers, _mostly(row.doings), escape(row.program))
    return _with_others(report, grid, ranking)


def _with_others(report: Report, grid: Grid, ranking: Ranking[Any, Spent]) -> Grid:
    """What comes after the rows, and what no row stands for."""
    between = [""] * (len(grid.columns) - 3)
    if ranking.others:
        numbers = _numbers(report, ranking.rest.wall_ns)
        grid.add(*numbers, *between, f"{count(ranking.others)} more", style="dim", closing=True)
    for key, spent in ranking.apart.items():
        name = f"({TITLES.get(key, key)})"
        grid.add(*_numbers(report, spent.wall_ns), *between, name, style="dim", closing=True)
    return grid


def _numbers(report: Report, ns: int) -> tuple[str, str]:
    return duration(ns), share(ns, report.wall.measure.wall_ns)


def _mostly(doings: tuple[DoingRow, ...]) -> str:
    """`60% start-up, 30% processes`: what makes up at least 1 percent."""
    whole_ns = sum(row.wall_ns for row in doings)
    large = [row for row in doings if 100 * row.wall_ns >= whole_ns]
    return ", ".join(f"{share(r.wall_ns, whole_ns)} {BY_KEY[r.key].word}" for r in large[:NAMED])
