"""What turns a trace into the format of another tool, documented in docs/exports.md.

A format that has the single calls reads them in pieces and writes as it reads: its memory does
not grow with their number.
"""

from __future__ import annotations

from typing import Final

from aklo_analysis.exports import (
    chrome,
    csv,
    folded,
    github,
    github_summary,
    jsonl,
    sarif,
    speedscope,
    strace,
)
from aklo_analysis.exports.export import Choice, Export, Subject

EXPORTS: Final[tuple[Export, ...]] = (
    Export("chrome", chrome.write),
    Export("folded", folded.write),
    Export("speedscope", speedscope.write),
    Export("csv", csv.write),
    Export("strace", strace.write),
    Export("jsonl", jsonl.write),
    Export("sarif", sarif.write),
    Export("github", github.write),
    Export("github-summary", github_summary.write),
)
"""By the names of `aklo_trace.contents.EXPORTS`."""


def export_named(name: str) -> Export:
    return next(export for export in EXPORTS if export.name == name)


__all__ = ["EXPORTS", "Choice", "Export", "Subject", "export_named"]
