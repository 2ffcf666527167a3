"""Make a trace from strace's output, or a session log of aklo, then read it like any other.

LOG is a file, also compressed by gzip or zstd, or '-' for standard input; several files are the
parts that 'strace -ff' wrote. Any of strace's forms of output will do; '-f -ttt -T -y' tells
most. A line that is not understood is counted and shown, never dropped.

A session log of aklo, timestamp|type|target|duration_ms|status|details, is known by its lines, or
by --format; it becomes a trace of reported operations alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import __version__, address_space, location, store
from aklo_trace.errors import StoreError, TraceError, UsageError
from aklo_trace.escape import escape
from aklo_trace.meta import Meta, iso
from aklo_trace.packing import packing_of
from aklo_trace.places import Asker, become_asker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aklo_trace.engine import Recorded
    from aklo_trace.strace.recorded import StraceRecorded
    from aklo_trace.strace.statistics import Example
    from aklo_trace.tracked import Tracked

STDIN: Final = "-"
AUTO, STRACE = "auto", "strace"
FORMATS: Final = (AUTO, STRACE, "aklo-session")
EXAMPLE_CHARACTERS: Final = 100
CRLF: Final = "its lines end in CR LF: take the CR out, with tr -d '\\r'"
FIRST_YEAR, LAST_YEAR = 1971, 2105
"""Whose days are times that a trace can hold, in every time zone."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logs", nargs="+", metavar="LOG")
    parser.add_argument(
        "--format", choices=FORMATS, default=AUTO, help="what LOG is (default: what it looks like)"
    )
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="where to put the trace")
    parser.add_argument("--force", action="store_true", help="replace a trace that is there")
    parser.add_argument(
        "--date",
        metavar="YYYY-MM-DD",
        type=_date,
        help="the day on which the log begins, where its times are times of day",
    )


def run(options: argparse.Namespace) -> int:
    asker = become_asker()  # before numpy is imported, which starts threads
    address_space.check(address_space.TABLES_BYTES)
    if _are_sessions(options):
        return _import_sessions(options, asker)
    from aklo_trace.strace.recorded import StraceRecorded
    from aklo_trace.strace.sources import LogSource

    sources = [LogSource() if log == STDIN else LogSource.of(Path(log)) for log in options.logs]
    recorded = StraceRecorded(sources, start_date=options.date)
    meta = Meta(
        engine="strace",
        engine_reason=f"imported from {_named(options.logs)}",
        argv=(),
        cwd=None,
        started_at_ns=time.time_ns(),
        tool_version=__version__,
        user=asker.identity.name,
        incomplete_reason=None,
    )
    directory, finished = _made(
        options, asker, recorded, meta, lambda done: _check_any(done, recorded, options.logs)
    )
    _say(directory, finished)
    return 0


def _made(
    options: argparse.Namespace,
    asker: Asker,
    recorded: Recorded,
    meta: Meta,
    check: Callable[[Meta], None],
    operations: Iterable[Tracked] = (),
) -> tuple[Path, Meta]:
    """The trace of what was recorded elsewhere, unless `check` raises."""
    directory = options.output or _directory(asker.stores()[0], options.logs)
    if options.force:
        store.make_way(directory)
    _, lock = store.begin(directory, meta, is_import=True)
    try:
        packing = packing_of(asker.configuration)
        finished = store.finish(directory, recorded, meta, packing, operations)
        check(finished)
    except BaseException as error:
        os.close(lock)
        store.abandon(directory)
        if isinstance(error, StoreError):
            raise StoreError(
                f"No trace can be written to {directory}: {error.__cause__}. Make room, or give "
                "another directory with -o, and import again."
            ) from error
        raise
    return directory, finished


def _are_sessions(options: argparse.Namespace) -> bool:
    from aklo_trace.session_log import FORMAT, is_session_log

    if options.format == AUTO:
        return all(log != STDIN and is_session_log(Path(log)) for log in options.logs)
    return bool(options.format == FORMAT)


def _import_sessions(options: argparse.Namespace, asker: Asker) -> int:
    from aklo_trace.session_log import FORMAT, read

    log = read(options.logs)
    meta = Meta(
        engine=FORMAT,
        engine_reason=f"imported from {_named(options.logs)}",
        argv=(),
        cwd=None,
        started_at_ns=log.start_ns,
        started_at=iso(log.start_ns),
        tool_version=__version__,
        user=asker.identity.name,
        incomplete_reason=None,
    )
    directory, finished = _made(options, asker, log, meta, lambda _: None, log.operations)
    print(f"{finished.tables['tracked']:,} operations", file=sys.stderr)
    if finished.incomplete_reason:
        print(escape(f"incomplete: {finished.incomplete_reason}"), file=sys.stderr)
    print(f"trace: {escape(str(directory))}", file=sys.stderr)
    return 0


def _named(logs: list[str]) -> str:
    """`s.17 and 42 more`: strace -ff writes a file for each process."""
    return logs[0] + (f" and {len(logs) - 1} more" if logs[1:] else "")


def _check_any(finished: Meta, recorded: StraceRecorded, logs: list[str]) -> None:
    if not finished.tables["syscalls"]:
        found = recorded.statistics
        raise TraceError(
            f"There is no system call in {_named(logs)}: {found.lines:,} lines, "
            f"{found.unparsed_lines:,} of them not understood{_first_of(found.examples)}. It takes "
            "what strace writes without -c, with -o FILE for instance."
        )


def _first_of(examples: Sequence[Example]) -> str:
    """`, as line 1 of s.log: 'x'`"""
    if not examples:
        return ""
    text = examples[0].text.decode("utf-8", "backslashreplace")[:EXAMPLE_CHARACTERS]
    hint = f" ({CRLF})" if text.endswith("\r") else ""
    return f", as line {examples[0].line} of {examples[0].file}: {text!r}{hint}"


def _say(directory: Path, finished: Meta) -> None:
    calls, processes = finished.tables["syscalls"], finished.tables["processes"]
    print(f"{calls:,} calls of {processes:,} processes", file=sys.stderr)
    for cause, count in finished.loss.items():
        print(escape(f"{count:,} {cause.replace('_', ' ')}"), file=sys.stderr)
    if finished.incomplete_reason:
        print(escape(f"incomplete: {finished.incomplete_reason}"), file=sys.stderr)
    for note in finished.notes:
        print(escape(f"note: {note}"), file=sys.stderr)
    print(f"trace: {escape(str(directory))}", file=sys.stderr)


def _directory(home: Path, logs: list[str]) -> Path:
    name = "stdin" if logs[0] == STDIN else Path(logs[0]).name
    return location.new_trace(home, ["import", name], datetime.now().astimezone())


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--date: '{text}' is not a date; write it as 2026-01-31.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(f"--date: {text} is not between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return day
