"""Trace every program of a name from its start on, until Ctrl-C.

A match is on the base name of the program or of its script: 'aklo' is met by bin/aklo with
"#!/usr/bin/env bash" in it and by "bash bin/aklo". Each match begins a trace of its own, with
all its descendants, that belongs to the user who ran it and is kept where that user's traces
are. Root watches the programs of all users, another user only the own ones. Needs the engine
ebpf.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from aklo_trace import privilege
from aklo_trace.ebpf import watching
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.ebpf.session import EbpfSession
from aklo_trace.ebpf.watch_spool import WatchSpool, recording_into
from aklo_trace.ebpf.watcher import Watcher, recover
from aklo_trace.ebpf.watching import WatchTerms
from aklo_trace.ending import Signals, asked_to_end
from aklo_trace.engine import Watch
from aklo_trace.engines import choose
from aklo_trace.errors import UsageError
from aklo_trace.identity import invoking
from aklo_trace.places import Asker
from aklo_trace.presentation import configure_options
from aklo_trace.recording import PRIVATE
from aklo_trace.recording_options import add_capture_options, capture_options, filter_words

DEFAULT: Final = "aklo"
SYSTEM_SPOOL: Final = Path("/var/lib/aklo-trace")
SYSTEMD_SPOOL: Final = "STATE_DIRECTORY"
"""Set by systemd for a unit with StateDirectory=."""


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--match",
        metavar="NAME",
        action="append",
        help=f"what to watch for, also with * and ?; may be given more than once ({DEFAULT})",
    )
    add(
        *("-o", "--output"),
        metavar="DIR",
        type=Path,
        help="where to put the traces, if not where each user keeps them",
    )
    add("--spool", metavar="DIR", type=Path, help="where to record before traces are made")
    add_capture_options(parser)
    # what others have, so that it is said who has it
    add("--function-calls", action="store_true", help=argparse.SUPPRESS)
    add("-q", "--quiet", action="store_true", help="do not name the traces that are made")


def run(options: argparse.Namespace) -> int:
    names = watching.checked(options.match or [DEFAULT])
    watch = Watch(names, None if os.geteuid() == 0 else os.geteuid())
    asker = Asker.of(invoking())
    configure_options(options, asker)
    if options.function_calls:
        raise UsageError("--function-calls: watch cannot; record or attach can.")
    capture = replace(capture_options(options), watch=watch)
    next(choose(EbpfEngine.name))
    os.umask(PRIVATE)
    parent = options.spool or default_spool(asker)
    Signals()
    terms = WatchTerms(
        names,
        capture.sample_hz,
        capture.attribution,
        filter_words(options),
        options.output,
        options.quiet,
    )
    recover(parent, terms)
    spool, _lock = WatchSpool.create(parent)
    session = EbpfSession(capture)
    with recording_into(spool):
        session.write_shells(spool.folder)
    maps, roots, calls = session.watch()
    privilege.renounce(privilege.BECOMING_USERS if os.geteuid() == 0 else 0)
    watcher = Watcher(maps, roots, calls, spool, terms)
    if not options.quiet:
        whose = "all users" if watch.uid is None else "yourself"
        print(f"aklo-trace: watching for {', '.join(names)} of {whose}.", file=sys.stderr)
    with asked_to_end() as asked:
        watcher.run(asked)
    session.close()
    leave(parent, options.spool is None)
    return 0


def leave(parent: Path, is_ours: bool) -> None:
    """Take away a folder that was made for spools and holds none, and let the terminal, which has
    shown ^C, go on below it."""
    if is_ours and SYSTEMD_SPOOL not in os.environ:
        with suppress(OSError):  # it holds something
            parent.rmdir()
    if sys.stderr.isatty():
        print(file=sys.stderr)


def default_spool(asker: Asker) -> Path:
    """Where a watch of this user records."""
    if SYSTEMD_SPOOL in os.environ:
        return Path(os.environ[SYSTEMD_SPOOL])
    if os.geteuid() == 0:
        return SYSTEM_SPOOL
    return asker.data / ".watch"
