"""HTML that is built of elements: whatever is text in it is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final

from aklo_trace.escape import escape

VOID: Final = frozenset({"input", "meta"})
"""Elements that have no content."""


class Html(str):
    """Markup, which is not escaped again."""

    __slots__ = ()


def text(found: str) -> Html:
    """Text as it is shown, in an element or the value of an attribute."""
    return Html(html.escape(escape(found)))


def size(markup: str) -> int:
    """How many bytes it is in a file in ASCII, where it is longest."""
    return len(markup.encode("ascii", "xmlcharrefreplace"))


def joined(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def element(name: str, /, *children: str, **attributes: str | int | None) -> Html:
    """An element. Children that are no `Html` are text. Attributes have `_` for `-`, and one at
    their end if their name is a word of Python's; those that are None are left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{given}>")
    content = "".join(c if isinstance(c, Html) else text(c) for c in children)
    return Html(f"<{name}{given}>{content}</{name}>")
