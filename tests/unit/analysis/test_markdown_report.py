"""The report as Markdown: its look, and that all of it is text for whoever renders it.

After an intended change, ``UPDATE_GOLDEN=1 pytest tests/unit/analysis`` writes the golden file
anew; read its diff.
"""

from __future__ import annotations

import html
import io
import os
import re
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options as CMarkOptions
from hypothesis import example, given
from hypothesis import strategies as st

from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.markdown_page import MarkdownPage, escape_markdown
from aklo_trace.escape import escape

from .sample import sample_trace
from .synthetic_trace import MS, SyntheticTrace

GOLDEN = Path(__file__).parent / "golden" / "report.md"
NASTY = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- & &lt; &#60; -->",
    "`code` ``more`` *strong* _soft_ ~~gone~~ **b** \\| a | b |",
    "[text](https://example.org) ![image](x.png) https://example.org www.example.org <a@b.org>",
    "# heading",
    "- [ ] task",
    "12) list",
    "+ plus = equal $x$ @somebody #12 someone@example.org",
)


def markdown(trace: SyntheticTrace, options: Options | None = None, top: int = 6) -> str:
    stream = io.StringIO()
    report = build(trace, top)
    REPORTERS["markdown"](report, stream, options or Options(width=None))
    return stream.getvalue()


def rendered(text: str) -> str:
    """As GitHub's own library renders it, with the HTML that is in it."""
    return cmarkgfm.github_flavored_markdown_to_html(text, CMarkOptions.CMARK_OPT_UNSAFE)


def shown(page: str) -> str:
    """The text of HTML, without what is no text."""
    return html.unescape(re.sub(r"<!-- -->|<[^<>]+>", "", page))


def test_the_report_looks_as_it_should() -> None:
    found = markdown(sample_trace())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_every_table_is_one() -> None:
    found = markdown(sample_trace(), Options(width=None, sections=("header", "wall", "files")))
    page = rendered(found)
    assert page.count("<table>") == len(re.findall(r"^\|[ :|-]+\|$", found, re.MULTILINE)) == 5
    assert page.count("<h2>") == 5
    assert page.count("<h1>") == 1
    assert "<li>Exit: <strong>3</strong></li>" in page


@pytest.mark.parametrize("text", NASTY)
def test_nasty_names_do_nothing(text: str) -> None:
    trace = SyntheticTrace()
    trace.facts = {"argv": (text,), "engine_reason": text, "notes": (text,)}
    trace.facts |= {"complete": False, "incomplete_reason": text, "loss": {text: 1}}
    trace.image(trace.process(10, 0, 9 * MS), 0, f"/bin/{text}", text)
    call = {"file_id": trace.file(f"/{text}"), "image_id": 0, "errno": 2}
    trace.call(10, "openat", 1 * MS, 1 * MS, **call)
    page = rendered(markdown(trace)).replace("<!-- -->", "")
    tags = {"h1", "h2", "ul", "li", "p", "strong", "code", "br", "table", "thead", "tbody"}
    assert set(re.findall(r"</?(\w+)", page)) <= tags | {"tr", "th", "td"}
    assert text in shown(page)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40))
@example("a\\|b")
@example("\\")
@example("1. x")
@example("GO.WWW.example.org")
def test_any_text_is_shown_as_it_is(text: str) -> None:
    page = rendered(f"| a | b |\n|---|---|\n| {escape_markdown(text)} | x |\n")
    assert re.findall("<td>(.*?)</td>", page, re.DOTALL)[1:] == ["x"]
    assert shown(page).split() == ["a", "b", *text.split(), "x"]
    assert "<a " not in page
    assert shown(rendered(escape_markdown(text))).strip() == text


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40))
@example("`")
@example("sed 's/a\\|b/`x`/'|c")
def test_source_lines_are_code(text: str) -> None:
    stream = io.StringIO()
    page, grid = MarkdownPage(stream, Options()), Grid((Column("a"), Column("b", "left")))
    grid.add("1", "x")
    grid.note(text, "code")
    page.grid(grid)
    page.item("1", "plain", [("title", "strong"), (text, "code")])
    found = re.findall("<code>(.*?)</code>", rendered(stream.getvalue()), re.DOTALL)
    assert [html.unescape(code.replace("<!-- -->", "")) for code in found] == [text, text]


def test_without_utf8_all_is_ascii() -> None:
    assert markdown(sample_trace(), Options(width=None, utf8=False)).isascii()


def test_control_characters_do_not_reach_the_reader() -> None:
    found = markdown(sample_trace())
    assert all(line.isprintable() for line in found.split("\n"))
    assert escape("\x1b").replace("\\", "\\\\") + "\\[2J" in found


def test_a_section_without_content_says_so() -> None:
    options = Options(width=None, sections=("caches",))
    assert "There is nothing for 'caches' in this trace." in markdown(SyntheticTrace(), options)
