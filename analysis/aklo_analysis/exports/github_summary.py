"""What matters most of a report as Markdown, for the summary of a job of GitHub Actions.

A step may add 1 MiB to it, and if it is more the host takes nothing:
https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import io
from typing import Final, TextIO

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.reporters import REPORTERS, Options

SECTIONS: Final = ("header", "findings", "wall", "functions", "programs", "caches", "alerts")
MOST_BYTES: Final = 1 << 20
CUT: Final = "\n\nThe rest is left out: a summary may have 1 MiB.\n"


def write(subject: Subject, stream: TextIO, _: Choice) -> None:
    whole = io.StringIO()
    REPORTERS["markdown"](subject.report, whole, Options(width=None, sections=SECTIONS))
    stream.write(cut(whole.getvalue(), MOST_BYTES))


def cut(text: str, most_bytes: int) -> str:
    """As many whole lines as there is room for, and that there were more."""
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= most_bytes:
        return text
    kept = raw[: most_bytes - len(CUT)]
    return kept[: kept.rfind(b"\n")].decode() + CUT
