"""Say how the traced commands do, on one screen.

That is their times against the usual ones, slow operations, caches, alerts, and the store. All of
it comes from the small summaries of the traces in the place that new traces go to. A trace of which
no report was made yet is told by less; with --fill that is made up for first.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, TextIO

from aklo_trace.cli import complain
from aklo_trace.ending import seconds
from aklo_trace.errors import TraceError, UsageError
from aklo_trace.overview import Overview, overview
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import add_color, configure_options, look_of
from aklo_trace.purging import limits_of
from aklo_trace.store import open_trace
from aklo_trace.stored import FINISHED, INTERRUPTED, free_bytes, stored

if TYPE_CHECKING:
    from aklo_analysis.reporters.options import Options

STATUS_VERSION: Final = 1
"""Grows when a key of the JSON changes its meaning or goes away."""
EVERY: Final = "2s"
HOME, LINE, REST = "\x1b[H", "\x1b[K\n", "\x1b[J"
"""Go to the first line; end a line, and clear what was behind its end; clear what follows."""


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--format", choices=("text", "json"), default="text", help="of the output")
    add("--json", dest="format", action="store_const", const="json", help="the same as with json")
    add(
        "--watch",
        nargs="?",
        const=EVERY,
        metavar="TIME",
        help=f"show it anew every so often, until Ctrl-C ({EVERY})",
    )
    add("--fill", action="store_true", help="first analyse what has not been analysed yet")
    add_color(parser)


def run(options: argparse.Namespace) -> int:
    every_s = None if options.watch is None else seconds("--watch", options.watch)
    if every_s is not None and options.format == "json":
        raise UsageError("--watch is for text: leave it or --json out.")
    asker = become_asker()
    configure_options(options, asker)
    if options.fill:
        fill(asker)
    if every_s is not None:
        return _watch(asker, options, every_s)
    found = now(asker)
    if options.format == "json":
        print(json.dumps({"status_version": STATUS_VERSION, **asdict(found)}, indent=2))
    else:
        _write(found, sys.stdout, look_of(sys.stdout, options.color))
    return 0


def now(asker: Asker) -> Overview:
    """What the store that new traces go to says at this moment."""
    store = asker.stores()[0]
    limits = limits_of(store, asker)
    return overview([*stored(store)], str(store), limits, free_bytes(store), time.time_ns())


def fill(asker: Asker) -> None:
    """Make the summaries that are missing; what cannot be analysed is named."""
    from aklo_trace.judgement import analysed, judged, keep_summary

    for one in stored(asker.stores()[0]):
        is_missing = one.totals is not None and not one.totals.is_analysed
        if one.state not in (FINISHED, INTERRUPTED) or not is_missing:
            continue
        try:
            trace = open_trace(one.directory)
            keep_summary(trace, judged(trace, analysed(trace, asker), asker))
        except TraceError as error:
            complain(error)


def _write(found: Overview, stream: TextIO, look: Options) -> None:
    from aklo_analysis.reporters.status import write

    lines = None if look.width is None else shutil.get_terminal_size().lines
    write(found, stream, look, lines)


def _watch(asker: Asker, options: argparse.Namespace, every_s: float) -> int:
    """Until Ctrl-C, which is how it is meant to end."""
    try:
        while True:
            look = look_of(sys.stdout, options.color)
            text = io.StringIO()
            _write(now(asker), text, look)
            _show(text.getvalue(), look)
            time.sleep(every_s)
    except KeyboardInterrupt:
        return 0


def _show(text: str, look: Options) -> None:
    """In place of what was shown before, and no more than there is room for, on a terminal; else
    after it."""
    if look.width is not None:
        lines = text.splitlines()[: shutil.get_terminal_size().lines - 1]
        text = HOME + "".join(line + LINE for line in lines) + REST
    sys.stdout.write(text)
    sys.stdout.flush()
