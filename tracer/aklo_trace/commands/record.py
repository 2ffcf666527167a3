"""Trace a command with all its child processes, and print a report when it ends.

The command runs as if untraced: same output, status, signals, environment and terminal; under
sudo as the user who called sudo. Our own words go to stderr. The exit status is the command's
own: 128+n after signal n, 126 and 127 when it cannot be executed or found, 125 when something
else, as a wrong option, kept it from being started.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn

from aklo_trace import recording
from aklo_trace.cli import COMMANDS, complain, explained
from aklo_trace.engine import CaptureOptions, Session
from aklo_trace.engines import Choice, check, choose
from aklo_trace.errors import AkloTraceError, CaptureError, UsageError
from aklo_trace.identity import Identity, drop_privileges, invoking, named
from aklo_trace.places import Asker, working_directory
from aklo_trace.presentation import configure_options
from aklo_trace.recording import PRIVATE, UnderWay
from aklo_trace.recording_options import (
    add_recording_options,
    capture_options,
    filter_words,
)
from aklo_trace.spelling import meant
from aklo_trace.supervise import exit_as, supervise
from aklo_trace.target import HeldTarget, abandon_inherited_files, hold

if TYPE_CHECKING:
    from aklo_trace.strace.xtrace import ShellLines

STRACE: Final = "strace"
NOT_NEEDED: Final = (
    "--shell-lines is for the engine strace: add --engine strace. The engine ebpf needs no such "
    "option: it finds functions and lines in the memory of the shells."
)


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--engine", metavar="NAME", help="auto (default), ebpf, bcc or strace")
    add("--user", metavar="NAME", help="run the command as this user")
    add_recording_options(parser)
    add(
        "--shell-lines",
        action="store_true",
        help="have bash say its functions and lines, with the engine strace; scripts can notice",
    )
    add("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to trace")
    parser.set_defaults(wrapped=False, behind=False)  # as `wrapped` has it


def run(options: argparse.Namespace) -> int:
    words = _command(options.command)
    asker = Asker.of(invoking(), words)
    configure_options(options, asker)
    capture = capture_options(options)
    check(options.engine)
    if options.shell_lines and options.engine != STRACE:
        raise UsageError(NOT_NEEDED)
    held, asked, search_path = _hold(options, words, asker.identity)
    try:
        capture = replace(
            capture,
            command=words[0],
            search_path=search_path,
            shell_lines=str(asked.path) if asked else "",
        )
        abandon_inherited_files()
        os.umask(PRIVATE)
        under_way = _start(options, capture, asker, held)
    except BaseException as error:
        if options.wrapped and isinstance(error, Exception):
            _go_on_unrecorded(held, error)
        held.cancel()
        _forget(asked)
        raise
    options.directory = under_way.directory
    held.release()
    outcome = supervise(held)
    _forget(asked)
    problems = [outcome.failure] if outcome.failure else []
    ended = replace(
        recording.stop(under_way, problems),
        wall_ns=outcome.ended_ns - outcome.started_ns,
        exit_status=outcome.exit_status,
        signal=outcome.signal,
    )
    under_way = replace(under_way, interrupted=outcome.interrupted)
    if options.behind:
        recording.finish_behind(under_way, ended, options, problems, held.unblock_signals)
    else:
        recording.finish_apart(under_way, ended, options, problems, held.unblock_signals)
    exit_as(outcome)


def _go_on_unrecorded(held: HeldTarget, error: Exception) -> NoReturn:
    """The command runs all the same: it was asked for, and not its trace."""
    complain(f"not traced: {error if isinstance(error, AkloTraceError) else explained(error)}")
    held.release()
    outcome = supervise(held)
    held.unblock_signals()
    exit_as(outcome)


def _hold(
    options: argparse.Namespace, words: list[str], owner: Identity
) -> tuple[HeldTarget, ShellLines | None, str]:
    """The command, held; the file by which its shells are asked for lines, if they are; and the
    PATH that it has."""
    asked = None
    try:
        user = named(options.user) if options.user else owner
        if options.shell_lines:
            from aklo_trace.strace.xtrace import ShellLines

            asked = ShellLines.written(user.environ, user.limits, owner.uid)
            user = replace(user, environ=asked.added_to(user.environ))
        held = hold([os.fsencode(word) for word in words], user, ptracer=True)
    except AkloTraceError:
        _forget(asked)
        raise
    return held, asked, os.fsdecode(user.variable(b"PATH") or b"")


def _forget(asked: ShellLines | None) -> None:
    if asked:
        asked.remove()


def _start(
    options: argparse.Namespace,
    capture: CaptureOptions,
    asker: Asker,
    held: HeldTarget,
) -> UnderWay:
    """Put the probes in, give up privilege, begin to record. The order is the point of it."""
    owner = asker.identity
    choice, session = _session(options.engine, capture, held)
    late = session.attaches_at_start and owner.is_ours
    if not late:
        drop_privileges(owner)
        recording.check_readable(owner)
    meta = recording.described(choice, _command(options.command), working_directory(), owner)
    meta = replace(meta, filter=filter_words(options))
    under_way = recording.begin(session, recording.directory_of(options, asker, meta), meta, asker)
    if late:
        drop_privileges(owner)
    return under_way


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


def _command(words: list[str]) -> list[str]:
    if words[:1] != ["--"] or len(words) == 1:
        found = "no command to trace."
        if words and words[0] != "--":
            found = f"'{words[0]}' is no verb{meant(words[0], COMMANDS) or '.'}"
        raise UsageError(
            f"{found} To trace a command put -- before it: aklo-trace -- COMMAND [ARG...]; "
            f"the verbs are {', '.join(COMMANDS)}."
        )
    return words[1:]
