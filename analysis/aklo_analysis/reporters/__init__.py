"""What turns a `Report` into text: each takes one report, a stream and `Options`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from aklo_analysis.report import Report
from aklo_analysis.reporters import json, markdown, text
from aklo_analysis.reporters.options import Options

Reporter = Callable[[Report, TextIO, Options], None]

REPORTERS: Final[dict[str, Reporter]] = {
    "text": text.write,
    "json": json.write,
    "markdown": markdown.write,
}
"""By the name that ``--format`` takes."""

__all__ = ["REPORTERS", "Options", "Reporter"]
