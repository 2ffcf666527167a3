"""A report as Markdown, as it is being written: CommonMark with the tables of GitHub."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final, TextIO

from aklo_analysis.reporters.grid import Cell, Grid, text_of
from aklo_analysis.reporters.ink import Ink
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page
from aklo_trace.escape import escape

RULES: Final = {"left": ":--", "right": "--:"}
"""What stands below the title of a column, by its alignment."""
BULLET: Final = "- "
MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>&|~$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""Characters that can be markup anywhere. Those within addresses make links of them."""
AT_START: Final = re.compile(r"^(\s*)([-+=#]|\d+(?=[.)](?:\s|$)))")
"""What makes a list or a heading; of a number it is what follows."""
MENTION: Final = re.compile(r"@|#(?=\d)")
"""What GitHub makes a link to a user or an issue of, escaped or not."""


class MarkdownPage(Page):
    def __init__(self, stream: TextIO, options: Options) -> None:
        self._ink = Ink(color=False, utf8=options.utf8)
        self._stream = stream
        self._in_list = False
        self.lines = 0

    def title(self, title: str) -> None:
        self._block(f"# {self._text(title)}")

    def heading(self, title: str, remark: str = "") -> None:
        self._block(f"## {self._text(title)}")
        if remark:
            self.sentence(remark)

    def blank(self) -> None:
        self._in_list = False

    def fact(self, label: str, value: str, style: str = "plain") -> None:
        text = _strong(self._text(value)) if style in ("strong", "bad") else self._text(value)
        self._entry(f"{self._text(label)}: {text}")

    def sentence(self, text: str, style: str = "plain") -> None:
        if text.startswith(BULLET):
            self._entry(self._styled(text.removeprefix(BULLET), style))
        else:
            self._block(self._styled(text, style))

    def item(
        self,
        lead: str,
        style: str,
        lines: Iterable[tuple[str, str]],
        cut: Collection[str] = (),
    ) -> None:
        """The lead, and each line, are lines of the same entry."""
        del style, cut
        texts = [self._styled(text, text_style) for text, text_style in lines]
        numbers = _strong(self._text(" ".join(lead.split())))
        self._entry("\\\n  ".join([f"{numbers} {texts[0]}", *texts[1:]]))

    def grid(self, grid: Grid) -> None:
        """What is noted about a row stands in its last cell."""
        shown = grid.filled()
        columns = [grid.columns[place] for place in shown]
        rows = [[self._text(column.title) for column in columns]]
        rows.append([RULES[column.align] for column in columns])
        for number, row in enumerate(grid.rows, start=1):
            cells = [self._cell(row.cells[place], row.style) for place in shown]
            if number in grid.notes:
                cells[-1] += f"<br><code>{self._text(grid.notes[number][0])}</code>"
            rows.append(cells)
        self._block("\n".join(f"| {' | '.join(cells)} |" for cells in rows))

    def _cell(self, cell: Cell, style: str) -> str:
        text = self._text(text_of(cell, self._ink))
        return _strong(text) if style == "strong" and text else text

    def _styled(self, text: str, style: str) -> str:
        if style == "code":
            return _code(self._printable(text))
        return _strong(self._text(text)) if style == "strong" else self._text(text)

    def _text(self, text: str) -> str:
        return escape_markdown(self._printable(text))

    def _printable(self, text: str) -> str:
        return escape(self._ink.text(text))

    def _entry(self, text: str) -> None:
        if not self._in_list:
            self._line("")
        self._line(BULLET + text)
        self._in_list = True

    def _block(self, text: str) -> None:
        """What stands alone, between empty lines."""
        if self.lines:
            self._line("")
        self._line(text)
        self._in_list = False

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self.lines += 1


def escape_markdown(text: str) -> str:
    """Printable text so that Markdown shows just that, in a paragraph, a heading or the cell of a
    table: no markup, HTML, link, or mention of a user or an issue.

    A backslash keeps a character from being markup (CommonMark 0.31, 2.4; that of a cell's end,
    GitHub Flavored Markdown, 4.10). GitHub looks for mentions in what that leaves, and not across
    an empty comment."""
    text = AT_START.sub(_escaped_start, MARKUP.sub(r"\\\g<0>", text))
    return MENTION.sub(r"\g<0><!-- -->", text)


def _escaped_start(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def _strong(text: str) -> str:
    return f"**{text}**"


def _code(text: str) -> str:
    """A code span: its quotes are longer than any within (CommonMark 0.31, 6.1)."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    quote = "`" * (longest + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{quote}{room}{text}{room}{quote}"
