"""The forked process on its way to becoming the target.

It puts back what Python has changed for itself, or what fork loses, so that the program
finds everything as if the shell had executed it: signal dispositions and mask, timers, the
environment (Python adds to it, PEP 538). The one thing that can't be known is whether
SIGPIPE and SIGXFSZ were ignored, see `aklo_trace.identity`.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from aklo_trace import command, libc
from aklo_trace.errors import AkloTraceError
from aklo_trace.identity import HIDDEN_SIGNALS, Identity, assume
from aklo_trace.waiting_signals import EVERY_SIGNAL

READY: Final = b"\0"
CANCELLED: Final = b"\1"
"""What the barrier says when the target is not to run. An end without a word means: run."""

_TIMERS: Final = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_SHELL: Final = b"/bin/sh"


class Heir:
    """Make it before the fork, with every signal blocked: it notes what is to be inherited."""

    def __init__(
        self,
        argv: Sequence[bytes],
        identity: Identity,
        mask: set[signal.Signals | int],
        ptracer: bool,
    ) -> None:
        self.argv = argv
        self.identity = identity
        self.mask = mask
        self.ptracer = ptracer
        self.timers = [(timer, signal.getitimer(timer)) for timer in _TIMERS]
        self.death_signal = libc.parent_death_signal()
        self.ignored = identity.ignored | {
            signo
            for signo in EVERY_SIGNAL - HIDDEN_SIGNALS
            if signal.getsignal(signo) is signal.SIG_IGN
        }

    def disinherit(self) -> None:
        """In the parent: stop the timers, which now are the target's."""
        for timer, _ in self.timers:
            signal.setitimer(timer, 0)

    def succeed(self, waiting: int, reporting: int) -> NoReturn:
        """In the child: get ready, say so, wait, and execute. Failure is reported as the
        exit status and the message."""
        status = command.NOT_EXECUTABLE
        try:
            self._wait_and_execute(waiting, reporting)
        except AkloTraceError as error:
            status = error.exit_status
            os.write(reporting, bytes((status,)) + str(error).encode("utf-8", "replace"))
        finally:
            os._exit(status)

    def take_over(self) -> NoReturn:
        """In this very process, which is to become the target without that anything is traced.
        Raises TargetError."""
        execute = self._prepared()
        self._restore()
        execute()

    def _wait_and_execute(self, waiting: int, reporting: int) -> NoReturn:
        assume(self.identity)
        execute = self._prepared()
        gc.disable()
        ptracer = self.ptracer and _invite_ptracer()
        self._restore()
        os.write(reporting, READY)
        if os.read(waiting, 1) == CANCELLED:  # the barrier; nothing but execve may follow
            os._exit(command.NOT_EXECUTABLE)
        if ptracer:
            libc.prctl(libc.PR_SET_PTRACER, 0)
        execute()

    def _prepared(self) -> Callable[[], NoReturn]:
        """What executes the target; it raises TargetError. Raises TargetError."""
        path = command.find(self.argv[0], self.identity.variable(b"PATH"))
        environ = self._environ(path)
        execve = libc.prepared_execve(path, self.argv, environ)
        execve_shell = libc.prepared_execve(_SHELL, (_SHELL, path, *self.argv[1:]), environ)

        def execute() -> NoReturn:
            error = execve()
            if error == errno.ENOEXEC:  # a script without "#!", as in execvp(3)
                error = execve_shell()
            raise command.execution_failed(path, error)

        return execute

    def _environ(self, path: bytes) -> list[bytes]:
        """The environment, in which `_` names the program as the shell would have."""
        launcher = self.identity.launcher
        stale = None if launcher is None else b"_=" + launcher
        return [b"_=" + path if entry == stale else entry for entry in self.identity.environ]

    def _restore(self) -> None:
        if self.death_signal:
            libc.prctl(libc.PR_SET_PDEATHSIG, self.death_signal)
        for timer, (value, interval) in self.timers:
            signal.setitimer(timer, value, interval)
        for signo in EVERY_SIGNAL:
            ignored = signo in self.ignored
            signal.signal(signo, signal.SIG_IGN if ignored else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)


def _invite_ptracer() -> bool:
    """Let any process of this user attach; without Yama there is nothing to ask for."""
    libc.prctl(libc.PR_SET_DUMPABLE, 1)
    try:
        libc.prctl(libc.PR_SET_PTRACER, libc.PR_SET_PTRACER_ANY)
    except OSError:
        return False
    return True
