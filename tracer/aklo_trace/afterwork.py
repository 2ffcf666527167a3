"""What is left to do when the target has ended, in a process of its own.

Making tables and a report takes memory, time and threads, which a limit or the kernel may refuse
in the middle. The process that owes the shell the target's status does not take part: it waits.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final, NoReturn

from aklo_trace import address_space
from aklo_trace.libc import PR_SET_PDEATHSIG, prctl

ENDING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Signals that ask a process to end."""
INTERRUPTED: Final = 130
FAULT: Final = 255


def do_apart(work: Callable[[], int], unblock: Callable[[], None]) -> int:
    """Do the work in a child process; what it returned, -n if signal n ended it, INTERRUPTED if
    it was asked to end.

    Call it with all signals blocked: `unblock` ends that, in both processes. The first signal
    that asks this process to end is passed on to the child, the second kills it; the child also
    dies with this process. Afterwards such signals are ignored. Raises OSError if there can be
    no child.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _do(work, unblock, parent)
    _on_ending(_Passed(pid))
    unblock()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # its pid stays its own until all is quiet
    _on_ending(signal.SIG_IGN)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class _Passed:
    """Passes signals on to a child."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._asked = False

    def __call__(self, signo: int, _: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL if self._asked else signo)
        self._asked = True


def _do(work: Callable[[], int], unblock: Callable[[], None], parent: int) -> NoReturn:
    status = FAULT
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            _on_ending(_interrupt)
            unblock()
            address_space.spare()
            status = work()
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        os._exit(status)


def _interrupt(_signo: int, _frame: FrameType | None) -> NoReturn:
    """Ctrl-C comes twice, from the terminal and from the parent: once is enough."""
    _on_ending(signal.SIG_IGN)
    raise KeyboardInterrupt


def _on_ending(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for signo in ENDING:
        if signal.getsignal(signo) is not signal.SIG_IGN:  # under nohup it stays so
            signal.signal(signo, handler)
