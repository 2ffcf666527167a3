"""One run of the command, in a process of its own, whose output is kept apart.

The process is forked and not executed: by its command line, which is what sudo was asked to run, it
is known to be for the user behind that.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn

from aklo_trace import meta
from aklo_trace.benchmarking.plan import Planned
from aklo_trace.errors import AkloTraceError, CaptureError, TargetError
from aklo_trace.identity import invoking
from aklo_trace.supervise import supervise
from aklo_trace.target import hold

TRACED: Final = ("record", "-q", "--format", "none")
GRACE_S: Final = 1.0
"""How long a run may need to end by itself after Ctrl-C, which the terminal gives to it as well."""
TICK_S: Final = 0.01
MOST_WORDS: Final = 2000
"""Characters of what went wrong that are shown."""
FAULT: Final = 255

File = IO[bytes]


@dataclass(frozen=True, slots=True)
class Ran:
    """`trace` is None of a run that was not traced. `output`: what the command wrote, in a file
    without a name."""

    planned: Planned
    wall_ns: int
    status: int
    trace: Path | None
    output: File


class Runner:
    """Runs `command`, before cold runs `cold`; traces go below `folder`, which belongs to the user
    who asked; `options` are of the recording."""

    def __init__(
        self, folder: Path, command: Sequence[str], cold: Sequence[str], options: Sequence[str]
    ) -> None:
        self._folder, self._command, self._cold = folder, command, cold
        self._options = options
        self._count = 0

    def run(self, planned: Planned) -> Ran:
        """Raises TargetError if the command, or what makes it cold, cannot be started or fails to,
        CaptureError if it cannot be recorded, KeyboardInterrupt."""
        if planned.arm.is_cold:
            status, _, output = _untraced(self._cold)
            if status:
                raise TargetError(f"--cold ended with status {status}: {_end_of(output)}", 1)
        if planned.arm.is_traced:
            return self._traced(planned)
        status, wall_ns, output = _untraced(self._command)
        return Ran(planned, wall_ns, status, None, output)

    def _traced(self, planned: Planned) -> Ran:
        self._count += 1
        trace = self._folder / f"{self._count:04}-{'cold' if planned.arm.is_cold else 'warm'}"
        output, words = _file(), _file()
        command = [*TRACED, *self._options, "-o", str(trace), "--", *self._command]
        status = _apart(lambda: _recorded(command), output, words)
        try:
            found = meta.read(trace)
        except AkloTraceError as error:
            raise CaptureError(f"A run could not be recorded: {_end_of(words)}") from error
        if found.wall_ns is None:
            raise CaptureError(f"A run could not be recorded: {_end_of(words)}")
        return Ran(planned, found.wall_ns, status, trace, output)


def _recorded(command: Sequence[str]) -> int:
    from aklo_trace.cli import main

    return main(command)


def _untraced(command: Sequence[str]) -> tuple[int, int, File]:
    """Run a command as whoever asked for it: its status, how long it took in ns, and what it wrote.
    It is held and released as one that is traced, so that their times can be compared."""
    output, told = _file(), _file()
    _apart(lambda: _run(command, told), output, output)
    told.seek(0)
    text = told.read()
    found = json.loads(text) if text else {"failure": f"it did not start: {_end_of(output)}"}
    if found["failure"]:
        raise TargetError(found["failure"], int(found.get("status", 1)))
    return int(found["status"]), int(found["wall_ns"]), output


def _run(command: Sequence[str], told: File) -> int:
    try:
        held = hold([os.fsencode(word) for word in command], invoking())
    except AkloTraceError as error:
        found: dict[str, object] = {"failure": str(error), "status": error.exit_status}
    else:
        held.release()
        outcome = supervise(held)
        found = {
            "failure": str(outcome.failure) if outcome.failure else None,
            "status": outcome.shell_status,
            "wall_ns": outcome.ended_ns - outcome.started_ns,
        }
    told.write(json.dumps(found).encode())
    told.flush()
    return 0


def _apart(work: Callable[[], int], output: File, words: File) -> int:
    """Do the work in a child process that writes into these files; its exit status. After Ctrl-C it
    may end in order."""
    pid = os.fork()
    if pid == 0:
        _do(work, output, words)
    try:
        return _status(os.waitpid(pid, 0)[1])
    except KeyboardInterrupt:
        _end(pid)
        raise


def _do(work: Callable[[], int], output: File, words: File) -> NoReturn:
    status = FAULT
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, source in enumerate((null, output.fileno(), words.fileno())):
            os.dup2(source, descriptor)
        status = work()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else FAULT
    finally:
        os._exit(status)


def _end(pid: int) -> None:
    """Wait for a child, ask it to end, and make it end."""
    for signo in (None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with suppress(KeyboardInterrupt):
            if signo is not None:
                os.kill(pid, signo)
            until = time.monotonic() + GRACE_S
            while time.monotonic() < until:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return
                time.sleep(TICK_S)
    os.waitpid(pid, 0)


def _status(waited: int) -> int:
    code = os.waitstatus_to_exitcode(waited)
    return code if code >= 0 else 128 - code


def _file() -> File:
    """A new one without a name, which nobody else can get at."""
    return tempfile.TemporaryFile()


def _end_of(output: File) -> str:
    """The last of what was written there."""
    output.seek(0)
    text = output.read()[-MOST_WORDS:].decode("utf-8", "replace").strip()
    return text or "it said nothing"
