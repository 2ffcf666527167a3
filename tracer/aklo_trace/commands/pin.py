"""Keep traces, whatever the limits on age, number and size are.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from aklo_trace import location
from aklo_trace.escape import escape
from aklo_trace.places import become_asker
from aklo_trace.stored import pin


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("traces", nargs="+", metavar="TRACE")


def run(options: argparse.Namespace) -> int:
    return each(options, pin, "pinned")


def each(options: argparse.Namespace, change: Callable[[Path], None], done: str) -> int:
    """Change each of the traces, and say so."""
    stores = become_asker().stores()
    for directory in [location.find(name, stores) for name in options.traces]:
        change(directory)
        print(f"{done}: {escape(location.name_of(directory, stores))}")
    return 0
