"""A report as HTML, as it is being written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from aklo_analysis.reporters.grid import Bar, Cell, Column, Grid, Row, Spark
from aklo_analysis.reporters.html.markup import Html, element, joined, size
from aklo_analysis.reporters.page import Page
from aklo_analysis.units import counted

BULLET: Final = "- "
LONGEST: Final = 600
"""Characters of a text that are shown."""
ROOM: Final = 150_000
"""Bytes that the rows of a table, or anything else of a section, may have: no page is too large for
a browser, whatever names are in it. What is left out is counted."""

LEFT_OUT: Final = (
    "{:,} more are left out, for which there is no room here: the JSON report has them."
)

FACTS, ITEMS, BULLETS, SINGLE = "facts", "items", "bullets", ""
GROUPS: Final = {FACTS: "dl", ITEMS: "ol", BULLETS: "ul"}
"""What elements of a kind that follow each other are in."""


@dataclass
class Section:
    """`name`: by which a link finds it. `parts`: markup with the group that it is in. `left_out`:
    how many others there was no room for."""

    name: str
    title: str
    parts: list[tuple[str, Html]] = field(default_factory=list)
    left_out: int = 0
    _bytes: int = 0

    def add(self, part: Html, group: str) -> None:
        self._bytes += size(part)
        if self._bytes > 2 * ROOM:
            self.left_out += 1
        else:
            self.parts.append((group, part))

    def content(self) -> Html:
        found: list[Html] = []
        members: list[Html] = []
        for place, (group, part) in enumerate(self.parts):
            members.append(part)
            following = self.parts[place + 1 : place + 2]
            if not group or not following or following[0][0] != group:
                found.append(_grouped(group, members))
                members = []
        if self.left_out:
            found.append(element("p", LEFT_OUT.format(self.left_out), class_="warning"))
        return joined(found)


class HtmlPage(Page):
    """`sections`: the first has no title."""

    def __init__(self) -> None:
        self.sections = [Section("overview", "")]
        self.lines = 0

    def title(self, title: str) -> None:
        """The document has one."""

    def heading(self, title: str, remark: str = "") -> None:
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        same = sum(re.sub(r"~\d+$", "", one.name) == name for one in self.sections)
        self.sections.append(Section(f"{name}~{same + 1}" if same else name, title))
        if remark:
            self.sentence(remark, "dim")

    def blank(self) -> None:
        """Style sheets make room."""

    def fact(self, label: str, value: str, style: str = "plain") -> None:
        named = element("dt", label) + element("dd", shortened(value), class_=style)
        self.add(element("div", Html(named)), FACTS)

    def sentence(self, text: str, style: str = "plain") -> None:
        if text.startswith(BULLET):
            self.add(element("li", shortened(text.removeprefix(BULLET)), class_=style), BULLETS)
        else:
            self.add(element("p", shortened(text), class_=style))

    def item(
        self,
        lead: str,
        style: str,
        lines: Iterable[tuple[str, str]],
        cut: Collection[str] = (),
    ) -> None:
        del cut
        words = [element("span", word) for word in lead.split()]
        texts = [
            element("code" if text_style == "code" else "p", shortened(text), class_=text_style)
            for text, text_style in lines
        ]
        numbers = element("div", *words, class_="lead")
        self.add(element("li", numbers, element("div", *texts), class_=style), ITEMS)

    def grid(self, grid: Grid) -> None:
        self.add(table(grid, self.sections[-1].title))

    def add(self, part: Html, group: str = SINGLE) -> None:
        """Something of the last section."""
        self.sections[-1].add(part, group)
        self.lines += 1


def shortened(text: str) -> str:
    """The beginning of a long text, and how much more there is."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({counted(len(text) - LONGEST, 'more character')})"


def table(grid: Grid, title: str) -> Html:
    """Rows that sum others up stand in the foot, whatever the order of the others."""
    shown = grid.filled()
    titles = [_title(grid.columns[place]) for place in shown]
    rows: dict[bool, list[Html]] = {False: [], True: []}
    room = ROOM
    for number, row in enumerate(grid.rows, start=1):
        note = grid.notes.get(number)
        found = _row(grid, row, shown, note)
        room -= size(found)
        if room < 0:
            left = LEFT_OUT.format(len(grid.rows) - number + 1)
            rows[True].append(element("tr", element("td", left, colspan=len(shown)), class_="dim"))
            break
        rows[row.closing].append(found)
    parts = [element("caption", title), element("thead", element("tr", *titles))]
    parts += [element("tbody", *rows[False]), element("tfoot", *rows[True])]
    whole = element("table", *parts)
    return element(
        "div", whole, class_="table", role="region", aria_label=title or "table", tabindex=0
    )


def _title(column: Column) -> Html:
    return element("th", column.title, scope="col", class_=column.align)


def _row(grid: Grid, row: Row, shown: list[int], note: tuple[str, str] | None) -> Html:
    cells = [_cell(grid.columns[place], row.cells[place]) for place in shown[:-1]]
    last = shown[-1]
    noted = [] if note is None else [element("code", shortened(note[0]), class_=note[1])]
    cells.append(_cell(grid.columns[last], row.cells[last], *noted))
    return element("tr", *cells, class_=None if row.style == "plain" else row.style)


def _cell(column: Column, cell: Cell, *more: Html) -> Html:
    match cell:
        case Bar(share):
            return element("td", _chart([share], across=True), class_="bar")
        case Spark(shares):
            return element("td", _chart(shares, across=False), class_="spark")
        case _:
            return element("td", shortened(cell), *more, class_=column.align)


def _chart(shares: Iterable[float], across: bool) -> Html:
    """Shares of the whole as rectangles: one as wide as it is, or several as high as they are."""
    rects = [
        element("rect", width=_percent(share), height="100%")
        if across
        else element("rect", x=6 * place, y=_percent(1 - share), width=5, height=_percent(share))
        for place, share in enumerate(shares)
    ]
    return element("svg", *rects, aria_hidden="true")


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"


def _grouped(group: str, members: list[Html]) -> Html:
    return element(GROUPS[group], *members, class_=group) if group else joined(members)
