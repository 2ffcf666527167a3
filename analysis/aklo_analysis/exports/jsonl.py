"""One JSON object per call and line, in the order of their beginnings; all text is ASCII."""

from __future__ import annotations

import json
from typing import TextIO

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.rows import rows


def write(subject: Subject, stream: TextIO, _: Choice) -> None:
    """Raises CorruptTrace."""
    encode = json.JSONEncoder(check_circular=False).encode
    for row in rows(subject.trace):
        stream.write(encode(row._asdict()) + "\n")
