"""The report as one HTML file: whole, small, and all foreign text in it is text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.reporters.grid import Bar, Column, Grid, Spark
from aklo_analysis.reporters.html import drawings
from aklo_analysis.reporters.html.markup import element, text
from aklo_analysis.reporters.html.page import HtmlPage, table
from aklo_trace.meta import ORDER

from .sample import sample_trace
from .synthetic_trace import MS, SyntheticTrace

LARGEST = 10_000_000
NASTY = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script x",
    "<!--<script>",
    "a\u2028b\u2029c",
    "]]>&lt;&#60;'\"",
    "\x1b[31m\x00",
)


class Parsed(HTMLParser):
    """`elements`: name, attributes and text of each element that has any."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in ("meta", "input"):
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.elements[self._open[-1]][2].append(data)

    def named(self, *names: str) -> list[tuple[str, dict[str, str | None], list[str]]]:
        return [one for one in self.elements if one[0] in names]

    @property
    def text(self) -> str:
        return "".join(
            part for name, _, parts in self.elements if name != "script" for part in parts
        )

    @property
    def drawings(self) -> Any:
        (data,) = [
            parts for _, given, parts in self.named("script") if given.get("id") == "drawings"
        ]
        return json.loads("".join(data))


def html(trace: SyntheticTrace, top: int = 6, utf8: bool = True) -> str:
    stream = io.StringIO()
    report = build(trace, top, over_time=True)
    REPORTERS["html"](report, stream, Options(width=None, utf8=utf8))
    return stream.getvalue()


def hostile(name: str) -> SyntheticTrace:
    trace = SyntheticTrace()
    trace.facts = {"argv": (name,), "engine_reason": name, "notes": (name,)}
    trace.facts |= {"complete": False, "incomplete_reason": name, "loss": {name: 1}}
    image = trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/bash", name, shell="bash 5.2.15")
    site = trace.site(name, f"/{name}", 3, (None, f"/{name}", 9))
    call = {"file_id": trace.file(f"/{name}"), "image_id": image, "errno": 2, "site_id": site}
    trace.call(10, "openat", 1 * MS, 1 * MS, **call)
    trace.image(trace.process(11, 2 * MS, 8 * MS, parent_proc_id=10, site_id=site), 0, f"/b/{name}")
    return trace


def test_the_page_needs_nothing_but_itself() -> None:
    page = Parsed(html(sample_trace()))
    assert not page.named("link", "img", "iframe", "object", "base", "form", "a[href^=http]")
    for _, given, _ in page.elements:
        assert not given.keys() & {"src", "srcset", "style", "action", "onclick", "onload"}
        assert (given.get("href") or "#").startswith("#")
    styles = "".join(parts[0] for _, _, parts in page.named("style"))
    assert "url(" not in styles
    assert "@import" not in styles


def test_only_the_page_s_own_script_may_run() -> None:
    page = Parsed(html(sample_trace()))
    (policy,) = [g["content"] for _, g, _ in page.named("meta") if "http-equiv" in g]
    assert policy
    assert policy.startswith("default-src 'none'; ")
    for name, kind in ("script", "script-src"), ("style", "style-src"):
        own = [parts for _, given, parts in page.named(name) if not given]
        hashes = [
            base64.b64encode(hashlib.sha256("".join(parts).encode()).digest()).decode()
            for parts in own
        ]
        assert re.findall(rf"{kind} ([^;]+)", policy) == [f"'sha256-{hashes[0]}'"]
        assert len(hashes) == 1


def test_every_section_can_be_reached() -> None:
    page = Parsed(html(sample_trace()))
    names = [given["id"] for _, given, _ in page.named("section")]
    links = [given["href"] for _, given, _ in page.named("a")]
    assert [f"#{name}" for name in names[1:]] == links[1:]
    assert len(set(names)) == len(names)
    assert names[1:3] == ["what-to-change-first", "where-the-wall-time-went"]
    assert names[-1] == "data-quality"
    assert {"flame-graph", "over-time", "latency-over-time"} < {*names}


def test_the_pictures_have_their_data() -> None:
    page = Parsed(html(sample_trace()))
    places = [given["data-drawing"] for _, given, _ in page.named("figure")]
    assert places == [*page.drawings] == ["flame", "timeline", "heat"]
    flame, timeline = page.drawings["flame"], page.drawings["timeline"]
    assert sum(flame["own"]["wall"]) == 1500 * MS
    assert sum(flame["own"]["processes"]) == len(timeline["bars"]) == 10
    assert ["sed", 0, -1] in flame["frames"]


@pytest.mark.parametrize("name", NASTY)
def test_names_cannot_be_markup(name: str) -> None:
    plain, nasty = (Parsed(html(hostile(one))) for one in (re.sub("[^/]", "n", name), name))
    shape = [(tag, given.keys()) for tag, given, _ in plain.elements]
    assert [(tag, given.keys()) for tag, given, _ in nasty.elements] == shape
    shown = name.replace("\x1b", "\\x1b").replace("\x00", "\\x00")
    shown = shown.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    assert f"{shown}" in nasty.text
    frames = {frame[0] for frame in nasty.drawings["flame"]["frames"]}
    assert shown in frames


