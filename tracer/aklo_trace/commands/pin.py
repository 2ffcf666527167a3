"""Keep traces, whatever the limits on age, number and size are.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse

from aklo_trace import location
from aklo_trace.escape import escape
from aklo_trace.places import become_asker
from aklo_trace.stored import pin


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("traces", nargs="+", metavar="TRACE")


def run(options: argparse.Namespace) -> int:
    stores = become_asker().stores()
    for directory in [location.find(name, stores) for name in options.traces]:
        pin(directory)
        print(f"pinned: {escape(location.name_of(directory, stores))}")
    return 0
