"""One run of the command, in a process of its own, whose output is kept apart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import meta
from aklo_trace.benchmarking.plan import Planned
from aklo_trace.errors import AkloTraceError, CaptureError, TargetError

UNTRACED: Final = (sys.executable, "-m", "aklo_trace.benchmarking.untraced")
TRACED: Final = (sys.executable, "-m", "aklo_trace", "record", "-q", "--format", "none")
GRACE_S: Final = 1.0
"""How long a run may need to end by itself after Ctrl-C, which the terminal gives to it as well."""
MOST_WORDS: Final = 2000
"""Characters of what went wrong that are shown."""


@dataclass(frozen=True, slots=True)
class Ran:
    """`trace` is None of a run that was not traced, or whose trace cannot be had. `output`: a file
    with what the command wrote."""

    planned: Planned
    wall_ns: int
    status: int
    trace: Path | None
    output: Path


class Runner:
    """Runs `command`, before cold runs `cold`, below `folder`; `options` are of the recording."""

    def __init__(
        self, folder: Path, command: Sequence[str], cold: Sequence[str], options: Sequence[str]
    ) -> None:
        self._folder, self._command, self._cold = folder, command, cold
        self._options = options
        self._count = 0

    def run(self, planned: Planned) -> Ran:
        """Raises TargetError if the command, or what makes it cold, cannot be started or fails to,
        CaptureError if it cannot be recorded, KeyboardInterrupt."""
        self._count += 1
        stem = self._folder / f"{self._count:04}"
        if planned.arm.is_cold:
            self._chill(stem)
        output = stem.with_suffix(".out")
        if planned.arm.is_traced:
            return self._traced(planned, stem, output)
        found = self._untraced(self._command, stem, output)
        return Ran(planned, int(found["wall_ns"]), int(found["status"]), None, output)

    def _chill(self, stem: Path) -> None:
        output = stem.with_suffix(".cold")
        if status := int(self._untraced(self._cold, stem, output)["status"]):
            raise TargetError(f"--cold ended with status {status}: {_end_of(output)}", 1)

    def _untraced(self, command: Sequence[str], stem: Path, output: Path) -> dict[str, int]:
        file = stem.with_suffix(".json")
        _wait([*UNTRACED, str(file), *command], output)
        found = json.loads(file.read_text()) if file.exists() else {}
        file.unlink(missing_ok=True)
        if "wall_ns" not in found or found["failure"]:
            why = found.get("failure") or f"it could not be started: {_end_of(output)}"
            raise TargetError(why, int(found.get("status", 1)))
        return dict(found)

    def _traced(self, planned: Planned, stem: Path, output: Path) -> Ran:
        words = stem.with_suffix(".err")
        command = [*TRACED, *self._options, "-o", str(stem), "--", *self._command]
        status = _wait(command, output, words)
        try:
            found = meta.read(stem)
        except AkloTraceError as error:
            raise CaptureError(f"A run could not be recorded: {_end_of(words)}") from error
        if found.wall_ns is None:
            raise CaptureError(f"A run could not be recorded: {_end_of(words)}")
        return Ran(planned, found.wall_ns, status, stem, output)


def _wait(command: Sequence[str], output: Path, words: Path | None = None) -> int:
    """Run a process; its exit status. What the command writes to either stream goes to `output`;
    with `words` what is written to stderr goes there. After Ctrl-C it may end in order."""
    with (
        output.open("wb") as out,
        (words or output).open("ab") as err,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err) as process,
    ):
        try:
            return process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    for signo in (None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if signo is not None:
            process.send_signal(signo)
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(GRACE_S)
            return


def _end_of(output: Path) -> str:
    """The last of what was written there."""
    text = output.read_bytes()[-MOST_WORDS:].decode("utf-8", "replace").strip()
    return text or "it said nothing"


def given_to(folder: Path, uid: int, gid: int) -> None:
    """Let a folder belong to a user, who records into it."""
    if os.geteuid() == 0:
        os.chown(folder, uid, gid)
