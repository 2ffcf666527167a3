"""A recording under way, and what becomes of it: the trace's tables and its report.

For every command that records. Whoever waits for the command is not made to wait for tables
and reports to succeed: they are made in a process of their own.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from aklo_trace import address_space, location, store
from aklo_trace import meta as meta_file
from aklo_trace.afterwork import INTERRUPTED, do_apart
from aklo_trace.cli import complain, explained, print_traceback
from aklo_trace.config.entry import BY_DEFAULT
from aklo_trace.config.keys import METRICS_DIR, THRESHOLD
from aklo_trace.engine import Recording, Session
from aklo_trace.engines import Choice
from aklo_trace.errors import AkloTraceError, CaptureError, StoreError, reason_of, remedy_of
from aklo_trace.escape import escape
from aklo_trace.identity import Identity
from aklo_trace.meta import Meta
from aklo_trace.packing import packing_of
from aklo_trace.places import Asker
from aklo_trace.presentation import NO_REPORT, TEXT, form_of

FINISHED, EXPLAINED = 0, 100
"""What the process that finishes a recording returns: all is done, or it said why not."""
CAUSES: Final[dict[int, str]] = {
    signal.SIGKILL: "memory may have run out, or its CPU time (ulimit -t)",
    signal.SIGXCPU: "its CPU time is limited (ulimit -t)",
    signal.SIGSEGV: "memory or stack may have run out",
    signal.SIGBUS: "a file that it read was cut",
    signal.SIGABRT: "memory may have run out",
}
PATIENCE_S: Final = 2.0
"""How long somebody may need to take our last words."""
BEHIND_NICENESS: Final = 10
PRIVATE: Final = 0o077
"""The umask of what is written about a target."""


@dataclass(frozen=True)
class UnderWay:
    """A recording that has begun, and where it goes. `interrupted`: the user typed Ctrl-C."""

    recording: Recording
    directory: Path
    lock: int
    meta: Meta
    asker: Asker
    interrupted: bool = False


def described(choice: Choice, argv: Sequence[str], cwd: Path | None, owner: Identity) -> Meta:
    """What is known of a trace when it begins, which is now."""
    engine, place = choice.engine.name, str(cwd) if cwd else None
    return meta_file.begun(engine, choice.reason, argv, place, owner.name, time.time_ns())


def directory_of(options: argparse.Namespace, asker: Asker, meta: Meta) -> Path:
    """Where the trace goes; a trace that is there is removed if that was asked for."""
    directory: Path | None = options.output
    if directory is None:
        now = datetime.fromtimestamp(meta.started_at_ns / 1e9).astimezone()
        return _new_trace(asker, meta.argv, now)
    if options.force:
        store.make_way(directory)
    return directory


def _new_trace(asker: Asker, argv: Sequence[str], now: datetime) -> Path:
    """In the store that the configuration names; if there can be none, which keeps nobody from
    tracing, in the user's own."""
    origin = asker.configuration.setting(METRICS_DIR).origin
    try:
        return location.new_trace(asker.stores()[0], argv, now)
    except StoreError as error:
        if origin == BY_DEFAULT:
            raise
        complain(f"configuration: {origin}: {error} This one is kept in {asker.data}.")
        return location.new_trace(asker.data, argv, now)


def begin(session: Session, directory: Path, meta: Meta, asker: Asker) -> UnderWay:
    """Begin to record into a new directory. Raises StoreError or CaptureError; then there is
    none."""
    live, lock = store.begin(directory, meta)
    try:
        recording = session.start(live, lock)
    except BaseException as error:
        store.abandon(directory)
        if isinstance(error, OSError):
            raise StoreError(
                f"Recording into {directory} cannot begin: {reason_of(error)}; {remedy_of(error)}."
            ) from error
        raise
    return UnderWay(recording, directory, lock, meta, asker)


def check_readable(owner: Identity) -> None:
    """The tables are made, and the report printed, as the invoking user: who must be able to
    read this Python. Better known before the command has run for an hour."""
    for module in ("decimal", "numpy", "pandas", "pyarrow", "tabulate"):
        if importlib.util.find_spec(module) is None:
            raise CaptureError(
                f"User {owner.name} cannot read the Python module {module} below {sys.prefix}. "
                "Install aklo-trace, and the Python it uses, where that user can read it: "
                "below /opt for instance, with the system's python3."
            )


