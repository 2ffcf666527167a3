"""Say what changed from some traces to others: what is slower, faster, new and gone.

Two traces, before and after; or with --with several of each side, which shows what repeats and
what is chance. A directory of traces, or a pattern such as '*aklo-status', stands for all of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from aklo_trace import address_space, output
from aklo_trace.errors import UsageError
from aklo_trace.location import WHICH_OF_SEVERAL, find_all, name_of
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import add_look_options, configure_options, extent_of, look_of
from aklo_trace.store import open_trace

if TYPE_CHECKING:
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.compare.comparison import Comparison

FORMATS: Final = ("text", "markdown", "json", "html")


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
    output.add_options(parser)
    add_look_options(parser)


def run(options: argparse.Namespace) -> int:
    before, after = _sides(options)
    asker = become_asker()
    configure_options(options, asker)
    options.top = extent_of(options.format, options.top, asker).top
    stores = asker.stores()
    old, new = ([p for name in side for p in find_all(name, stores)] for side in (before, after))
    with output.asked(options) as stream:
        found = _compared(old, new, asker)
        if options.format == "html":
            _draw(found, old, new, stream, options)
        else:
            _write(found, stream, options)
    return 0


def _write(found: Comparison, stream: TextIO, options: argparse.Namespace) -> None:
    if options.format == "json":
        from aklo_analysis.compare import json

        json.write(found, stream)
        return
    from aklo_analysis.compare import written
    from aklo_analysis.reporters.pages import PAGES

    page = PAGES[options.format](stream, look_of(stream, options.color))
    written.write(found, page, options.top)


def _draw(
    found: Comparison,
    before: list[Path],
    after: list[Path],
    stream: TextIO,
    options: argparse.Namespace,
) -> None:
    from aklo_analysis.compare import html
    from aklo_analysis.rules.case import Case

    old = Case.of(open_trace(before[html.typical(found.before)]))
    new = Case.of(open_trace(after[html.typical(found.after)]))
    flames = html.flame_of(old), html.flame_of(new)
    html.write(found, flames, stream, look_of(stream, options.color), options.top)


def _sides(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    if options.after:
        return options.traces, options.after
    if len(options.traces) != 2:
        raise UsageError(
            f"Two sides are to be compared, and here are {len(options.traces)} names. With more "
            "than one trace of a side: aklo-trace compare BEFORE... --with AFTER..."
        )
    return options.traces[:1], options.traces[1:]


def _compared(before: list[Path], after: list[Path], asker: Asker) -> Comparison:
    address_space.check(address_space.REPORT_BYTES)
    from aklo_analysis.compare.comparison import compare

    sides, stores = (before, after), asker.stores()
    names = [[name_of(path, stores) for path in side] for side in sides]
    old, new = ([_amounts(path, asker) for path in side] for side in sides)
    return compare(old, new, (names[0], names[1]))


def _amounts(path: Path, asker: Asker) -> Amounts:
    from aklo_analysis.caches.configured import caches
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.rules.case import Case

    known, _ = caches(asker.configuration)
    return Amounts.seen(Case.of(open_trace(path), known))
