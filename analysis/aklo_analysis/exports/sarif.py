"""The findings as SARIF 2.1.0, for code scanning and editors.

Scripts below the directory that the command was started in have URIs relative to it, as code hosts
demand. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, TextIO

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.locations import directory_uri, uri
from aklo_analysis.exports.text import root_of, said, script_of, title
from aklo_analysis.rules import RULES
from aklo_analysis.rules.finding import Finding
from aklo_trace import __version__
from aklo_trace.escape import escape

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT: Final = "%SRCROOT%"
LEVELS: Final = {"high": "error", "medium": "warning", "low": "note"}
"""By the severity of a finding."""
MOST_RESULTS: Final = 5000
"""What a code host keeps of one run."""
PLACES: Final = {rule.code: place for place, rule in enumerate(RULES)}
ESCAPES: Final = str.maketrans({"{": "{{", "}": "}}", "[": r"\[", "]": r"\]", "\\": r"\\"})
"""What placeholders and links are made of in messages (sections 3.11.5 and 3.11.6)."""


def write(subject: Subject, stream: TextIO, choice: Choice) -> None:
    report, root = subject.report, root_of(subject.trace.meta, choice)
    command = {"executionSuccessful": True, "commandLine": title(report.meta)}
    run: dict[str, Any] = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [command],
        "results": [
            _result(one, root, script_of(report.meta)) for one in report.findings[:MOST_RESULTS]
        ],
    }
    if root:
        run["originalUriBaseIds"] = {ROOT: {"uri": directory_uri(root)}}
    json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=2)
    stream.write("\n")


def _driver() -> dict[str, Any]:
    rules = [{"id": rule.code, "shortDescription": _message(rule.title)} for rule in RULES]
    return {"name": "aklo-trace", "semanticVersion": __version__, "rules": rules}


def _result(finding: Finding, root: str | None, script: str) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": PLACES[finding.code],
        "level": LEVELS[finding.severity],
        "message": _message(said(finding)),
        "partialFingerprints": {"place/v1": _fingerprint(finding, root)},
        "properties": {
            "cost_ns": finding.cost_ns,
            "saving_ns": finding.saving_ns,
            "share_ratio": finding.share,
        },
        "locations": [_location(finding, root, script)],
    }


def _location(finding: Finding, root: str | None, script: str) -> dict[str, Any]:
    """Code hosts want a file of each result: without one it is the command's own."""
    address, is_relative = uri(finding.file or script, root)
    base = {"uriBaseId": ROOT} if is_relative else {}
    found: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": address} | base}}
    if finding.file and finding.line:
        snippet = {"snippet": {"text": escape(finding.source)}} if finding.source else {}
        found["physicalLocation"]["region"] = {"startLine": finding.line} | snippet
    if finding.function is not None:
        found["logicalLocations"] = [{"name": escape(finding.function), "kind": "function"}]
    return found


def _message(text: str) -> dict[str, str]:
    return {"text": text.translate(ESCAPES)}


def _fingerprint(finding: Finding, root: str | None) -> str:
    """The same for the same code, also where lines before it came or went."""
    file = uri(finding.file, root)[0] if finding.file else None
    place = [finding.code, file, finding.function, finding.source or finding.line]
    return hashlib.sha256(json.dumps(place).encode()).hexdigest()