def stop(under_way: UnderWay, problems: list[AkloTraceError]) -> Meta:
    """End the recording; the meta of the trace, which says if it did not end in order."""
    reason = None
    try:
        under_way.recording.stop()
    except (CaptureError, StoreError) as error:
        reason = str(error)
        problems.append(error)
    except OSError as error:
        reason = f"The recording could not be ended in order: {reason_of(error)}."
        problems.append(CaptureError(reason))
    return replace(under_way.meta, incomplete_reason=reason)


def finish_apart(
    under_way: UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
    unblock: Callable[[], None],
) -> bool:
    """Make the tables and the report in a child process; whether that went well. If not, it is said
    what became of it."""
    directory = under_way.directory
    try:
        status = do_apart(lambda: _finish(under_way, ended, options, problems), unblock)
    except OSError as error:
        why = f"No process can be started to make the tables: {reason_of(error)}"
        complain(f"{why}; {remedy_of(error)}. {store.kept(directory)}", PATIENCE_S)
        return False
    if status == INTERRUPTED:
        complain(f"interrupted. {store.kept(directory)}", PATIENCE_S)
    elif status not in (FINISHED, EXPLAINED):
        complain(f"{_death(status)}. {store.kept(directory)}", PATIENCE_S)
    return status == FINISHED


def finish_behind(
    under_way: UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
    unblock: Callable[[], None],
) -> None:
    """Make the tables and all that is made of them, without that anybody waits for it or hears of
    more than that it cannot be begun."""
    try:
        if os.fork() == 0:
            _finish_alone(under_way, ended, options, problems, unblock)
    except OSError as error:
        complain(f"{store.kept(under_way.directory)} ({reason_of(error)})", PATIENCE_S)
    unblock()


def _finish_alone(
    under_way: UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
    unblock: Callable[[], None],
) -> NoReturn:
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        for signo in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(signo, signal.SIG_IGN)
        unblock()
        os.nice(BEHIND_NICENESS)
        address_space.spare()
        _finish(under_way, ended, options, problems)
    finally:
        os._exit(0)


def _death(status: int) -> str:
    what = "The process that makes tables and report"
    if status >= 0:
        return f"{what} ended with status {status}: memory may have run out"
    cause = CAUSES.get(-status)
    return f"{what} was killed by {signal.Signals(-status).name}" + (f": {cause}" if cause else "")


def _finish(
    under_way: UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
) -> int:
    directory = under_way.directory
    speaks = not options.quiet or form_of(options) != NO_REPORT
    if under_way.interrupted and speaks and sys.stderr.isatty():
        print(file=sys.stderr)  # the terminal has shown ^C, and stays behind it
    try:
        store.check_place(directory, under_way.lock, ended)
        for problem in problems:
            complain(problem)
        store.conclude(directory, ended, packing_of(under_way.asker.configuration))
        _report(directory, options, under_way.asker)
        if options.output is None:
            _make_room(directory.parent, options, under_way.asker)
        sys.stderr.flush()
    except AkloTraceError as error:
        complain(error)
    except BrokenPipeError:
        return FINISHED  # nobody wants to read it
    except Exception as error:  # noqa: BLE001 - said in words, as main() does
        if options.debug:
            print_traceback()
        complain(f"{explained(error)} {store.kept(directory)}")
    else:
        return FINISHED
    return EXPLAINED


def _report(directory: Path, options: argparse.Namespace, asker: Asker) -> None:
    is_quiet = form_of(options) == NO_REPORT and _has_no_alerts_of_its_own(asker)
    unwanted = is_quiet and not getattr(options, "wrapped", False)
    if options.format != NO_REPORT and not unwanted:
        from aklo_trace.judgement import settle

        settle(store.open_trace(directory), options, asker)
    if may_talk(options):
        print(f"trace: {escape(str(directory))}", file=sys.stderr)


def _make_room(place: Path, options: argparse.Namespace, asker: Asker) -> None:
    """Remove from a store what it may no longer hold."""
    from aklo_trace.purging import limits_of, purge

    try:
        done = purge(place, limits_of(place, asker), time.time_ns())
    except StoreError as error:
        complain(error)
        return
    if done.removed and may_talk(options):
        print(f"removed: {done.said()}", file=sys.stderr)


def may_talk(options: argparse.Namespace) -> bool:
    """Whether words beside the report are wanted: a program that reads it wants none."""
    return not options.quiet and form_of(options) in (TEXT, NO_REPORT)


def _has_no_alerts_of_its_own(asker: Asker) -> bool:
    """Then nobody waits for a report that is not printed, unless it goes to a file."""
    found = asker.configuration
    if found.value("report.directory", str):
        return False
    return found.setting(THRESHOLD).origin == BY_DEFAULT and not found.tables("alert")
