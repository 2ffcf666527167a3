"""What an export writes of a trace made by hand."""

from __future__ import annotations

import io

from aklo_analysis.exports import Choice, Subject, export_named
from aklo_analysis.report import build

from ..synthetic_trace import SyntheticTrace


def written(trace: SyntheticTrace, form: str, choice: Choice | None = None) -> str:
    stream = io.StringIO()
    export_named(form).write(Subject(trace, lambda: build(trace)), stream, choice or Choice())
    return stream.getvalue()
