"""Something that is read as another user, by a child process that becomes that user."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from aklo_trace import privilege
from aklo_trace.errors import CaptureError
from aklo_trace.identity import Identity


def read_as(identity: Identity, read: Callable[[], bytes]) -> bytes:
    """What `read` returns, which is never empty. Raises CaptureError if it failed, or the user
    cannot be become."""
    if identity.is_ours:
        return read()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _answer(identity, read, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        result = pipe.read()
    with suppress(ChildProcessError):  # where SIGCHLD is ignored it is gone already
        os.waitpid(pid, 0)
    if not result:
        raise CaptureError(
            f"Nothing can be read as user {identity.name}: the process for it failed. A container "
            "may withhold CAP_SETUID and CAP_SETGID, or memory may have run out."
        )
    return result


def _answer(identity: Identity, read: Callable[[], bytes], writing: int) -> NoReturn:
    try:
        privilege.become(identity.uid, identity.gid, identity.groups)
        result = read()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(result)
    finally:
        os._exit(0)
