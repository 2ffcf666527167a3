"""What ends a recording of processes that are not our children: their end, a signal that asks us
to, or the time that was given."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from aklo_trace.afterwork import ENDING
from aklo_trace.errors import UsageError
from aklo_trace.quantity import duration_ns
from aklo_trace.waiting_signals import block_signals, unblock_signals

PIPE_BYTES: Final = 4096
LONGEST_S: Final = 86400.0
"""That poll(2) is asked to wait at once: it counts milliseconds in an int."""


class Signals:
    """Every signal waits while this exists, but for `await_end`."""

    def __init__(self) -> None:
        self._mask = block_signals()

    def unblock(self) -> None:
        """Take signals again; those that came until now are dropped."""
        unblock_signals(self._mask)


def await_end(processes: Sequence[int], recorder: int, duration_s: float | None) -> bool:
    """Wait until all `processes` have ended, or the `recorder` has, or `duration_s` is over, or a
    signal asks us to end. Processes are pidfds. Whether it was Ctrl-C."""
    deadline = None if duration_s is None else time.monotonic() + duration_s
    left = set(processes)
    with asked_to_end() as asked:
        poll = select.poll()
        for fd in (*processes, recorder, asked):
            poll.register(fd, select.POLLIN)
        while left:
            pause_s = LONGEST_S if deadline is None else max(deadline - time.monotonic(), 0)
            ready = {fd for fd, _ in poll.poll(min(pause_s, LONGEST_S) * 1000)}
            if not ready and pause_s >= LONGEST_S:
                continue
            if not ready or ready & {recorder, asked}:
                return asked in ready and signal.SIGINT in os.read(asked, PIPE_BYTES)
            for fd in ready:
                poll.unregister(fd)
            left -= ready
    return False


@contextmanager
def asked_to_end() -> Iterator[int]:
    """A descriptor that can be read once a signal asks us to end."""
    asked, told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    before = signal.set_wakeup_fd(told)
    waited_for = [signo for signo in ENDING if signal.getsignal(signo) is not signal.SIG_IGN]
    handlers = {signo: signal.signal(signo, lambda *_: None) for signo in waited_for}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, waited_for)
    try:
        yield asked
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
        for signo, handler in handlers.items():
            signal.signal(signo, handler)
        signal.set_wakeup_fd(before)
        for fd in (asked, told):
            with suppress(OSError):
                os.close(fd)


def seconds(option: str, text: str) -> float:
    """A duration such as ``10s``, ``500ms`` or ``1.5h``; without a unit it is in seconds. Raises
    UsageError."""
    try:
        found_ns = duration_ns(text if text[-1:].isalpha() else f"{text}s")
    except ValueError:
        found_ns = 0
    if not found_ns:
        raise UsageError(f"{option}: '{text}' is not a duration such as 10s, 500ms, 5m or 2h.")
    return found_ns / 1e9
