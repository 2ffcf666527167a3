"""Add an operation of a script's own to the trace that is being recorded of it.

OPERATION is what was done and TARGET what it was done to, in words of your own; then how many
milliseconds it took, how it ended, and what else there is to say. Reports show it beside the
system calls. An operation counts as failed unless its STATUS is ok, 0, success, done, true or
hit, or is not given.
"""

from __future__ import annotations

import argparse
import os

from aklo_trace import ongoing, tracked
from aklo_trace.errors import UsageError
from aklo_trace.location import find
from aklo_trace.places import become_asker


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("operation", metavar="OPERATION", help="what was done")
    add("target", metavar="TARGET", nargs="?", default="", help="what it was done to")
    add("duration_ms", metavar="MS", nargs="?", default="", help="how long it took")
    add("status", metavar="STATUS", nargs="?", default="", help="how it ended")
    add("details", metavar="DETAILS", nargs="?", default="", help="what else there is to say")
    add("--trace", metavar="TRACE", help="another trace, also one that is finished")


def run(options: argparse.Namespace) -> int:
    operation = tracked.made(
        options.operation,
        options.target,
        _milliseconds(options.duration_ms),
        options.status,
        options.details,
        pid=os.getppid(),
    )
    stores = become_asker().stores()
    directory = find(options.trace, stores) if options.trace else ongoing.own(stores)
    tracked.add(directory, [operation])
    return 0


def _milliseconds(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise UsageError(f"'{text}' is no duration: it takes milliseconds, such as 12.5.") from None
