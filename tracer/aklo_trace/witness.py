"""A process of our group that lets every signal wait, so as to tell what was sent to whom.

The kernel does not say whether a signal was sent to a process or to its whole process group
(kill(2) looks the same at the receiver). The target, which is in our group, has had the
latter already; the former we must pass on. The witness is in the group too and takes no
signal unless asked, so what was sent to the group is pending there.

It has a second duty. When the target is stopped, the process that the shell waits for stops
as well, and a stopped process can't see that someone continued or ended the target without
it: the witness sees it, and wakes it up.

And a third: it is of the target's user, who need not be that of the process that the shell waits
for (``sudo aklo-trace --user root``), and can send the target what that process may not.
"""

from __future__ import annotations

import math
import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from enum import IntEnum, auto
from pathlib import Path
from typing import Final

from aklo_trace.ancestry import Process
from aklo_trace.errors import AkloTraceError
from aklo_trace.identity import Identity, drop_privileges

PATIENCE_S: Final = 0.01
"""How long a signal to the group may take from one member to the next. For so long, too, a
second one of its kind is taken for one to the group: the two may have become one here."""
_PAUSE_MS: Final = 200
"""How often a stopped target is looked at."""
_REQUEST_BYTES: Final = 2


class _Request(IntEnum):
    """What is asked; the number of a signal follows."""

    SAW = auto()
    GUARD = auto()
    UNGUARD = auto()
    SEND = auto()
    SEND_TO_GROUP = auto()


class Witness:
    """Fork it with every signal blocked."""

    def __init__(self, identity: Identity, target: int, pidfd: int) -> None:
        asked, self._requests = os.pipe()
        self._answers, answer = os.pipe()
        front = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _close_all_but((asked, answer, pidfd))
                drop_privileges(identity)
                _Attendant(asked, answer, front, target, pidfd).attend()
            except (AkloTraceError, OSError):
                pass  # without a witness signals count as sent to one process
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answer)

    def saw(self, signo: int) -> bool:
        """Whether this signal, which we have just taken, was sent to our whole group."""
        self._ask(_Request.SAW, signo)
        try:
            return os.read(self._answers, 1) == b"\1"
        except OSError:
            return False

    def guard(self) -> None:
        """Send us SIGCONT, again and again, once the target is no longer stopped."""
        self._ask(_Request.GUARD)

    def unguard(self) -> None:
        self._ask(_Request.UNGUARD)

    def send(self, signo: int, *, to_group: bool) -> None:
        """Send a signal to the target, or to the process group that it leads."""
        self._ask(_Request.SEND_TO_GROUP if to_group else _Request.SEND, signo)

    def leave(self) -> None:
        """Forget it, in a process forked after it."""
        os.close(self._requests)
        os.close(self._answers)

    def dismiss(self) -> None:
        """End it, also if somebody has stopped it."""
        self.leave()
        with suppress(PermissionError):  # it is another user's; it ends by itself
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _ask(self, request: _Request, signo: int = 0) -> None:
        try:
            os.write(self._requests, bytes((request, signo)))
        except BrokenPipeError:
            return  # it was killed


class _Attendant:
    """What the witness does."""

    def __init__(self, asked: int, answer: int, front: int, target: int, pidfd: int) -> None:
        self.asked = asked
        self.answer = answer
        self.front = front
        self.target = target
        self.pidfd = pidfd
        self.seen_s: dict[int, float] = {}

    def attend(self) -> None:
        while request := os.read(self.asked, _REQUEST_BYTES):
            what, signo = request
            match what:
                case _Request.SAW:
                    os.write(self.answer, b"\1" if self._saw(signo) else b"\0")
                case _Request.GUARD:
                    self._stand_guard()
                case _Request.SEND | _Request.SEND_TO_GROUP:
                    self._send(signo, to_group=what == _Request.SEND_TO_GROUP)

    def _saw(self, signo: int) -> bool:
        recently = time.monotonic() - self.seen_s.get(signo, -math.inf) < PATIENCE_S
        merges = signo < signal.SIGRTMIN  # later ones are queued, each by itself
        if not signal.sigtimedwait([signo], 0 if recently and merges else PATIENCE_S):
            return recently and merges
        self.seen_s[signo] = time.monotonic()
        return True

    def _send(self, signo: int, *, to_group: bool) -> None:
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self.pidfd, 0 if to_group else signo)
            if to_group:  # its number is still its own
                os.killpg(self.target, signo)

    def _stand_guard(self) -> None:
        asked, ended = select.poll(), select.poll()
        asked.register(self.asked, select.POLLIN)
        ended.register(self.pidfd, select.POLLIN)
        while not asked.poll(_PAUSE_MS):
            if ended.poll(0) or not Process.read(self.target).is_stopped:
                os.kill(self.front, signal.SIGCONT)


def _close_all_but(kept: Iterable[int]) -> None:
    for name in Path("/proc/self/fd").iterdir():
        descriptor = int(name.name)
        if descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                continue  # the one that listed them
