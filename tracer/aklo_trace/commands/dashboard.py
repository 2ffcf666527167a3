"""Show what happens in a recording, live, or replay a trace.

Without TRACE it is the newest that is being recorded, by 'aklo-trace -- COMMAND' or 'attach';
--watch shows what 'aklo-trace watch' records, of root with sudo. A
trace that is finished is replayed in its own time. The recorder is not asked for anything and
never waits. The key ? says what the keys do; q leaves, and the recording goes on.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import location, ongoing, store
from aklo_trace import meta as meta_file
from aklo_trace.alerting import history
from aklo_trace.alerting.standing import ACTIVE, command_of
from aklo_trace.commands.watch import default_spool
from aklo_trace.config.keys import THRESHOLD
from aklo_trace.errors import TraceError, UsageError
from aklo_trace.identity import invoking
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import COLORS, takes_utf8

if TYPE_CHECKING:
    from aklo_analysis.dashboard.feeds import Followed
    from aklo_analysis.dashboard.running import Feed
    from aklo_analysis.dashboard.state import State
    from aklo_trace.meta import Meta

WHICH: Final = "a path, a name of 'aklo-trace list', or latest (default: what is being recorded)"
NEEDED: Final = "rich"
FOLLOWED: Final = ("ebpf", "bcc")
MOST_ALERTS: Final = 3


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", metavar="TRACE", help=WHICH)
    parser.add_argument(
        "--watch", action="store_true", help="what a watch records, of all programs together"
    )
    parser.add_argument("--spool", metavar="DIR", type=Path, help="where that watch records")
    parser.add_argument("--color", choices=COLORS, default="auto", help="default: auto")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")


def run(options: argparse.Namespace) -> int:
    if importlib.util.find_spec(NEEDED) is None:
        raise UsageError(
            f"The dashboard needs the Python package {NEEDED}: pip install 'aklo-trace[dashboard]'."
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The dashboard needs a terminal; 'aklo-trace status' needs none.")
    if options.watch:
        asker = Asker.of(invoking())  # root's own files are read as root
        state, feed = _watched(options.spool or default_spool(asker), asker)
    else:
        asker = become_asker()
        state, feed = prepared(_found(options.trace, asker.stores()), asker)
    from aklo_analysis.dashboard.running import run as run_in_terminal
    from aklo_analysis.dashboard.screen import Look

    utf8 = takes_utf8(sys.stdout, os.environ, bool(sys.flags.utf8_mode)) and not options.ascii
    color = options.color == "always" or (options.color == "auto" and "NO_COLOR" not in os.environ)
    try:
        run_in_terminal(state, feed, sys.stdout, sys.stdin.fileno(), Look(80, 24, utf8), color)
    except KeyboardInterrupt:
        return 0
    return 0


def _found(name: str | None, stores: list[Path]) -> Path:
    if name is not None:
        return location.find(name, stores)
    newest = next(ongoing.ongoing(stores), None)
    if newest is None:
        raise TraceError(
            "No trace is being recorded in " + " or ".join(map(str, stores)) + ". Name one: "
            "'aklo-trace dashboard latest' replays the last."
        )
    return newest.directory


def prepared(directory: Path, asker: Asker) -> tuple[State, Feed]:
    """What is shown first, and where more comes from. Raises TraceError."""
    if _is_recorded(directory):
        return _live(directory, directory / store.LIVE, asker)
    from aklo_analysis.dashboard.feeds import ReplayFeed
    from aklo_analysis.dashboard.replay import Replay

    trace = store.open_trace(directory)
    replay = Replay(trace)

    def begun() -> State:
        return _state(trace.meta, asker, directory)

    return begun(), ReplayFeed(replay, begun)


def _watched(parent: Path, asker: Asker) -> tuple[State, Feed]:
    from tempfile import TemporaryDirectory

    from aklo_analysis.dashboard.feeds import LiveFeed
    from aklo_trace.ebpf.watch_following import WatchFollowed, newest

    folder = newest(parent)
    with TemporaryDirectory(prefix="aklo-trace-") as scratch:
        followed = WatchFollowed(folder, Path(scratch))
    meta = meta_file.begun("ebpf", "watch", ["watch"], None, asker.identity.name, time.time_ns())
    return _state(meta, asker, folder), LiveFeed(followed, None, lambda: not folder.is_dir())


def _live(directory: Path, live: Path, asker: Asker) -> tuple[State, Feed]:
    from aklo_analysis.dashboard.feeds import LiveFeed

    meta = meta_file.read(directory)
    if meta.engine not in FOLLOWED:
        raise TraceError(
            f"{directory} is being recorded by the engine {meta.engine}, which cannot be looked at "
            "meanwhile. It can be replayed when it has ended."
        )
    feed = LiveFeed(_followed(live), meta.cwd, lambda: not _is_recorded(directory))
    return _state(meta, asker, directory), feed


def _followed(live: Path) -> Followed:
    from aklo_trace.ebpf.following import EbpfFollowed

    try:
        return EbpfFollowed(live)
    except (FileNotFoundError, ValueError) as error:
        raise TraceError(f"The recording in {live} has only just begun. Try again.") from error


def _is_recorded(directory: Path) -> bool:
    """Whether a recorder is at work: it is there, and how it ended is not written yet."""
    live = directory / store.LIVE
    has_ended = any((live / name).exists() for name in ("end.json", meta_file.FILE))
    return store.is_recorded(directory) and not has_ended


def _state(meta: Meta, asker: Asker, directory: Path) -> State:
    from aklo_analysis.caches.configured import caches
    from aklo_analysis.dashboard.state import About, State

    known, _ = caches(asker.configuration)
    threshold_ms = asker.configuration.value(THRESHOLD, int)
    about = About(
        command=shlex.join(meta.argv),
        engine=meta.engine,
        threshold_ns=threshold_ms * 1_000_000,
        alerts=_standing(meta, asker, directory),
    )
    return State(about, known, at_ns=meta.started_at_ns)


def _standing(meta: Meta, asker: Asker, directory: Path) -> tuple[str, ...]:
    """The alerts of the command that stand from earlier traces."""
    found = history.read(history.of_store(asker.stores(), directory))
    state = found.state(command_of(meta.argv))
    active = [name for name, standing in state.items() if standing.state in ACTIVE]
    return tuple(f"{name} stands" for name in active[:MOST_ALERTS])
