"""Every error aklo-trace raises on purpose.

    AkloTraceError          exit status 1
      UsageError            2    the command line, or a value in it, makes no sense
      EngineUnavailable     4    no engine can run here, or not the one that was asked for
      CaptureError          1    the engine failed after it had been chosen
      TargetError           127  the command to trace cannot be started (126: not executable)
      StoreError            1    a trace cannot be written
      TraceError            1    a trace cannot be read
        NotATrace                the path holds something else
        CorruptTrace             the path holds a damaged trace
        NewerTrace               the trace was written by a newer schema
        RecordingInProgress      the trace is still being written

A message is one paragraph that says what failed, on which file or process, why,
and what to do. Only ``main()`` prints it and exits with ``exit_status``.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about an error of the system; `elsewhere`: another place for a trace helps too."""

    text: str
    elsewhere: bool


PERMIT: Final = Remedy("see to it that it may be written", elsewhere=True)
REMEDIES: Final = {
    errno.ENOSPC: Remedy("make room", elsewhere=True),
    errno.EDQUOT: Remedy("make room: the quota is used up", elsewhere=True),
    errno.EFBIG: Remedy("raise the limit on the size of files (ulimit -f)", elsewhere=False),
    errno.EMFILE: Remedy("raise the limit on open files (ulimit -n)", elsewhere=False),
    errno.ENFILE: Remedy("close files: the whole system has too many open", elsewhere=False),
    errno.EAGAIN: Remedy("raise the limit on processes (ulimit -u)", elsewhere=False),
    errno.ENOMEM: Remedy(
        "free memory, or raise the limits on it (ulimit -v, -d, -l)", elsewhere=False
    ),
    errno.EACCES: PERMIT,
    errno.EPERM: PERMIT,
    errno.EROFS: PERMIT,
}
OTHER: Final = Remedy("remove the cause", elsewhere=True)


def reason_of(error: OSError) -> str:
    return error.strerror or str(error)


def remedy_of(error: OSError) -> str:
    return _remedy(error).text


def remedy_at(error: OSError, option: str = "-o") -> str:
    """The same in a sentence of its own, where a trace cannot be written into the directory that
    `option` names."""
    remedy = _remedy(error)
    elsewhere = f", or give another directory with {option}" if remedy.elsewhere else ""
    return f"{remedy.text.capitalize()}{elsewhere}."


def _remedy(error: OSError) -> Remedy:
    return REMEDIES.get(error.errno or 0, OTHER)


class AkloTraceError(Exception):
    """The root of the tree; `exit_status` is what the process exits with."""

    exit_status = 1


class UsageError(AkloTraceError):
    exit_status = 2


class EngineUnavailable(AkloTraceError):
    exit_status = 4


class CaptureError(AkloTraceError):
    pass


class TargetError(AkloTraceError):
    """The command to trace cannot be started; the status is the one a shell gives."""

    def __init__(self, message: str, exit_status: int = 127) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class StoreError(AkloTraceError):
    pass


class TraceError(AkloTraceError):
    pass


class NotATrace(TraceError):
    pass


class CorruptTrace(TraceError):
    pass


class NewerTrace(TraceError):
    pass


class RecordingInProgress(TraceError):
    pass
