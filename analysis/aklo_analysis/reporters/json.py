"""The report for programs: JSON, documented in docs/report-json.md.

Keys are the names of the fields of the dataclasses that make up a `Report`. The measure and the
distribution of a row stand in the row itself. Times are integers in nanoseconds, sizes in bytes,
and what is not known is null. All text is ASCII, with JSON's own escapes.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, Final, TextIO

from aklo_analysis.distribution import Distribution
from aklo_analysis.ranking import Ranking
from aklo_analysis.report import Report
from aklo_analysis.reporters.options import Options

REPORT_VERSION: Final = 2
"""Grows when a key changes its meaning or goes away; new keys do not change it."""

PARTS: Final = (
    "meta",
    "top",
    "summary",
    "findings",
    "alerts",
    "conditions",
    "caches",
    "by",
    "gaps",
)
"""What stands in the document itself."""

TABLES: Final = (
    "times",
    "activities",
    "functions",
    "lines",
    "function_calls",
    "programs",
    "operations",
    "access",
    "files",
    "directories",
    "processes",
    "slowest",
    "failures",
    "tracked",
)
INLINE: Final = frozenset({"measure", "distribution"})
NO_DISTRIBUTION: Final = dict.fromkeys(field.name for field in fields(Distribution))


def write(report: Report, stream: TextIO, _: Options) -> None:
    """Write one JSON object; no option changes it. Raises ValueError for a number that JSON lacks,
    as NaN: what is not known is to be None."""
    document = {
        "report_version": REPORT_VERSION,
        **{name: _plain(getattr(report, name)) for name in PARTS},
        "wall": _plain(report.wall),
        "tables": {name: _plain(getattr(report, name)) for name in TABLES},
    }
    json.dump(document, stream, indent=2, allow_nan=False)
    stream.write("\n")


def _plain(value: Any) -> Any:
    """Dataclasses as objects, tuples as lists."""
    if isinstance(value, Ranking):
        return {
            "rows": _plain(value.rows),
            "others": value.others,
            "rest": _plain(value.rest),
            "apart": _plain(value.apart),
            "total": _plain(value.total),
        }
    if is_dataclass(value):
        return _object(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _object(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(value):
        item = _plain(getattr(value, field.name))
        found |= (item or NO_DISTRIBUTION) if field.name in INLINE else {field.name: item}
    return found
