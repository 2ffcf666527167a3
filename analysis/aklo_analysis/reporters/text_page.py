"""A report as text for a terminal, as it is being written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TextIO

from aklo_analysis.reporters.clip import clip_end, wrap
from aklo_analysis.reporters.grid import INDENT, Grid
from aklo_analysis.reporters.ink import Ink
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page

PIPED: Final = 80
"""The length of a rule where there is no terminal."""

LABEL: Final = 11
"""Columns for the label of a fact, with the gap after it."""


class TextPage(Page):
    def __init__(self, stream: TextIO, options: Options) -> None:
        self._ink = Ink(options.color, options.utf8)
        self._width = options.width
        self._stream = stream
        self.lines = 0

    def title(self, title: str) -> None:
        """Told from what a terminal shows before it."""
        width = PIPED if self._width is None else self._width
        self._line(self._ink.rule(title, width))

    def heading(self, title: str, remark: str = "") -> None:
        """In capitals, as nothing else stands out without colour."""
        if self.lines:
            self.blank()
        self._line(self._ink.paint(title.upper(), "heading"))
        if remark:
            self.sentence(remark, "dim")

    def blank(self) -> None:
        self._line("")

    def fact(self, label: str, value: str, style: str = "plain") -> None:
        """A label and its value, wrapped behind the label."""
        first, *more = self._wrapped(value, INDENT + LABEL)
        label = self._ink.paint(f"{label:<{LABEL}}", "dim")
        self._line(" " * INDENT + label + self._ink.paint(first, style))
        for line in more:
            self._line(" " * (INDENT + LABEL) + self._ink.paint(line, style))

    def sentence(self, text: str, style: str = "plain") -> None:
        for line in self._wrapped(text, INDENT):
            self._line(" " * INDENT + self._ink.paint(line, style))

    def item(
        self,
        lead: str,
        style: str,
        lines: Iterable[tuple[str, str]],
        cut: Collection[str] = (),
    ) -> None:
        """The lines stand behind the lead: wrapped, or in the styles `cut`, cut."""
        indent, lead = len(lead) + 2 * INDENT, self._ink.paint(lead, style)
        for text, text_style in lines:
            fitted = [self._cut(text, indent)] if text_style in cut else self._wrapped(text, indent)
            for line in fitted:
                before = " " * INDENT + lead + " " * INDENT if lead else " " * indent
                self._line(before + self._ink.paint(line, text_style))
                lead = ""

    def grid(self, grid: Grid) -> None:
        for line in grid.lines(self._width, self._ink):
            self._line(line)

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self.lines += 1

    def _cut(self, text: str, indent: int) -> str:
        text = self._ink.text(text)
        if self._width is None:
            return text
        return clip_end(text, max(self._width - indent, 20), self._ink.ellipsis)

    def _wrapped(self, text: str, indent: int) -> list[str]:
        text = self._ink.text(text)
        if self._width is None:
            return [text]
        return wrap(text, max(self._width - indent, 20))
