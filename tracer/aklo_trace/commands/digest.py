"""Say what a day or a week of traces has brought: what got slower, new findings, caches, alerts.

It is made of the small summaries in the place that new traces go to, and of what is kept of removed
ones, and compared with the four weeks before. With --schedule it is written again and again into a
directory: by a timer of your systemd, or where there is none by a line of your crontab.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from aklo_trace import PROGRAM, privilege, removed, schedule
from aklo_trace.digest import PERIODS, Digest, digest
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.identity import Identity, invoking
from aklo_trace.output import opened
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import look_of
from aklo_trace.stored import stored

ENDINGS: Final = {"text": "txt", "markdown": "md", "html": "html"}


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--period", choices=[*PERIODS], default="day", help="how long (default: day)")
    add("--until", metavar="YYYY-MM-DD", type=_day, help="the day it ends before (default: now)")
    add("--format", choices=[*ENDINGS], default="text", help="of the digest (default: text)")
    add("-o", "--output", metavar="DIR", type=Path, help="write a file into this directory")
    add("--schedule", action="store_true", help="have it written each day or week from now on")
    add("--unschedule", action="store_true", help="end that")
    add("--by", choices=schedule.WAYS, help="what is to run it (default: what there is)")


def run(options: argparse.Namespace) -> int:
    if options.schedule or options.unschedule:
        user = invoking()
        _become(user)
        return _unschedule(user) if options.unschedule else _schedule(options, user)
    asker = become_asker()
    until_ns = time.time_ns() if options.until is None else options.until
    found = made(asker, options.period, until_ns)
    if options.output is None:
        _write(found, options.format, sys.stdout)
        return 0
    options.output.mkdir(parents=True, exist_ok=True, mode=0o700)
    day = datetime.fromtimestamp(until_ns / 1e9, UTC)
    path = options.output / f"digest-{options.period}-{day:%Y-%m-%d}.{ENDINGS[options.format]}"
    with opened(path, force=True) as stream:
        _write(found, options.format, stream)
    print(f"digest: {escape(str(path))}", file=sys.stderr)
    return 0


def made(asker: Asker, period: str, until_ns: int) -> Digest:
    """The digest of the store that new traces go to."""
    store = asker.stores()[0]
    kept = (one.summary() for one in stored(store))
    gone = [one.summary for one in removed.read(store)]
    return digest((one for one in kept if one), gone, period, until_ns)


def _write(found: Digest, form: str, stream: TextIO) -> None:
    from aklo_analysis.reporters.digest import write

    write(found, form, stream, look_of(stream, "auto"))


def _become(user: Identity) -> None:
    """As su does: a process that has given up winning privilege could not run crontab(1), which is
    setgid. Raises CaptureError."""
    if not user.is_ours:
        privilege.become(user.uid, user.gid, user.groups)
        os.environ.clear()
        os.environ.update(user.variables())


def _unschedule(user: Identity) -> int:
    is_any = False
    for one in schedule.remove(_config_home(user)):
        print(escape(f"removed: {one}"), flush=True)
        is_any = True
    if not is_any:
        print("Nothing was scheduled.")
    return 0


def _schedule(options: argparse.Namespace, user: Identity) -> int:
    if options.output is None:
        raise UsageError("--schedule needs -o DIR: where the digests go.")
    way = options.by or schedule.way_here()
    command = [*PROGRAM, "digest", "--period", options.period]
    command += ["--format", options.format, "-o", str(options.output.absolute())]
    what = schedule.install(way, command, options.period, _config_home(user))
    print(escape(f"scheduled, each {options.period}: {what}"))
    return 0


def _config_home(user: Identity) -> Path:
    given = user.variables().get("XDG_CONFIG_HOME", "")
    return Path(given) if given.startswith("/") else Path(user.home, ".config")


def _day(text: str) -> int:
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day, as 2026-01-31") from None
    return int(day.timestamp()) * 10**9