def test_without_utf8_the_file_is_ascii_and_shows_the_same() -> None:
    trace = hostile("日本µ🙂")
    whole, ascii_only = html(trace), html(trace, utf8=False)
    assert ascii_only.isascii()
    assert Parsed(whole).text == Parsed(ascii_only).text
    assert Parsed(whole).drawings == Parsed(ascii_only).drawings


def test_a_trace_that_has_only_an_order_is_not_drawn_over_time() -> None:
    trace = sample_trace()
    trace.facts["timing"] = ORDER
    assert Parsed(html(trace)).drawings.keys() == {"flame"}


@pytest.mark.parametrize("trace", [SyntheticTrace(), SyntheticTrace(wall_ns=0)])
def test_an_empty_trace_has_a_page(trace: SyntheticTrace) -> None:
    assert Parsed(html(trace)).drawings.keys() <= {"flame"}


def test_rows_that_sum_up_stand_in_the_foot() -> None:
    grid = Grid((Column("n"), Column("name", "left")))
    grid.add("9", "rest", style="dim", closing=True)
    grid.add("1", "a")
    found = table(grid, "Title")
    assert re.findall("<t(body|foot)>(.*?)</t", found)[0][1].count("<tr") == 1
    assert found.index(">a<") < found.index("<tfoot>") < found.index(">rest<")


def test_a_cell_can_be_a_bar_or_several() -> None:
    grid = Grid((Column(""), Column("s", "left"), Column("name", "left")))
    grid.add(Bar(0.25, 9), Spark((0.0, 1.0)), "x")
    assert 'width="25.0%"' in table(grid, "Title")
    assert table(grid, "Title").count("<rect") == 3


def test_what_a_table_has_no_room_for_is_said() -> None:
    grid = Grid((Column("n"), Column("name", "left")))
    for number in range(3000):
        grid.add(str(number), "<" * 5000)
    found = table(grid, "Title")
    assert len(found) < 250_000
    assert re.search(r">2,\d\d\d more are left out", found)
    assert "(4,400 more characters)" in found


def test_sections_of_one_title_have_names_of_their_own() -> None:
    page = HtmlPage()
    for _ in range(3):
        page.heading("By line")
    assert [one.name for one in page.sections] == ["overview", "by-line", "by-line~2", "by-line~3"]


def test_what_follows_of_one_kind_is_one_list() -> None:
    page = HtmlPage()
    page.sentence("- a")
    page.sentence("- b", "dim")
    page.fact("x", "1")
    page.item(" 1  2s", "bad", [("title", "strong"), ("f.sh:1", "code")])
    found = page.sections[0].content()
    assert found.count("<ul") == found.count("<dl") == found.count("<ol") == 1
    assert '<ul class="bullets"><li class="plain">a</li><li class="dim">b</li></ul>' in found
    assert '<code class="code">f.sh:1</code>' in found


def test_what_a_section_has_no_room_for_is_counted() -> None:
    page = HtmlPage()
    for number in range(2000):
        page.item(str(number), "plain", [("<" * 600, "strong")])
    found = page.sections[0].content()
    assert len(found) < 400_000
    assert re.search(r"1,8\d\d more are left out", found)


def test_markup_is_escaped_once() -> None:
    inner = element("b", "<&>", title='"')
    assert inner == '<b title="&quot;">&lt;&amp;&gt;</b>'
    assert element("p", inner, "<", hidden=None, class_="a") == f'<p class="a">{inner}&lt;</p>'
    assert text("\x07'") == "\\x07&#x27;"


def test_a_page_of_a_large_hostile_trace_is_small_enough() -> None:
    """Thousands of names that are as long as a name can be, and longer when they are escaped."""
    trace = SyntheticTrace(wall_ns=5000 * MS)
    image = trace.image(trace.process(1, 0, 5000 * MS), 0, "/bin/bash", shell="bash 5.2.15")
    for number in range(400):
        name = f"{number}" + "<&\U0001f642" * 1300
        site = trace.site(name, f"/{name}", number, (None, "/s.sh", 9))
        trace.process(
            10 + number, 5 * number * MS, (5 * number + 9) * MS, parent_proc_id=1, site_id=site
        )
        trace.image(10 + number, (5 * number + 1) * MS, f"/b/{name}", name, name, site_id=site)
        call = {"image_id": image, "site_id": site, "file_id": trace.file(f"/{name}")}
        trace.call(1, "openat", 5 * number * MS, number, **call | {"errno": 2, "ret": -1})
    page = html(trace, top=1000, utf8=False)
    assert len(page) < LARGEST
    data = Parsed(page).drawings
    assert len(data["timeline"]["bars"]) + data["timeline"]["others"] == 401
    assert len(data["flame"]["parent"]) <= 2 * drawings.NODES
    assert sum(data["flame"]["own"]["processes"]) == 401
