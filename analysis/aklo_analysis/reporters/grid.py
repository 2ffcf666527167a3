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
LEAST: Final = 12
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
    """`clip`: which side of a cell of the last column is cut if it does not fit."""

    title: str
    align: str = "right"
    style: str = "plain"
    clip: str = "end"


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
        """Cut the cells of the last column to what the others leave."""
        others = zip(*(row[:-1] for row in [titles, *rows]), strict=True)
        taken = [max(map(columns, cells)) + GAP for cells in others]
        left = max(width - INDENT - sum(taken), LEAST)
        clip = CLIPS[self.columns[-1].clip]
        for row in rows:
            row[-1] = clip(row[-1], left, ink.ellipsis)


def _text(cell: Cell, ink: Ink) -> str:
    return ink.bar(cell.share, cell.width) if isinstance(cell, Bar) else ink.text(cell)
