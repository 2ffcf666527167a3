"""Trace a command with all its child processes, and print a report when it ends.

The command runs as if untraced: same output, status, signals, environment and terminal; under
sudo as the user who called sudo. Our own words go to stderr. The exit status is the command's
own: 128+n after signal n, 125 when the tracer failed before the command started.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shlex
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from aklo_trace import __version__, filter, location, store
from aklo_trace import meta as meta_file
from aklo_trace.afterwork import INTERRUPTED, do_apart
from aklo_trace.cli import COMMANDS, TRACER_FAILED, complain, explained, print_traceback
from aklo_trace.engine import SAMPLE_HZ, CaptureOptions, Recording, Session
from aklo_trace.engines import AUTO, Choice, check, choose
from aklo_trace.errors import (
    AkloTraceError,
    CaptureError,
    StoreError,
    TargetError,
    UsageError,
    reason_of,
    remedy_of,
)
from aklo_trace.escape import escape
from aklo_trace.identity import Identity, drop_privileges, invoking, named
from aklo_trace.meta import Meta
from aklo_trace.places import places_of, working_directory
from aklo_trace.presentation import FORMATS, add_options, print_report
from aklo_trace.supervise import Outcome, exit_as, supervise
from aklo_trace.target import HeldTarget, abandon_inherited_files, hold

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
PRIVATE: Final = 0o077
"""The umask of what is written about a target."""
NO_REPORT: Final = "none"
SIZES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
MOST_SAMPLES: Final = 10_000
SMALLEST_RING, LARGEST_RING = 4 << 10, 1 << 30


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-o", "--output", metavar="DIR", type=Path, help="where to put the trace")
    add("--force", action="store_true", help="replace a trace that is there")
    add("--engine", default=AUTO, metavar="NAME", help="auto (default), ebpf or strace")
    add("--user", metavar="NAME", help="run the command as this user")
    add(
        "--syscalls",
        metavar="WORD",
        action="append",
        default=[],
        help="record only these calls or classes of calls (!WORD: all but these)",
    )
    add(
        "--programs",
        metavar="NAME",
        action="append",
        default=[],
        help="record only calls of processes with this name",
    )
    add(
        "--sample-hz",
        metavar="HZ",
        type=int,
        default=SAMPLE_HZ,
        help=f"how often to look at what runs between calls (default: {SAMPLE_HZ}; 0: never)",
    )
    add(
        "--no-attribution",
        action="store_true",
        help="do not look up which function and line of a shell makes a call",
    )
    add("--ring-size", metavar="SIZE", help="memory for events, per CPU (default: 8M)")
    add("--format", choices=(*FORMATS, NO_REPORT), default="text", help="of the report")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
    add_options(parser)
    add("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to trace")


def run(options: argparse.Namespace) -> int:
    argv = [os.fsencode(word) for word in _command(options.command)]
    capture = _capture_options(options)
    check(options.engine)
    try:
        owner = invoking()
        user = named(options.user) if options.user else owner
        held = hold(argv, user, ptracer=True)
    except (TargetError, UsageError):
        raise
    except AkloTraceError as error:
        raise _before_start(error) from error
    search_path = os.fsdecode(user.variable(b"PATH") or b"")
    capture = replace(capture, command=os.fsdecode(argv[0]), search_path=search_path)
    abandon_inherited_files()
    os.umask(PRIVATE)
    try:
        recording = _start(options, capture, owner, held)
    except BaseException as error:
        held.cancel()
        raise _before_start(error) if isinstance(error, AkloTraceError) else error from error
    held.release()
    outcome = supervise(held)
    problems = [outcome.failure] if outcome.failure else []
    ended = _stop(recording, outcome, problems)
    _finish_apart(recording, ended, options, problems, held.unblock_signals)
    exit_as(outcome)


@dataclass(frozen=True)
class _UnderWay:
    """A recording that has begun, and where it goes."""

    recording: Recording
    directory: Path
    lock: int
    meta: Meta


def _start(
    options: argparse.Namespace,
    capture: CaptureOptions,
    owner: Identity,
    held: HeldTarget,
) -> _UnderWay:
    """Put the probes in, give up privilege, begin to record. The order is the point of it."""
    choice, session = _session(options.engine, capture, held)
    late = session.attaches_at_start and owner.is_ours
    if not late:
        drop_privileges(owner)
        _check_readable(owner)
    started_ns = time.time_ns()
    words, cwd = _command(options.command), working_directory()
    directory = options.output or _default_directory(owner, words, started_ns)
    if options.force and os.path.lexists(directory):
        store.remove(directory)
    meta = Meta(
        engine=choice.engine.name,
        engine_reason=choice.reason,
        argv=tuple(map(meta_file.as_utf8, words)),
        cwd=meta_file.as_utf8(str(cwd)) if cwd else None,
        started_at_ns=started_ns,
        started_at=meta_file.iso(started_ns),
        tool_version=__version__,
        kernel=platform.release(),
        machine=platform.machine(),
        host=platform.node(),
        user=owner.name,
        filter=(*options.syscalls, *(f"program {name}" for name in options.programs)),
    )
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
    if late:
        drop_privileges(owner)
    return _UnderWay(recording, directory, lock, meta)


def _session(wanted: str, capture: CaptureOptions, held: HeldTarget) -> tuple[Choice, Session]:
    """The best engine that really loads: what a probe cannot see may still refuse it."""
    refused: list[str] = []
    for choice in choose(wanted):
        session = None
        try:
            session = choice.engine.load(capture)
            session.track(held)
        except (CaptureError, OSError) as error:
            if session:
                session.close()
            refused.append(f"{choice.engine.name} failed: {error}")
            continue
        return replace(choice, reason="; ".join([*refused, choice.reason])), session
    raise CaptureError(" ".join(refused))


def _default_directory(owner: Identity, words: list[str], started_ns: int) -> Path:
    now = datetime.fromtimestamp(started_ns / 1e9).astimezone()
    return location.new_trace(places_of(owner)[0], words, now)


def _check_readable(owner: Identity) -> None:
    """The tables are made, and the report printed, as the invoking user: who must be able to
    read this Python. Better known before the command has run for an hour."""
    for module in ("decimal", "numpy", "pandas", "pyarrow", "tabulate"):
        if importlib.util.find_spec(module) is None:
            raise CaptureError(
                f"User {owner.name} cannot read the Python module {module} below {sys.prefix}. "
                "Install aklo-trace, and the Python it uses, where that user can read it: "
                "below /opt for instance, with the system's python3."
            )


def _stop(under_way: _UnderWay, outcome: Outcome, problems: list[AkloTraceError]) -> Meta:
    """End the recording; the meta of the trace, with what is known of its end."""
    reason = None
    try:
        under_way.recording.stop()
    except (CaptureError, StoreError) as error:
        reason = str(error)
        problems.append(error)
    except OSError as error:
        reason = f"The recording could not be ended in order: {reason_of(error)}."
        problems.append(CaptureError(reason))
    return replace(
        under_way.meta,
        wall_ns=outcome.ended_ns - outcome.started_ns,
        exit_status=outcome.exit_status,
        signal=outcome.signal,
        incomplete_reason=reason,
    )


def _finish_apart(
    under_way: _UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
    unblock: Callable[[], None],
) -> None:
    """Make the tables and the report in a child process, and say what became of it."""
    directory = under_way.directory
    try:
        status = do_apart(lambda: _finish(under_way, ended, options, problems), unblock)
    except OSError as error:
        why = f"No process can be started to make the tables: {reason_of(error)}"
        complain(f"{why}; {remedy_of(error)}. {_kept(directory)}", PATIENCE_S)
        return
    if status == INTERRUPTED:
        complain(f"interrupted. {_kept(directory)}", PATIENCE_S)
    elif status not in (FINISHED, EXPLAINED):
        complain(f"{_death(status)}. {_kept(directory)}", PATIENCE_S)


def _death(status: int) -> str:
    what = "The process that makes tables and report"
    if status >= 0:
        return f"{what} ended with status {status}: memory may have run out"
    cause = CAUSES.get(-status)
    return f"{what} was killed by {signal.Signals(-status).name}" + (f": {cause}" if cause else "")


def _kept(directory: Path) -> str:
    """What there is of the trace, and how to come to the rest."""
    if (directory / store.LIVE).is_dir():
        return (
            f"What was recorded is kept in {directory}: finish it with {store.recovery(directory)}."
        )
    if (directory / meta_file.FILE).exists():
        command = f"'aklo-trace report {shlex.quote(str(directory))}'"
        return f"The trace is kept in {directory}: see it with {command}."
    return f"There is no trace in {directory} any more."


def _finish(
    under_way: _UnderWay,
    ended: Meta,
    options: argparse.Namespace,
    problems: list[AkloTraceError],
) -> int:
    directory = under_way.directory
    try:
        store.check_place(directory, under_way.lock, ended)
        for problem in problems:
            complain(problem)
        store.conclude(directory, ended)
        _report(directory, options)
        sys.stderr.flush()
    except AkloTraceError as error:
        complain(error)
    except BrokenPipeError:
        return FINISHED  # nobody wants to read it
    except Exception as error:  # noqa: BLE001 - said in words, as main() does
        if options.debug:
            print_traceback()
        complain(f"{explained(error)} {_kept(directory)}")
    else:
        return FINISHED
    return EXPLAINED


def _report(directory: Path, options: argparse.Namespace) -> None:
    if options.quiet:
        return
    if options.format != NO_REPORT:
        print_report(store.open_trace(directory), options.format, options, sys.stderr)
    print(f"trace: {escape(str(directory))}", file=sys.stderr)


def _command(words: list[str]) -> list[str]:
    if words[:1] != ["--"] or len(words) == 1:
        found = f"'{words[0]}' is no verb" if words and words[0] != "--" else "no command to trace"
        raise UsageError(
            f"{found}. To trace a command put -- before it: aklo-trace -- COMMAND [ARG...]; "
            f"the verbs are {', '.join(COMMANDS)}."
        )
    return words[1:]


def _capture_options(options: argparse.Namespace) -> CaptureOptions:
    if not 0 <= options.sample_hz <= MOST_SAMPLES:
        raise UsageError(
            f"--sample-hz: {options.sample_hz} is not from 0 (never) to {MOST_SAMPLES}."
        )
    return CaptureOptions(
        sample_hz=options.sample_hz,
        attribution=not options.no_attribution,
        ring_bytes=_size(options.ring_size) if options.ring_size else None,
        filter=filter.parse(options.syscalls, options.programs),
    )


def _size(text: str) -> int:
    unit = SIZES.get(text[-1:].upper(), 1)
    digits = text[:-1] if text[-1:].upper() in SIZES else text
    size = int(digits) * unit if digits.isdecimal() else 0
    if not SMALLEST_RING <= size <= LARGEST_RING:
        raise UsageError(f"--ring-size: '{text}' is not a size from 4K to 1G, such as 512K or 8M.")
    return size


def _before_start(error: AkloTraceError) -> AkloTraceError:
    error.exit_status = TRACER_FAILED
    return error
