"""Finding a command as execvp(3) does, without trying to execute it."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from aklo_trace.errors import TargetError

_DEFAULT_PATH: Final = b"/bin:/usr/bin"
"""Where execvp looks if PATH is not set: confstr(_CS_PATH) of the C library."""

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126


def shell_status(error: int) -> int:
    """The exit status that a shell gives when execve fails with `error`."""
    return NOT_FOUND if error == errno.ENOENT else NOT_EXECUTABLE


def find(name: bytes, path: bytes | None) -> bytes:
    """The file that `name` stands for, seen as the user that this process is, with PATH `path`.

    Files that may not be executed are passed over, as are directories; if nothing else is
    found, they are the reason. An empty entry of PATH is ``.``, as shells write it. Raises
    TargetError with the status that a shell gives.
    """
    if b"/" in name:
        error = _obstacle(name)
        if error:
            raise _cannot_run(name, error)
        return name
    denied = None
    directories = (_DEFAULT_PATH if path is None else path).split(b":") if name else []
    for directory in directories:
        file = (directory or b".") + b"/" + name
        error = _obstacle(file)
        if not error:
            return file
        if error == errno.EACCES and denied is None:
            denied = file
    if denied:
        raise _cannot_run(denied, errno.EACCES)
    raise TargetError(
        f"cannot run {os.fsdecode(name)!r}: not found in PATH "
        f"({os.fsdecode(b':'.join(directories))}) of the user it would run as; "
        "check the spelling, or give its path"
    )


def _obstacle(file: bytes) -> int:
    """The error that execve(2) would give before it looks into the file, or 0."""
    try:
        status = os.stat(file)  # noqa: PTH116 (bytes)
    except OSError as error:
        return error.errno or errno.EIO
    executable = stat.S_ISREG(status.st_mode) and os.access(file, os.X_OK)
    return 0 if executable else errno.EACCES


def _cannot_run(file: bytes, error: int) -> TargetError:
    return TargetError(
        f"cannot run {os.fsdecode(file)!r}: {os.strerror(error)}; "
        "it has to be a file that the user it would run as may execute",
        shell_status(error),
    )


def execution_failed(file: bytes, error: int) -> TargetError:
    """What to report when execve itself fails on a file that was found."""
    return TargetError(
        f"cannot run {os.fsdecode(file)!r}: {os.strerror(error)}; "
        "if it is a script, look at the interpreter that its first line names",
        shell_status(error),
    )
