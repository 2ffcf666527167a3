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
    "caches": "caches: how often they had the answer, and what that saved or cost",
    "programs": "programs, by their own work",
    "operations": "I/O operations by system call",
    "tracked": "operations that programs reported themselves, with aklo-trace track",
    "latency": "how long calls took, as histograms by class; only if asked for",
    "files": "files",
    "directories": "directories",
    "processes": "processes",
    "slowest": "the single calls that took longest",
    "failures": "failed calls, by error",
    "by": "system calls grouped by the keys of --by; only with that",
    "alerts": "what is beyond a threshold",
    "quality": "how far the data can be trusted",
}
"""The sections of the text report in their order, and what is in each."""

BY: Final = "by"
"""The section of what is grouped by keys."""

ON_REQUEST: Final = frozenset({BY, "latency"})
"""Sections that are written only if they are asked for."""

KEYS: Final = {
    "class": "what the call does: reading files, waiting for a child, ...",
    "syscall": "the system call",
    "process": "the process that made the call",
    "program": "the program that it ran, a script with its interpreter",
    "command": "the program with its arguments",
    "file": "the path of the file that the call works on",
    "directory": "the directory that this file is in",
    "function": "the function of shell code that is to blame: it made the call, or started who did",
    "line": "the line of shell code that is to blame",
}
"""What system calls can be grouped by."""

EXPORTS: Final = {
    "chrome": "events for ui.perfetto.dev and chrome://tracing: programs, functions and calls",
    "folded": "folded stacks for flamegraph.pl and inferno, weighed by --weight",
    "speedscope": "profiles for speedscope.app, one for each weight",
    "csv": "a row per call with all names, or a table as it is in the trace (--table)",
    "strace": "text as strace writes it",
    "jsonl": "one JSON object per call and line",
    "sarif": "the findings as SARIF 2.1.0, for code scanning",
    "github": "the findings as annotations of a job of GitHub Actions",
    "github-summary": "Markdown for the summary of such a job",
}
"""The formats of 'aklo-trace export'."""

WEIGHTS: Final = {
    "wall": "wall time along the critical path",
    "cpu": "CPU time of all processes",
    "calls": "system calls",
    "processes": "processes",
}
"""What the stacks of an export can be weighed by."""
