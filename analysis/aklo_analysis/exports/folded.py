"""Folded stacks: a line per stack, its frames with semicolons between them, a space, and a number.

It is what flamegraph.pl and inferno read: https://github.com/brendangregg/FlameGraph.
"""

from __future__ import annotations

from typing import TextIO

import numpy as np

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.weights import weighed
from aklo_analysis.flame import label
from aklo_trace.escape import escape


def write(subject: Subject, stream: TextIO, choice: Choice) -> None:
    """Times are in ns. Raises TraceError if the trace does not know the weight."""
    flame = subject.report.flame
    own = weighed(flame, choice.weight)
    labels = [escape(label(frame)).replace(";", "\\x3b") for frame in flame.frames]
    for node in np.flatnonzero(own).tolist():
        stack = ";".join(labels[frame] for frame in flame.stacks[node])
        stream.write(f"{stack} {own[node]}\n")
