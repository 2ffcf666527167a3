"""Rows and columns of text, fitted to a width.

Numbers stand left and are never cut; the last column is a name, a path or a command, and takes
what is left. A column without a value in any row is left out, and where there is little room,
those that are optional.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aklo_analysis.reporters.clip import clip_end, clip_path, columns
from aklo_analysis.reporters.ink import Ink

INDENT: Final = 2
GAP: Final = 2
NOTE_INDENT: Final = 10
ENOUGH: Final = 16
"""Columns of the last one with which a place can be told from others."""
LEAST: Final = 6
"""The last column is not cut below this; then lines are longer than the width."""

CLIPS: Final[dict[str, Callable[[str, int, str], str]]] = {"end": clip_end, "path": clip_path}


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell that shows a share, from 0 to 1, as a bar of at most `width` columns."""

    share: float
    width: int


@dataclass(frozen=True, slots=True)
class Spark:
    """A cell that shows numbers side by side: `shares` of the largest, from 0 to 1."""

    shares: tuple[float, ...]


Cell = str | Bar | Spark


@dataclass(frozen=True, slots=True)
class Column:
    """`clip`: how a cell is cut if it does not fit, a key of `CLIPS`. `limit`: how wide the
    cells of a column other than the last can be; None is as wide as they are.

    While the last column has less than `wanted` columns, and less than its cells need,
    optional columns go: the highest `optional` first, and 0 never. Then those that have a `least`
    are cut further, down to it. If the last is still narrower than `ENOUGH`, those that are `spare`
    go, again the highest first."""

    title: str
    align: str = "right"
    style: str = "plain"
    clip: str = "end"
    limit: int | None = None
    least: int | None = None
    wanted: int = 24
    optional: int = 0
    spare: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """As many cells as there are columns. The style goes before that of the column. `closing`: it
    sums others up, and belongs behind them in whatever order these stand."""

    cells: Sequence[Cell]
    style: str
    closing: bool


@dataclass
class Grid:
    """`notes`: text about a row and its style, by the number of the row, from 1."""

    columns: Sequence[Column]
    rows: list[Row] = field(default_factory=list)
    notes: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, *cells: Cell, style: str = "plain", closing: bool = False) -> None:
        self.rows.append(Row(cells, style, closing))

    def note(self, text: str, style: str) -> None:
        """A line about the last row, below it and as long as there is room."""
        self.notes[len(self.rows)] = text, style

    def filled(self) -> list[int]:
        """The places of columns that have a value in any row, and of the last."""
        last = len(self.columns) - 1
        return [p for p in range(last) if any(row.cells[p] != "" for row in self.rows)] + [last]

    def lines(self, width: int | None, ink: Ink) -> list[str]:
        """The titles and the rows."""
        titles = [ink.text(column.title) for column in self.columns]
        texts = [titles, *([text_of(cell, ink) for cell in row.cells] for row in self.rows)]
        shown = self._shown(texts, width, ink)
        styles = [["dim"] * len(titles), *(self._styles(row.style) for row in self.rows)]
        painted = [
            [ink.paint(row[place], row_styles[place]) for place in shown]
            for row, row_styles in zip(texts, styles, strict=True)
        ]
        aligned = self._aligned(painted, [self.columns[place].align for place in shown])
        lines = [" " * INDENT + line.rstrip() for line in aligned]
        return [
            found for row, line in enumerate(lines) for found in self._noted(row, line, width, ink)
        ]

    def _aligned(self, rows: list[list[str]], aligns: list[str]) -> list[str]:
        from tabulate import tabulate  # not before: it loads a tenth of a second of other modules

        return tabulate(rows, tablefmt="plain", colalign=aligns, disable_numparse=True).splitlines()

    def _noted(self, row: int, line: str, width: int | None, ink: Ink) -> list[str]:
        if row not in self.notes:
            return [line]
        text, style = ink.text(self.notes[row][0]), self.notes[row][1]
        if width is not None:
            text = clip_end(text, width - NOTE_INDENT, ink.ellipsis)
        return [line, " " * NOTE_INDENT + ink.paint(text, style)]

    def _styles(self, row_style: str) -> list[str]:
        if row_style == "plain":
            return [column.style for column in self.columns]
        return [row_style] * len(self.columns)

    def _shown(self, texts: list[list[str]], width: int | None, ink: Ink) -> list[int]:
        """The places of the columns to show. If there is a width, cells are cut to fit it."""
        *shown, last = self.filled()
        if width is None:
            return [*shown, last]
        for place in shown:
            self._cut(texts, place, self.columns[place].limit or width, ink)
        wanted = min(_width(texts, last), self.columns[last].wanted)
        optional = [place for place in shown if self.columns[place].optional]
        for place in sorted(optional, key=lambda place: -self.columns[place].optional):
            if _left(texts, shown, width) < wanted:
                shown.remove(place)
        for place in shown:
            least, lacking = self.columns[place].least, wanted - _left(texts, shown, width)
            if least is not None and lacking > 0:
                self._cut(texts, place, max(least, _width(texts, place) - lacking), ink)
        enough, spare = min(wanted, ENOUGH), [p for p in shown if self.columns[p].spare]
        for place in sorted(spare, key=lambda place: -self.columns[place].spare):
            if _left(texts, shown, width) < enough:
                shown.remove(place)
        self._cut(texts, last, max(_left(texts, shown, width), LEAST), ink)
        return [*shown, last]

    def _cut(self, texts: list[list[str]], place: int, width: int, ink: Ink) -> None:
        clip = CLIPS[self.columns[place].clip]
        for row in texts[1:]:
            row[place] = clip(row[place], width, ink.ellipsis)


def _width(texts: list[list[str]], place: int) -> int:
    return max(columns(row[place]) for row in texts)


def _left(texts: list[list[str]], shown: list[int], width: int) -> int:
    """What the columns of numbers leave to the last."""
    return width - INDENT - sum(_width(texts, place) + GAP for place in shown)


def text_of(cell: Cell, ink: Ink) -> str:
    match cell:
        case Bar(share, width):
            return ink.bar(share, width)
        case Spark(shares):
            return ink.spark(shares)
        case _:
            return ink.text(cell)
