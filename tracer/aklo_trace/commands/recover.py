"""Finish a trace whose recording was interrupted.

Any command that reads the trace does the same; this one is for when that failed, because the
disk was full for instance. What had reached the disk by then is kept: at most the last second
is missing. TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse

from aklo_trace.escape import escape
from aklo_trace.location import WHICH
from aklo_trace.places import find_trace
from aklo_trace.store import recover


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)


def run(options: argparse.Namespace) -> int:
    directory = find_trace(options.trace)
    meta = recover(directory)
    calls = meta.tables.get("syscalls", 0)
    state = "complete" if meta.complete else meta.incomplete_reason
    print(escape(f"{directory}: {calls:,} calls; {state}"))
    return 0
