"""Comma-separated values: the calls with their names, or a table as it is in the trace.

A text that a spreadsheet would take for a formula gets an apostrophe before it, the sign of a text
there: https://owasp.org/www-community/attacks/CSV_Injection. What is not known is an empty cell,
and a list is one cell in JSON.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.rows import Row, rows
from aklo_analysis.frames import Source
from aklo_trace import schema
from aklo_trace.escape import escape

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write(subject: Subject, stream: TextIO, choice: Choice) -> None:
    """Raises CorruptTrace."""
    to = csv.writer(stream, lineterminator="\n")
    if choice.table is None:
        to.writerow(Row._fields)
        _write(to, rows(subject.trace))
    else:
        table = next(table for table in schema.TABLES if table.name == choice.table)
        to.writerow(table.column_names)
        _write(to, _rows(subject.trace, table))


def _write(to: Any, found: Iterable[Iterable[Any]]) -> None:
    to.writerows(map(_cell, row) for row in found)


def _rows(trace: Source, table: schema.Table) -> Iterator[tuple[Any, ...]]:
    for piece in trace.pieces(table.name):
        yield from zip(
            *(piece.column(name).to_pylist() for name in table.column_names), strict=True
        )


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = json.dumps(value)
    if isinstance(value, str):
        return f"'{escape(value)}" if value.startswith(FORMULA) else escape(value)
    return value
