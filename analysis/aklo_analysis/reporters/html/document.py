"""One HTML file that has all it needs: no other file, and nothing from a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from aklo_analysis.reporters.html.embedded import embedded
from aklo_analysis.reporters.html.markup import Html, element, joined
from aklo_analysis.reporters.html.page import Section

SCRIPTS: Final = ("drawing.js", "tables.js", "flame.js", "timeline.js", "heat_map.js", "theme.js")
"""Parts of the page's script, in this order."""
WITHOUT_SCRIPT: Final = (
    "Scripts are off: tables cannot be sorted, and there are no pictures. The numbers are all here."
)


def document(
    title: str,
    subtitle: str,
    sections: Sequence[Section],
    drawings: Mapping[str, Any],
    utf8: bool = True,
) -> str:
    """`drawings`: data of the pictures that sections have a place for, by its name. Without `utf8`
    the file is ASCII, and shows the same."""
    style, script = _part("report.css"), "".join(_part(name) for name in SCRIPTS)
    body = joined(
        [
            element("a", "Skip to the report", href="#report", class_="skip"),
            _top(title, subtitle),
            element("noscript", element("p", WITHOUT_SCRIPT, class_="warning")),
            _contents(sections),
            element("main", *map(_section, sections), id="report", tabindex=-1),
            Html(
                f'<script type="application/json" id="drawings">{embedded(drawings, utf8)}</script>'
            ),
            Html(f"<script>{script}</script>"),
        ]
    )
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"{subtitle} · {title}"),
            Html(f"<style>{style}</style>"),
        ]
    )
    html = element("html", element("head", head), element("body", body), lang="en")
    whole = f"<!DOCTYPE html>\n{html}\n"
    return whole if utf8 else whole.encode("ascii", "xmlcharrefreplace").decode()


def drawing(name: str, title: str) -> Html:
    """The place of a picture, which the script draws from the data of that name."""
    return element("figure", data_drawing=name, aria_label=title)


def _top(title: str, subtitle: str) -> Html:
    button = element("button", "Dark", type="button", id="theme", aria_pressed="false", hidden="")
    names = element("div", element("p", title, class_="tool"), element("h1", subtitle))
    return element("header", names, button)


def _contents(sections: Sequence[Section]) -> Html:
    links = [
        element("li", element("a", section.title, href=f"#{section.name}"))
        for section in sections
        if section.title
    ]
    return element("nav", element("ul", *links), aria_label="Sections")


def _section(section: Section) -> Html:
    name = f"{section.name}-title"
    titles = [element("h2", section.title, id=name)] if section.title else []
    labelled = name if section.title else None
    return element("section", *titles, section.content(), id=section.name, aria_labelledby=labelled)


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="ascii")


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, and nothing run but the one script, told by its hash (CSP 3)."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
