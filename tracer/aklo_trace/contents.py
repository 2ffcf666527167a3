"""What a report can be asked for, by the names that options take.

`aklo_analysis` has what belongs to each name. They are here so that ``--help`` can show them, and
a wrong one is refused, without the analysis.
"""

from __future__ import annotations

from typing import Final

SECTIONS: Final = {
    "header": "what was traced, how it went, and the most important of the rest",
    "findings": "what to change first, and what that saves",
    "wall": "where the wall time went",
    "times": "where the time of all processes went",
    "functions": "functions of shell code",
    "lines": "lines of shell code, with their text",
    "function-calls": "calls of functions, counted one by one (recorded with --function-calls)",
    "programs": "programs, by their own work",
    "operations": "I/O operations by system call",
    "latency": "how long calls took, as histograms by class; only if asked for",
    "files": "files",
    "directories": "directories",
    "processes": "processes",
    "slowest": "the single calls that took longest",
    "failures": "failed calls, by error",
    "quality": "how far the data can be trusted",
}
"""The sections of the text report in their order, and what is in each."""

ON_REQUEST: Final = frozenset({"latency"})
"""Sections that are written only if they are asked for."""
