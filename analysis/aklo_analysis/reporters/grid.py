"""Rows and columns of text, fitted to a width.

Numbers stand left and are never cut; the last column is a name, a path or a command, and takes
what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tabulate import tabulate

from aklo_analysis.reporters.clip import clip_end, clip_start, columns
from aklo_analysis.reporters.ink import Ink

INDENT: Final = 2
GAP: Final = 2
LEAST: Final = 6
"""The last column is not cut below this; then lines are longer than the width."""

CLIPS: Final[dict[str, Callable[[str, int, str], str]]] = {"end": clip_end, "start": clip_start}


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell that shows a share, from 0 to 1, as a bar of at most `width` columns."""

    share: float
    width: int


Cell = str | Bar


@dataclass(frozen=True, slots=True)
class Column:
    """`clip`: which side of a cell is cut if it does not fit. `limit`: how wide the cells of a
    column other than the last can be; None is as wide as they are."""

    title: str
    align: str = "right"
    style: str = "plain"
    clip: str = "end"
    limit: int | None = None


@dataclass
class Grid:
    """Rows of cells, each with as many cells as there are columns. The style of a row goes
    before that of the column."""

    columns: Sequence[Column]
    rows: list[tuple[Sequence[Cell], str]] = field(default_factory=list)

    def add(self, *cells: Cell, style: str = "plain") -> None:
        self.rows.append((cells, style))

    def lines(self, width: int | None, ink: Ink) -> list[str]:
        """The titles and the rows."""
        titles = [ink.text(column.title) for column in self.columns]
        rows = [[_text(cell, ink) for cell in cells] for cells, _ in self.rows]
        if width is not None:
            self._fit(titles, rows, width, ink)
        styles = [["dim"] * len(titles), *(self._styles(style) for _, style in self.rows)]
        text = tabulate(
            [
                [ink.paint(cell, style) for cell, style in zip(row, row_styles, strict=True)]
                for row, row_styles in zip([titles, *rows], styles, strict=True)
            ],
            tablefmt="plain",
            colalign=[column.align for column in self.columns],
            disable_numparse=True,
        )
        return [" " * INDENT + line.rstrip() for line in text.splitlines()]

    def _styles(self, row_style: str) -> list[str]:
        if row_style == "plain":
            return [column.style for column in self.columns]
        return [row_style] * len(self.columns)

    def _fit(self, titles: list[str], rows: list[list[str]], width: int, ink: Ink) -> None:
        """Cut cells to the limits of their columns, those of the last to what is left."""
        left = width - INDENT
        for place, column in enumerate(self.columns):
            last = place == len(self.columns) - 1
            limit = max(left, LEAST) if last else column.limit or width
            for row in rows:
                row[place] = CLIPS[column.clip](row[place], limit, ink.ellipsis)
            left -= GAP + max(columns(row[place]) for row in [titles, *rows])


def _text(cell: Cell, ink: Ink) -> str:
    return ink.bar(cell.share, cell.width) if isinstance(cell, Bar) else ink.text(cell)
