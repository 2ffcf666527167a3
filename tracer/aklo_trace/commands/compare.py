"""Say what changed from some traces to others: what is slower, faster, new and gone.

Two traces, before and after; or with --with several of each side, which shows what repeats and
what is chance. A directory of traces, or a pattern such as '*aklo-status', stands for all of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import address_space
from aklo_trace.errors import UsageError
from aklo_trace.location import WHICH_OF_SEVERAL, find_all, name_of
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import add_look_options, configure_options, look_of
from aklo_trace.store import open_trace

if TYPE_CHECKING:
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.compare.comparison import Comparison

FORMATS: Final = ("text", "markdown", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("traces", nargs="+", metavar="TRACE", help=f"before, and after: {WHICH_OF_SEVERAL}")
    add(
        "--with",
        dest="after",
        nargs="+",
        metavar="TRACE",
        help="the traces after; those that stand alone are all of before then",
    )
    add("--format", choices=FORMATS, default="text", help="of the output")
    add_look_options(parser)


def run(options: argparse.Namespace) -> int:
    before, after = _sides(options)
    asker = become_asker()
    configure_options(options, asker)
    found = _compared(before, after, asker)
    if options.format == "json":
        from aklo_analysis.compare import json

        json.write(found, sys.stdout)
    else:
        from aklo_analysis.compare import written
        from aklo_analysis.reporters.pages import PAGES

        page = PAGES[options.format](sys.stdout, look_of(sys.stdout, options.color))
        written.write(found, page, options.top)
    return 0


def _sides(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    if options.after:
        return options.traces, options.after
    if len(options.traces) != 2:
        raise UsageError(
            f"Two sides are to be compared, and here are {len(options.traces)} names. With more "
            "than one trace of a side: aklo-trace compare BEFORE... --with AFTER..."
        )
    return options.traces[:1], options.traces[1:]


def _compared(before: list[str], after: list[str], asker: Asker) -> Comparison:
    stores = asker.stores()
    sides = [[path for name in side for path in find_all(name, stores)] for side in (before, after)]
    address_space.check(address_space.REPORT_BYTES)
    from aklo_analysis.compare.comparison import compare

    names = [[name_of(path, stores) for path in side] for side in sides]
    old, new = ([_amounts(path, asker) for path in side] for side in sides)
    return compare(old, new, (names[0], names[1]))


def _amounts(path: Path, asker: Asker) -> Amounts:
    from aklo_analysis.caches.configured import caches
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.rules.case import Case

    known, _ = caches(asker.configuration)
    return Amounts.seen(Case.of(open_trace(path), known))
