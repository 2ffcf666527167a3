"""Leave traces to the limits on age, number and size again.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse

from aklo_trace.commands.pin import configure, each
from aklo_trace.stored import unpin

__all__ = ["configure", "run"]


def run(options: argparse.Namespace) -> int:
    return each(options, unpin, "unpinned")
