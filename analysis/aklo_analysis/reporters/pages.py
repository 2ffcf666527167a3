"""What tables for people can be written to, by the names that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from aklo_analysis.reporters.markdown_page import MarkdownPage
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.text_page import TextPage

PAGES: Final[dict[str, Callable[[TextIO, Options], Page]]] = {
    "text": TextPage,
    "markdown": MarkdownPage,
}
