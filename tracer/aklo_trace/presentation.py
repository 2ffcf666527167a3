"""Handing a report over to the analysis, which is imported only then: it is heavy."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TextIO

from aklo_trace.contents import BY, KEYS, SECTIONS
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.places import Asker
from aklo_trace.spelling import meant

if TYPE_CHECKING:
    from aklo_analysis.report import Report
    from aklo_analysis.reporters.options import Options

TEXT: Final = "text"
FORMATS: Final = (TEXT, "json", "markdown", "html")
OF_SECTIONS: Final = (TEXT, "markdown")
"""Formats that consist of sections."""
DRAWN: Final = ("html",)
"""Formats with pictures."""
DRAWN_ROWS: Final = 100
"""Rows per table in these, where they can be filtered, unless something else is asked for."""
NO_REPORT: Final = "none"
COLORS: Final = ("auto", "always", "never")
DEFAULT_WIDTH: Final = 80
ASCII_ONLY: Final = ("C", "POSIX")
COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")
TOP: Final = "trace.top"
DESTINATIONS: Final = {
    "trace.engine": "engine",
    "trace.sample_hz": "sample_hz",
    "trace.attribution": "attribution",
    "trace.color": "color",
}
"""Keys of the configuration that have an option, and what parsing leaves that in."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a trace a report has: rows per table, and whether pictures over time."""

    top: int
    over_time: bool


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that prints a report."""
    add_look_options(parser)
    parser.add_argument(
        "--section",
        type=_sections,
        default=(),
        metavar="NAME[,NAME]",
        help=f"only these parts of the report: {', '.join(SECTIONS)}",
    )
    parser.add_argument(
        "--by",
        type=_keys,
        default=(),
        metavar="KEY[,KEY]",
        help=f"system calls grouped by these, after the parts that --section names: "
        f"{', '.join(KEYS)}",
    )


def add_look_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that prints tables for people."""
    parser.add_argument(
        "--top", type=_rows, metavar="N", help="rows per table (default: 10, in HTML 100)"
    )
    add_color(parser)


def add_color(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--color", choices=COLORS, help="in text (default: auto)")


def configure_options(options: argparse.Namespace, asker: Asker) -> None:
    """What was not said on the command line is as the configuration has it; what of that cannot
    be used is said."""
    _check(options)
    asker.warn()
    for name, destination in DESTINATIONS.items():
        if getattr(options, destination, "") is None:
            setattr(options, destination, asker.configuration.setting(name).value)


def _check(options: argparse.Namespace) -> None:
    """Options that mean nothing together. Raises UsageError."""
    sections = getattr(options, "section", ())
    if sections and options.format not in (None, *OF_SECTIONS):
        raise UsageError(
            f"--section is for reports that have sections, and --format {options.format} has none: "
            "leave one of the two out."
        )
    if BY in sections and not options.by:
        raise UsageError(f"--section {BY} needs --by KEY: {', '.join(KEYS)}.")


def extent_of(form: str, top: int | None, asker: Asker) -> Extent:
    """What a report of that form has; so many rows if that was asked for."""
    is_drawn, found = form in DRAWN, asker.configuration
    fitting = DRAWN_ROWS if is_drawn and TOP not in found.settings else found.value(TOP, int)
    return Extent(top or fitting, is_drawn)


def form_of(options: argparse.Namespace) -> str:
    """Of `FORMATS` or `NO_REPORT` what a recording prints at its end: what was asked for, else
    text, unless all is to be quiet."""
    return options.format or (NO_REPORT if options.quiet else TEXT)


def _sections(text: str) -> tuple[str, ...]:
    return _names(text, "section", SECTIONS)


def _keys(text: str) -> tuple[str, ...]:
    return _names(text, "key", KEYS)


def _names(text: str, kind: str, known: Collection[str]) -> tuple[str, ...]:
    """Names with commas between them, each once and known."""
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            there_are = ", ".join(known)
            raise argparse.ArgumentTypeError(
                f"there is no {kind} '{escape(name)}', but {there_are}{meant(name, known)}"
            )
    if len({*names}) < len(names):
        raise argparse.ArgumentTypeError(f"a {kind} is there twice in '{text}'")
    return names


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of rows, 1 or more")
    return int(text)


def print_report(
    report: Report, form: str, options: argparse.Namespace, stream: TextIO, trace: str
) -> None:
    """`trace`: a name by which it can be found again."""
    from aklo_analysis.reporters import REPORTERS

    look = replace(
        look_of(stream, options.color),
        sections=wanted(options.section, bool(options.by)),
        trace=shlex.quote(trace),
    )
    REPORTERS[form](report, stream, look)


def look_of(stream: TextIO, color: str) -> Options:
    """How text is written to a stream; `color` is one of `COLORS`."""
    from aklo_analysis.reporters.options import Options

    return Options(
        width=_width(stream),
        color=_color(color, stream),
        utf8=takes_utf8(stream, os.environ, bool(sys.flags.utf8_mode)),
    )


def wanted(sections: tuple[str, ...], is_grouped: bool) -> tuple[str, ...]:
    """The sections to print; what calls are grouped by is always among them."""
    return (*sections, BY) if is_grouped and BY not in sections else sections


def _width(stream: TextIO) -> int | None:
    """The terminal's width; none where the report is piped: then nothing is cut."""
    if not stream.isatty():
        return None
    return shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns


def _color(wanted: str, stream: TextIO) -> bool:
    if wanted == "auto":
        return stream.isatty() and "NO_COLOR" not in os.environ
    return wanted == "always"


def takes_utf8(stream: TextIO, environ: Mapping[str, str], assumed: bool) -> bool:
    """Whether the reader of a stream takes more than ASCII. Where the locale is C Python assumes
    UTF-8 (`assumed`) and names C.UTF-8 in the environment (PEP 538, 540): what the user named
    counts."""
    if stream.encoding.lower().replace("-", "") != "utf8":
        return False
    names = [environ.get(variable) for variable in ("LC_ALL", "LC_CTYPE", "LANG")]
    if assumed and names[1] in COERCED:
        names[1] = None
    return next(filter(None, names), "") not in ASCII_ONLY
