"""Say what a trace is of, how it was made, and whether it is complete.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from aklo_trace.escape import escape
from aklo_trace.location import WHICH
from aklo_trace.meta import Meta
from aklo_trace.places import find_trace
from aklo_trace.store import open_trace

SHORTEST_NS: Final = 1_000_000_000
"""Of traces of which it is said how much of a CPU their recorder took."""
ROWS: Final = {
    "syscalls": ("system call", "system calls"),
    "processes": ("process", "processes"),
    "images": ("program start", "program starts"),
    "files": ("file", "files"),
    "sites": ("place in shell code", "places in shell code"),
    "samples": ("sample", "samples"),
    "calls": ("function call", "function calls"),
    "offcpu": ("time without a CPU", "times without a CPU"),
    "tracked": ("reported operation", "reported operations"),
}
"""What a row of each table is, and several."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    trace = open_trace(find_trace(options.trace))
    if options.format == "json":
        print(json.dumps({"directory": str(trace.directory), **asdict(trace.meta)}, indent=2))
        return 0
    for name, value in (("trace", str(trace.directory)), *_lines(trace.meta)):
        print(f"{name:<10} {escape(value)}")
    return 0


def _lines(meta: Meta) -> Iterator[tuple[str, str]]:
    yield "command", shlex.join(meta.argv)
    yield "directory", meta.cwd or "unknown"
    yield "started", meta.started_at or "unknown"
    yield "wall time", "unknown" if meta.wall_ns is None else f"{meta.wall_ns / 1e9:.3f} s"
    yield "ended", _ending(meta)
    yield "engine", f"{meta.engine} ({meta.engine_reason})"
    kernel = f", Linux {meta.kernel}" if meta.kernel else ""
    yield "made by", f"aklo-trace {meta.tool_version} for {meta.user}{kernel}"
    if meta.recorder_cpu_ns is not None and meta.recorder_max_rss_bytes is not None:
        wall_ns = meta.wall_ns or 0  # starting and ending outweigh the recording of a short trace
        lasts = wall_ns >= SHORTEST_NS
        share = f", {meta.recorder_cpu_ns / wall_ns:.1%} of a core" if lasts else ""
        memory = f"{meta.recorder_max_rss_bytes / 2**20:.0f} MiB"
        yield "recorder", f"{meta.recorder_cpu_ns / 1e6:.0f} ms of CPU{share}, {memory} of memory"
    yield "tables", ", ".join(_rows(name, rows) for name, rows in meta.tables.items())
    yield "complete", "yes" if meta.complete else f"no: {meta.incomplete_reason}"
    for cause, count in meta.loss.items():
        yield "lost", f"{count:,} by {cause}"
    for note in meta.notes:
        yield "note", note


def _rows(table: str, rows: int) -> str:
    one, several = ROWS.get(table, (table, table))
    return f"{rows:,} {one if rows == 1 else several}"


def _ending(meta: Meta) -> str:
    if meta.signal is not None:
        return f"killed by signal {meta.signal}"
    return "unknown" if meta.exit_status is None else f"exit status {meta.exit_status}"
