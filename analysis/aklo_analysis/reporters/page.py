"""A report as it is being written: headings, facts, sentences and grids, in whatever form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable

from aklo_analysis.reporters.grid import Grid


class Page(ABC):
    """What sections are written to. Styles are those of `aklo_analysis.reporters.ink`. Text is
    printable (see `aklo_trace.escape`), and all of it is text: a page escapes what would be markup
    in its form."""

    lines: int
    """how many were written"""

    @abstractmethod
    def title(self, title: str) -> None:
        """The beginning of a report."""

    @abstractmethod
    def heading(self, title: str, remark: str = "") -> None:
        """A title, and what to know about what follows."""

    @abstractmethod
    def blank(self) -> None:
        """Some room before what follows."""

    @abstractmethod
    def fact(self, label: str, value: str, style: str = "plain") -> None:
        """A label and its value."""

    @abstractmethod
    def sentence(self, text: str, style: str = "plain") -> None:
        """A paragraph; with "- " at its beginning, one of a list."""

    @abstractmethod
    def item(
        self,
        lead: str,
        style: str,
        lines: Iterable[tuple[str, str]],
        cut: Collection[str] = (),
    ) -> None:
        """An entry of a list: what is most important of it, and lines of text, each with its own
        style. Those in the styles `cut` may be cut where there is little room."""

    @abstractmethod
    def grid(self, grid: Grid) -> None: ...

    def titled(self, title: str, grid: Grid, remark: str = "") -> None:
        """A grid under its heading; nothing at all if it has no rows."""
        if grid.rows:
            self.heading(title, remark)
            self.grid(grid)
