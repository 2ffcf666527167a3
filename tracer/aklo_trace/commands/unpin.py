"""Leave traces to the limits on age, number and size again.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse

from aklo_trace import location
from aklo_trace.escape import escape
from aklo_trace.places import become_asker
from aklo_trace.stored import unpin


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("traces", nargs="+", metavar="TRACE")


def run(options: argparse.Namespace) -> int:
    stores = become_asker().stores()
    for directory in [location.find(name, stores) for name in options.traces]:
        unpin(directory)
        print(f"unpinned: {escape(location.name_of(directory, stores))}")
    return 0
