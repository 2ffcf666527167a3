"""The characters and colours of a text report, by what they are for.

Colours are the sixteen that every terminal has, so that they follow the user's theme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aklo_trace.escape import to_ascii

STYLES: Final = {
    "plain": "",
    "heading": "1",
    "strong": "1",
    "dim": "2",
    "bar": "36",
    "code": "36",
    "good": "32",
    "warning": "33",
    "bad": "1;31",
}
"""Parameters of the terminal's SGR sequence (ECMA-48, 8.3.117)."""

EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
LEVELS: Final = {True: "·▁▂▃▄▅▆▇█", False: ".:-=+*#%@"}
"""For nothing, and for a little up to all; the keys are whether there is UTF-8."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What the reader's terminal can show."""

    color: bool
    utf8: bool

    @property
    def ellipsis(self) -> str:
        return "…" if self.utf8 else "..."

    def paint(self, text: str, style: str) -> str:
        """The text in a style of `STYLES`, without which it reads as well."""
        if not self.color or not STYLES[style] or not text:
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def text(self, text: str) -> str:
        """The text in the characters there are."""
        return text if self.utf8 else to_ascii(text.replace("µ", "u").replace("…", "..."))

    def bar(self, share: float, width: int) -> str:
        """A bar of `share` (0 to 1) of `width` columns; never empty for a share above 0."""
        eighths = round(min(max(share, 0.0), 1.0) * width * 8)
        if share > 0:
            eighths = max(eighths, 1)
        if not self.utf8:
            return "#" * -(-eighths // 8)
        return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()

    def spark(self, shares: Sequence[float]) -> str:
        """A character for each share (0 to 1), higher for more; never nothing for one above 0."""
        levels = LEVELS[self.utf8]
        most = len(levels) - 1
        return "".join(levels[math.ceil(min(max(one, 0.0), 1.0) * most)] for one in shares)

    def rule(self, title: str, width: int) -> str:
        """A line of `width` columns with a title in it."""
        dash = "─" if self.utf8 else "-"
        before, after = dash * 2, dash * max(width - len(title) - 4, 0)
        parts = (before, "dim"), (title, "strong"), (after, "dim")
        return " ".join(self.paint(text, style) for text, style in parts)
