"""Standing in for the target: what the shell does to the process it waits for, happens to
the target, and what happens to the target, the shell sees.

Terminal, session and process group are the target's own. So Ctrl-C reaches it by itself;
signals sent to this process alone are passed on to it. When it stops, this process stops
in the same way and the shell has its prompt back; continued, it continues the target.

What happens to this process itself stays its own: a fault ends it at once, also with signals
blocked, and what the kernel sends it otherwise, as SIGXCPU, is not passed on. The target goes on
then as if nobody had waited for it.

What can't be done: SIGKILL and SIGSTOP sent to this process alone do not reach the target;
a signal that is passed on names this process as its sender and has lost its value; two of a
kind, one to the group and one to this process within 10 ms, become one.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from aklo_trace.ancestry import Process
from aklo_trace.errors import AkloTraceError
from aklo_trace.target import HeldTarget
from aklo_trace.waiting_signals import EVERY_SIGNAL

_SI_KERNEL: Final = 0x80
"""si_code of a signal that the kernel made, such as Ctrl-C at the terminal; see sigaction(2)."""

_OF_A_PROCESS: Final = frozenset(
    (
        *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP),
        *(signal.SIGSYS, signal.SIGXCPU),
    )
)
"""What the kernel sends because of what a process did itself: no fault of ours is the target's."""
_STOPS: Final = frozenset((signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU))
_UNDONE_BY: Final[dict[int, frozenset[signal.Signals]]] = {
    signal.SIGCONT: _STOPS,
    **dict.fromkeys(_STOPS, frozenset((signal.SIGCONT,))),
}
"""The kernel discards these when the other comes, in the witness as well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the target ended. Exactly one of `exit_status` and `signal` is known.

    `failure` tells why it could not be executed; `exit_status` is then 126 or 127.
    `interrupted`: the user typed Ctrl-C meanwhile.
    """

    exit_status: int | None
    signal: int | None
    started_ns: int  # since the epoch
    ended_ns: int
    interrupted: bool = False
    failure: AkloTraceError | None = None

    @property
    def shell_status(self) -> int:
        """What a shell gives as ``$?``."""
        return 128 + self.signal if self.signal is not None else self.exit_status or 0


def supervise(held: HeldTarget) -> Outcome:
    """Wait until the released target has ended.

    Signals stay blocked afterwards, so that the files of the recording can be finished in peace;
    then call `held.unblock_signals()`.
    """
    supervisor = _Supervisor(held)
    while (ended := supervisor.ended()) is None:
        supervisor.take_signal()
    while supervisor.take_pending_signal():  # the last ones may be from the target to its parent
        pass
    outcome = _outcome(ended, held, supervisor.interrupted)
    held.dismiss()
    return outcome


def exit_as(outcome: Outcome) -> NoReturn:
    """Exit with the target's status, 128 + n after signal n.

    If Ctrl-C ended the target, this process dies of SIGINT too: a shell that runs us in a
    script or a loop would go on with the next command otherwise. ``$?`` is 130 both ways.
    """
    if outcome.interrupted and outcome.signal == signal.SIGINT:
        _flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(outcome.shell_status)


class _Supervisor:
    def __init__(self, held: HeldTarget) -> None:
        self.held = held
        self.interrupted = False
        self.had_terminal = False

    def ended(self) -> os.waitid_result | None:
        """How the target ended; None if it has not. Stops as it does."""
        options = os.WEXITED | os.WSTOPPED | os.WNOHANG
        while state := os.waitid(os.P_PID, self.held.pid, options):
            if state.si_code not in (os.CLD_STOPPED, os.CLD_TRAPPED):
                return state
            self._stop(state.si_status)
        return None

    def take_signal(self) -> None:
        """Wait for a signal and pass it on."""
        self._pass_on(signal.sigwaitinfo(EVERY_SIGNAL))

    def take_pending_signal(self) -> bool:
        """Pass a signal on that has come; False if there is none."""
        info = signal.sigtimedwait(EVERY_SIGNAL, 0)
        if info:
            self._pass_on(info)
        return info is not None

    def _pass_on(self, info: signal.struct_siginfo) -> None:
        signo = info.si_signo
        from_child = signo == signal.SIGCHLD and 0 < info.si_code < _SI_KERNEL
        is_own = signo in _OF_A_PROCESS and info.si_code > 0
        if from_child or is_own or info.si_pid in (os.getpid(), self.held.witness.pid):
            return
        to_group = self.held.witness.saw(signo)
        if signo == signal.SIGINT and info.si_code == _SI_KERNEL:
            self.interrupted = True
        if _UNDONE_BY.get(signo, frozenset()) & signal.sigpending():
            return
        if to_group:
            self._to_group(signo)
        elif info.si_pid == self.held.pid:  # meant for its parent, which would be ours
            with suppress(ProcessLookupError, PermissionError):
                os.kill(os.getppid(), signo)
        else:
            self._send(signo, to_group=False)

    def _to_group(self, signo: int) -> None:
        """The target has it already, unless it has moved to a group of its own. Where the shell
        made a group for us, it would have been the leader of that and not have had to move."""
        with suppress(ProcessLookupError):
            if self._leads() and os.getpgrp() == os.getpid():
                self._send(signo, to_group=True)

    def _send(self, signo: int, *, to_group: bool) -> None:
        self._return_terminal(signo)
        try:
            if to_group:
                os.killpg(self.held.pid, signo)
            else:
                signal.pidfd_send_signal(self.held.pidfd, signo)
        except PermissionError:  # it is another user's, as the witness is
            self.held.witness.send(signo, to_group=to_group)
        except ProcessLookupError:
            pass

    def _leads(self) -> bool:
        return os.getpgid(self.held.pid) == self.held.pid

    def _stop(self, signo: int) -> None:
        """Stop as the target did, until we are continued or the target is."""
        self.had_terminal = self._leads() and _foreground() == self.held.pid
        self.held.witness.guard()
        if Process.read(self.held.pid).is_stopped:  # else it has been continued meanwhile
            if signo != signal.SIGSTOP:
                signal.signal(signo, signal.SIG_DFL)
            os.kill(os.getpid(), signo)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signo])  # here it stops
            signal.pthread_sigmask(signal.SIG_BLOCK, [signo])
        self.held.witness.unguard()

    def _return_terminal(self, signo: int) -> None:
        """Give the terminal back to a target that had it, if the shell has given it to us."""
        if signo == signal.SIGCONT and self.had_terminal and _foreground() == os.getpgrp():
            _foreground(self.held.pid)


def _foreground(group: int | None = None) -> int | None:
    """The foreground process group of our terminal, after making it `group`; None without a
    terminal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        if group is not None:
            os.tcsetpgrp(terminal, group)
        return os.tcgetpgrp(terminal)
    except OSError:
        return None
    finally:
        os.close(terminal)


def _outcome(ended: os.waitid_result, held: HeldTarget, interrupted: bool) -> Outcome:
    ended_ns = time.time_ns()
    exited = ended.si_code == os.CLD_EXITED
    return Outcome(
        exit_status=ended.si_status if exited else None,
        signal=None if exited else ended.si_status,
        started_ns=held.started_ns,
        ended_ns=ended_ns,
        interrupted=interrupted,
        failure=held.failure(),
    )


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream:
            stream.flush()
