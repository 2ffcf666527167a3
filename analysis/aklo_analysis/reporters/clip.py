"""Text cut to a number of terminal columns."""

from __future__ import annotations

import unicodedata
from itertools import accumulate


def columns(text: str) -> int:
    """How many columns a terminal gives to printable text: two to East Asian wide characters,
    none to those that combine with the one before (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def clip_end(text: str, width: int, ellipsis: str) -> str:
    """At most `width` columns from the beginning of the text."""
    if columns(text) <= width:
        return text
    return _fitting(text, width - len(ellipsis)) + ellipsis


def clip_start(text: str, width: int, ellipsis: str) -> str:
    """At most `width` columns from the end of the text."""
    if columns(text) <= width:
        return text
    return ellipsis + _fitting(text[::-1], width - len(ellipsis))[::-1]


def clip_path(text: str, width: int, ellipsis: str) -> str:
    """The end of a path in at most `width` columns, from a slash on if one is near."""
    cut = clip_start(text, width, ellipsis)
    if cut == text:
        return text
    kept = cut[len(ellipsis) :]
    slash = kept.find("/", 0, len(kept) // 2)
    return cut if slash < 0 else ellipsis + kept[slash:]


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, 2 or more; a word that is longer is broken."""
    lines, line = [], ""
    for word in text.split(" "):
        grown = f"{line} {word}" if line else word
        if columns(grown) <= width:
            line = grown
            continue
        lines += [line] if line else []
        while columns(word) > width:
            lines.append(_fitting(word, width))
            word = word[len(lines[-1]) :]
        line = word
    return [*lines, line]


def _fitting(text: str, width: int) -> str:
    return text[: sum(used <= width for used in accumulate(map(_columns, text)))]


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
