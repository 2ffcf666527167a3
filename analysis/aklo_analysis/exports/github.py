"""The findings as annotations of a job of GitHub Actions: what a step prints, and the host shows
beside the code. https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections import Counter
from typing import Final, TextIO

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.locations import relative
from aklo_analysis.exports.text import advised, root_of
from aklo_analysis.rules.finding import Finding
from aklo_trace.escape import escape

KINDS: Final = {"high": "error", "medium": "warning", "low": "notice"}
"""By the severity of a finding."""
MOST_OF_A_KIND: Final = 10
"""Of those that a step prints the host shows no more."""
IN_TEXT: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
IN_PROPERTIES: Final = IN_TEXT | str.maketrans({":": "%3A", ",": "%2C"})


def write(subject: Subject, stream: TextIO, choice: Choice) -> None:
    """The costliest of each kind."""
    root, printed = root_of(subject.trace.meta, choice), Counter[str]()
    for finding in subject.report.findings:
        kind = KINDS[finding.severity]
        printed[kind] += 1
        if printed[kind] <= MOST_OF_A_KIND:
            stream.write(f"::{kind} {_properties(finding, root)}::{_text(finding)}\n")


def _properties(finding: Finding, root: str | None) -> str:
    path = relative(finding.file, root) if finding.file is not None else None
    found = {"title": f"{finding.code} {finding.title}"}
    if path is not None:
        found = {"file": path} | ({"line": str(finding.line)} if finding.line else {}) | found
    return ",".join(
        f"{name}={escape(value).translate(IN_PROPERTIES)}" for name, value in found.items()
    )


def _text(finding: Finding) -> str:
    where = "" if finding.function is None else f" In {escape(finding.function)}."
    return f"{advised(finding)}{where}".translate(IN_TEXT)
