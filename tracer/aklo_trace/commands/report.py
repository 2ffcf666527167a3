"""Print the report of a trace.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse
import sys

from aklo_trace import summary
from aklo_trace.judgement import analysed, judged, keep_summary, problems_of
from aklo_trace.location import WHICH, find, name_of
from aklo_trace.places import become_asker, complain_of
from aklo_trace.presentation import DRAWN, FORMATS, add_options, configure_options, print_report
from aklo_trace.store import open_trace


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the report")
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    asker = become_asker()
    configure_options(options, asker)
    trace = open_trace(find(options.trace, asker.stores()))
    complain_of(problems_of(asker))
    report = judged(
        trace, analysed(trace, asker, options.top, options.by, options.format in DRAWN), asker
    )
    if summary.written(trace.directory) is None:
        keep_summary(trace, report)
    print_report(
        report, options.format, options, sys.stdout, name_of(trace.directory, asker.stores())
    )
    return 0
