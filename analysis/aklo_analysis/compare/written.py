"""A comparison as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from aklo_analysis.compare.amounts import (
    CACHE,
    CALL,
    COMMAND,
    FILE,
    FUNCTION,
    LINE,
    PROGRAM,
)
from aklo_analysis.compare.comparison import (
    EXTRA_LACKS,
    GONE,
    NEW,
    ONE_TRACE,
    SAME,
    TOO_FEW,
    Change,
    Comparison,
    Side,
)
from aklo_analysis.compare.significance import EXTRA, LEVEL, RESAMPLES, Tested
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts, file_name
from aklo_analysis.units import count, counted
from aklo_trace.escape import escape

COUNTS: Final = {
    PROGRAM: "Programs started",
    COMMAND: "Commands started",
    FUNCTION: "Started by functions",
    LINE: "Started by lines",
    FILE: "Files opened",
    CACHE: "Caches",
    CALL: "System calls",
}
TIMES: Final = {
    PROGRAM: "Wall time by program",
    FUNCTION: "Wall time by function",
    LINE: "Wall time by line",
    COMMAND: "Work by command",
    FILE: "Work on files",
}
"""What is compared of parts, in this order."""
UNTESTED: Final = {
    ONE_TRACE: "Times are advice only: with one trace on a side, change cannot be told from "
    "chance. Give several traces of each side.",
    TOO_FEW: "Times are advice only: so few traces cannot tell change from chance, whatever they "
    "show. Give 4 or more of each side.",
    EXTRA_LACKS: "Times are advice only: the test of significance is not installed. Install "
    f"aklo-trace[{EXTRA}].",
}
EXACT: Final = "Counts that are the same in all traces of a side come first: they did change."
SINGLE: Final = "Of single traces it is not known which counts are the same in each run."
ALL_SAME: Final = "No count of programs, processes, calls and opened files differs."
SIGNIFICANT: Final = (
    f"*: significant, p below {LEVEL}, corrected for all that is tested of a kind. within: where "
    f"95% of {RESAMPLES:,} resampled differences of medians are."
)
STYLES: Final = {True: "warning", False: "good"}
"""By whether there is more of it."""

CELLS: Final = (
    Column("before"),
    Column("after"),
    Column("change"),
    Column("", "left"),
    Column("within", "left", optional=3),
    Column("p", optional=2),
)
OF: Final = Column("", "left")
WHAT: Final = Column("what", "left", clip="path")
COMMANDS: Final = Column("what", "left")
SEVERAL: Final = (FUNCTION, LINE, CACHE)
"""Kinds of which more than one thing is counted."""


@dataclass(frozen=True, slots=True)
class Look:
    """`top`: rows per table."""

    page: Page
    scripts: Scripts
    top: int


def write(found: Comparison, page: Page, top: int = 10) -> None:
    """`top`: rows per table."""
    files = (one.entry.file for one in found.changes if one.entry.file)
    look = Look(page, Scripts(files), top)
    _header(found, page)
    totals(found, page, "In all")
    remark = EXACT if found.is_repeated else SINGLE
    for kind, title in COUNTS.items():
        changes = [one for one in found.of(kind) if not one.is_time]
        _table(look, title, remark, sorted(changes, key=lambda one: not one.is_sure))
        remark = "" if changes else remark
    if not any(not one.is_time for one in found.changes):
        page.blank()
        page.sentence(ALL_SAME)
    remark = "" if found.untested else SIGNIFICANT
    for kind, title in TIMES.items():
        changes = [one for one in found.of(kind) if one.is_time]
        _table(look, title, remark, sorted(changes, key=_most_certain))
        remark = "" if changes else remark


def _header(found: Comparison, page: Page) -> None:
    page.title("aklo-trace compare")
    page.fact("Before", _side(found.before), "strong")
    page.fact("After", _side(found.after), "strong")
    for doubt in found.doubts:
        page.fact("Doubtful", doubt, "warning")


def _side(side: Side) -> str:
    commands = ", ".join(map(escape, side.commands))
    where = f"{escape(side.directories[0])}" + (", …" if side.size > 1 else "")
    return f"{counted(side.size, 'trace')} of {commands}: {where}"


def totals(found: Comparison, page: Page, title: str) -> None:
    """What whole traces have."""
    grid = Grid((*CELLS, WHAT))
    for one in found.totals:
        grid.add(*_cells(one), one.measure.title, style=_style(one))
    page.titled(title, grid, UNTESTED.get(found.untested or "", ""))


def _table(look: Look, title: str, remark: str, changes: Sequence[Change]) -> None:
    is_command = any(one.entry.kind == COMMAND for one in changes)
    grid = Grid((*CELLS, OF, COMMANDS if is_command else WHAT))
    for one in changes[: look.top]:
        of = one.measure.title if one.entry.kind in SEVERAL and not one.is_time else ""
        grid.add(*_cells(one), of, _name(one, look.scripts), style=_style(one))
        if one.source:
            grid.note(escape(one.source), "code")
    if len(changes) > look.top:
        blank = [""] * len(grid.columns)
        grid.add(*blank[:-1], f"{count(len(changes) - look.top)} more", style="dim", closing=True)
    look.page.titled(title, grid, remark)


def _cells(one: Change) -> tuple[str, ...]:
    tested = one.tested
    between = tested.interval if tested else None
    return (
        _amount(one, one.before),
        _amount(one, one.after),
        "" if one.state == SAME else _signed(one, one.difference),
        _share(one),
        f"{_signed(one, between.low)} … {_signed(one, between.high)}" if between else "",
        _p(tested) if tested else "",
    )


def _amount(one: Change, values: Sequence[int]) -> str:
    """The median; of counts that vary the least and the most."""
    shown = one.measure.quantity.shown
    if one.is_time or min(values) == max(values):
        return shown(round(median(values)))
    return f"{shown(min(values))}–{shown(max(values))}"


def _signed(one: Change, difference: float) -> str:
    sign = "+" if difference > 0 else "-" if difference < 0 else ""
    return sign + one.measure.quantity.shown(round(abs(difference)))


def _share(one: Change) -> str:
    """`new`, `gone`, or by how much of what there was."""
    if one.state in (NEW, GONE, SAME):
        return "" if one.state == SAME else one.state
    part = 100 * one.difference / median(one.before) if median(one.before) else 0
    if abs(part) < 0.1:
        return ""
    return f"{part:+.0f}%" if abs(part) >= 1 else f"{part:+.1f}%"


def _p(tested: Tested) -> str:
    return tested.said + ("*" if tested.is_significant else "")


def _style(one: Change) -> str:
    if one.state == SAME:
        return "dim"
    return STYLES[one.difference > 0] if one.is_sure else "plain"


def _name(one: Change, scripts: Scripts) -> str:
    entry = one.entry
    if entry.kind == LINE:
        place = file_name(entry.file, scripts) if entry.file else escape(entry.name)
        was = one.number_before
        moved = f" (was {was})" if was is not None and was != entry.number else ""
        number = "?" if entry.number is None else entry.number
        return f"{place}:{'~' if entry.relative else ''}{number}{moved}"
    if entry.kind == FUNCTION:
        return f"{escape(entry.name)} in {file_name(entry.file, scripts)}"
    return escape(entry.name)


def _most_certain(one: Change) -> tuple[bool, float]:
    return not one.is_sure, -abs(one.difference)
