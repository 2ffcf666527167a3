"""strace at work on a command: from the command that is held to its log in `live`."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.engine import CaptureOptions
from aklo_trace.errors import CaptureError, StoreError
from aklo_trace.strace import capture
from aklo_trace.strace.options import MARK_BYTES, STRING_BYTES
from aklo_trace.strace.scribe import LiveLog, Unwritten
from aklo_trace.strace.xtrace import ShellLines

if TYPE_CHECKING:
    from aklo_trace.target import HeldTarget

LOG_FILE: Final = "strace.log"
UNWRITTEN_FILE: Final = "unwritten.bin"
START_FILE: Final = "start.json"

_KEPT: Final = "The target was left alone; what had been recorded by then is kept"


class StraceSession:
    """Nothing is put in place before the target is held: strace is attached by `start`."""

    attaches_at_start = True

    def __init__(self, options: CaptureOptions) -> None:
        self._filter = options.filter
        self._shell_lines = options.shell_lines

    def track(self, held: HeldTarget) -> None:
        self._held = held

    def start(self, live: Path, lock: int) -> StraceRecording:
        del lock  # the process that writes the log has it
        start = {"pid": self._held.pid, "shell_lines": self._shell_lines}
        (live / START_FILE).write_text(json.dumps(start))
        log = LiveLog(live / LOG_FILE, live / UNWRITTEN_FILE)
        tracer = capture.attach(
            self._held.pid,
            log,
            calls=self._filter.calls(),
            string_bytes=MARK_BYTES if self._shell_lines else STRING_BYTES,
            leave=self._held.leave,
            clear=partial(forget, self._shell_lines),
        )
        return StraceRecording(tracer, live)

    def close(self) -> None:
        pass


class StraceRecording:
    """strace at work."""

    def __init__(self, tracer: capture.Tracer, live: Path) -> None:
        self._tracer, self._live = tracer, live

    @property
    def pid(self) -> int:
        return self._tracer.pid

    def stop(self) -> None:
        status = self._tracer.stop()
        if self._tracer.scribe.status:
            raise CaptureError(
                f"The process that writes down what strace says was killed or failed. {_KEPT}."
            )
        unwritten = Unwritten.read(self._live / UNWRITTEN_FILE)
        if unwritten.size_bytes:
            raise StoreError(
                f"The recording {self._live / LOG_FILE} has gaps: {os.strerror(unwritten.errno)}. "
                f"{unwritten.lines:,} lines ({unwritten.size_bytes:,} bytes) of what strace said "
                f"could not be written and are lost. {_KEPT}, and so is what came after."
            )
        if status:
            raise CaptureError(f"strace ended with status {status}. {_KEPT}.")


def forget(shell_lines: str) -> None:
    """Remove the file that shells read, where who would have done it was killed. Its name may come
    from a START_FILE, which anybody may have made: none but one as ours is called is removed."""
    if shell_lines:
        ShellLines(Path(shell_lines)).remove()
