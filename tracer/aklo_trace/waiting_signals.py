"""Signals that wait: blocked in this process until it takes them again."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import Final

EVERY_SIGNAL: Final = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


def block_signals() -> set[signal.Signals | int]:
    """Let every signal wait; the mask that there was before."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, EVERY_SIGNAL)


def unblock_signals(mask: Iterable[signal.Signals | int]) -> None:
    """Take signals again, but for those in the mask; what came until now is dropped."""
    while signal.sigtimedwait(EVERY_SIGNAL, 0):
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
