"""Files and directories."""

from __future__ import annotations

from typing import Final

from aklo_analysis.measure import Measure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.access import Accesses
from aklo_analysis.tables.files import NAMELESS, RELATIVE, UNKNOWN_FILE
from aklo_analysis.units import count, share, size, spent
from aklo_trace.escape import escape

APART: Final = {
    UNKNOWN_FILE: "unknown files",
    NAMELESS: "files of unknown path",
    RELATIVE: "in unknown directories",
    "pipes": "pipes, with waiting",
    "sockets": "sockets, with waiting",
    "anonymous": "files without a name",
}
"""What stands apart, in this order; calls that are not about a file are left out."""

FILE: Final = (Column("random", optional=3), Column("path", "left", clip="path"))
DIRECTORY: Final = (Column("entries"), Column("directory", "left", clip="path"))
NUMBERS: Final = (
    Column("time"),
    Column("calls"),
    Column("failed", optional=2),
    Column("bytes", optional=1),
)


def files(report: Report, page: Page) -> None:
    ranking, grid = report.files, Grid((*NUMBERS, *FILE))
    for row in ranking.rows:
        grid.add(*_numbers(row.measure), _random(row.access), escape(row.path))
    if ranking.others:
        grid.add(
            *_numbers(ranking.rest), "", f"{count(ranking.others)} more", style="dim", closing=True
        )
    for key, title in APART.items():
        if key in ranking.apart:
            grid.add(
                *_numbers(ranking.apart[key]), "", f"({title})", style=_style(key), closing=True
            )
    page.titled("Top files", grid)


def _random(access: Accesses) -> str:
    """The share of reads and writes that were not in sequence, of those of which that is known."""
    random = access.reads.random + access.writes.random
    return share(random, access.reads.placed + access.writes.placed)


def directories(report: Report, page: Page) -> None:
    ranking, grid = report.directories, Grid((*NUMBERS, *DIRECTORY))
    for row in ranking.rows:
        grid.add(*_numbers(row.measure), count(row.entries), escape(row.path))
    if ranking.others:
        grid.add(
            *_numbers(ranking.rest), "", f"{count(ranking.others)} more", style="dim", closing=True
        )
    if RELATIVE in ranking.apart:
        cells = _numbers(ranking.apart[RELATIVE])
        grid.add(*cells, "", f"({APART[RELATIVE]})", style="warning", closing=True)
    page.titled("Top directories", grid)


def _numbers(measure: Measure) -> tuple[str, str, str, str]:
    return (
        spent(measure.total_ns),
        count(measure.calls),
        count(measure.failed) if measure.failed else "",
        size(measure.bytes) if measure.bytes else "",
    )


def _style(key: str) -> str:
    return "warning" if key in (UNKNOWN_FILE, NAMELESS, RELATIVE) else "dim"
