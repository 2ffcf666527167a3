"""Write a trace in the format of another tool.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'. docs/exports.md shows what each
format looks like, and what opens it.
"""

from __future__ import annotations

import argparse
import os
from typing import Final

from aklo_trace import output
from aklo_trace.contents import EXPORTS, WEIGHTS
from aklo_trace.errors import UsageError
from aklo_trace.judgement import analysed, judged
from aklo_trace.location import WHICH, find
from aklo_trace.places import become_asker
from aklo_trace.schema import TABLES
from aklo_trace.store import open_trace

OF_FORMATS: Final = {
    "weight": ("folded", "speedscope"),
    "table": ("csv",),
    "root": ("sarif", "github"),
}
"""Options that only these formats have."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)
    formats = "; ".join(f"{name}: {doc}" for name, doc in EXPORTS.items())
    parser.add_argument("--format", choices=EXPORTS, metavar="FORMAT", help=formats)
    output.add_options(parser)
    weights = "; ".join(f"{name}: {doc}" for name, doc in WEIGHTS.items())
    parser.add_argument("--weight", choices=WEIGHTS, help=f"of folded and speedscope: {weights}")
    parser.add_argument(
        "--root",
        metavar="DIR",
        help="of sarif and github: what paths of scripts are relative to (default: the directory "
        "that the command was started in)",
    )
    tables = [table.name for table in TABLES]
    parser.add_argument(
        "--table",
        choices=tables,
        metavar="TABLE",
        help=f"of csv, see docs/schema.md: {', '.join(tables)}",
    )


def run(options: argparse.Namespace) -> int:
    _check(options)
    asker = become_asker()
    trace = open_trace(find(options.trace, asker.stores()))
    from aklo_analysis.exports import Choice, Subject, export_named

    export = export_named(options.format)
    subject = Subject(trace, lambda: judged(trace, analysed(trace, asker), asker))
    root = options.root and os.path.abspath(options.root)  # noqa: PTH100 - links stay
    choice = Choice(options.weight or "wall", options.table, root)
    with output.asked(options) as stream:
        export.write(subject, stream, choice)
    return 0


def _check(options: argparse.Namespace) -> None:
    """A format, and options that mean something for it. Raises UsageError."""
    if options.format is None:
        raise UsageError(f"--format FORMAT is needed, one of {', '.join(EXPORTS)}.")
    for option, formats in OF_FORMATS.items():
        if getattr(options, option) is not None and options.format not in formats:
            raise UsageError(
                f"--{option} is for {' and '.join(formats)}, not for {options.format}: leave one "
                "of the two out."
            )
