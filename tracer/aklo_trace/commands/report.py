"""Print the report of a trace.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'.
"""

from __future__ import annotations

import argparse

from aklo_trace import output, summary
from aklo_trace.judgement import analysed, judged, keep_summary, problems_of
from aklo_trace.location import WHICH, find, name_of
from aklo_trace.places import become_asker, complain_of
from aklo_trace.presentation import (
    FORMATS,
    add_options,
    configure_options,
    extent_of,
    print_report,
)
from aklo_trace.store import open_trace


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the report")
    output.add_options(parser)
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    asker = become_asker()
    configure_options(options, asker)
    trace = open_trace(find(options.trace, asker.stores()))
    complain_of(problems_of(asker))
    with output.asked(options) as stream:
        extent = extent_of(options.format, options.top, asker)
        found = analysed(trace, asker, extent.top, options.by, extent.over_time)
        report = judged(trace, found, asker)
        if summary.written(trace.directory) is None:
            keep_summary(trace, report)
        name = name_of(trace.directory, asker.stores())
        print_report(report, options.format, options, stream, name)
    return 0
