"""Locks on files, which go with the process that holds them."""

from __future__ import annotations

import fcntl
import time
from contextlib import suppress
from typing import Final

PAUSE_S: Final = 0.01


def take(fd: int, patience_s: float) -> None:
    """Lock an open file for ourselves. Raises BlockingIOError if somebody else keeps it."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(PAUSE_S)
    return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
