"""Trace processes that are running, with all their descendants, and print a report.

It goes on until the processes have ended, Ctrl-C is typed, or the time given by --for is
over. The processes go on as if nothing had been: they are neither stopped nor changed, also
when the tracer is killed. What they did before is not in the trace; a call that was under way
is, and says so. Needs the engine ebpf.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from aklo_trace import meta as meta_file
from aklo_trace import recording
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.ebpf.joining import JoinedProcess
from aklo_trace.ebpf.session import EbpfSession
from aklo_trace.ending import Signals, await_end, seconds
from aklo_trace.engine import CaptureOptions
from aklo_trace.engines import Choice, choose
from aklo_trace.errors import AkloTraceError, CaptureError
from aklo_trace.escape import escape
from aklo_trace.identity import drop_privileges, invoking
from aklo_trace.places import Asker
from aklo_trace.presentation import configure_options
from aklo_trace.recording import PRIVATE, UnderWay
from aklo_trace.recording_options import (
    add_recording_options,
    capture_options,
    filter_words,
)
from aklo_trace.running import RunningProcess, find, pids_of

SHOWN: Final = 60
"""Characters of a command line that are shown."""


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        *("-p", "--pid"),
        metavar="PID[,PID...]",
        action="append",
        help="what to attach to; may be given more than once",
    )
    add("--for", metavar="TIME", dest="duration", help="end after this time, such as 10s or 5m")
    add_recording_options(parser)


def run(options: argparse.Namespace) -> int:
    pids = pids_of(options.pid or [])
    asker = Asker.of(invoking())
    configure_options(options, asker)
    duration_s = seconds("--for", options.duration) if options.duration else None
    capture = replace(capture_options(options), joins=True)
    choice = next(choose(EbpfEngine.name))
    wanted = [find(pid) for pid in pids]
    capture = replace(capture, command=f"/proc/{wanted[0].tid}/exe")
    os.umask(PRIVATE)
    signals = Signals()
    try:
        under_way = _start(options, choice, capture, asker, wanted)
    except BaseException:
        signals.unblock()
        raise
    recorder = os.pidfd_open(under_way.recording.pid)
    started_ns = time.monotonic_ns()
    typed = await_end([process.pidfd for process in wanted], recorder, duration_s)
    problems: list[AkloTraceError] = []
    ended = recording.stop(under_way, problems)
    ended = replace(ended, wall_ns=time.monotonic_ns() - started_ns)
    under_way = replace(under_way, interrupted=typed)
    finished = recording.finish_apart(under_way, ended, options, problems, signals.unblock)
    return 0 if finished and not problems else 1


def _start(
    options: argparse.Namespace,
    choice: Choice,
    capture: CaptureOptions,
    asker: Asker,
    wanted: list[RunningProcess],
) -> UnderWay:
    """Put the probes in, mark the processes, give up privilege, begin to record."""
    owner = asker.identity
    session = EbpfSession(capture)
    try:
        joined = session.join([process.pid for process in wanted])
        targets = [_joined(process, joined) for process in wanted]
        drop_privileges(owner)
        recording.check_readable(owner)
        cwd = targets[0].cwd
        words = targets[0].argv or (targets[0].exe or str(targets[0].own_pid),)
        meta = recording.described(choice, words, Path(cwd) if cwd else None, owner)
        meta = replace(meta, filter=filter_words(options), notes=_notes(targets, joined))
        place = recording.directory_of(options, asker, meta)
        under_way = recording.begin(session, place, meta, asker)
    except BaseException:
        session.close()
        raise
    if recording.may_talk(options):
        ends = f"Ends after {options.duration}, or with" if options.duration else "Ends with"
        print(f"aklo-trace: {meta.notes[0]} {ends} Ctrl-C.", file=sys.stderr)
    return under_way


def _joined(wanted: RunningProcess, joined: list[JoinedProcess]) -> JoinedProcess:
    """What became of a process that was asked for. Raises CaptureError if it was not marked."""
    for process in joined:
        if process.own_pid == wanted.pid:
            return process
    raise CaptureError(f"Process {wanted.pid} ended before it could be traced.")


def _notes(targets: list[JoinedProcess], joined: list[JoinedProcess]) -> tuple[str, ...]:
    names = ", ".join(f"{target.own_pid} ({_shown(target)})" for target in targets)
    others = len(joined) - len(targets)
    descendants = f" and {others} of {'its' if len(targets) == 1 else 'their'} descendants"
    return (
        f"Attached to process{'es' if len(targets) > 1 else ''} {names}"
        f"{descendants if others else ''}: what came before is not in the trace.",
    )


def _shown(target: JoinedProcess) -> str:
    text = escape(meta_file.as_utf8(" ".join(target.argv or (target.exe or "?",))))
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
