"""Which of the words that there are somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def meant(word: object, known: Iterable[str]) -> str:
    """`; did you mean watch?`, or nothing if no known word is like it."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), 1) if isinstance(word, str) else []
    return f"; did you mean {close[0]}?" if close else ""
