"""Run aklo for the wrapper: traced and stored, or, where that cannot be, as it is.

PROGRAM is the real aklo. Its output, status and signals are its own; tables and summary of the
trace are made behind it. See docs/aklo.md, and 'aklo-trace install-wrapper'.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from aklo_trace import libc
from aklo_trace.ancestry import WRAPPED, ancestors
from aklo_trace.cli import complain, explained
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.errors import AkloTraceError
from aklo_trace.heir import Heir
from aklo_trace.identity import drop_privileges, invoking, ourselves
from aklo_trace.places import Asker

ENABLED: Final = "monitoring.enabled"
DASHBOARD: Final = "monitoring.dashboard_enabled"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("program", metavar="PROGRAM", help="the real aklo")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="its arguments")


def run(options: argparse.Namespace) -> int:
    program, words = options.program, options.arguments
    with suppress(OSError):  # with capabilities of its file a process hides from its own user
        libc.prctl(libc.PR_SET_DUMPABLE, 1)
    try:
        if _is_nested():
            _become(program, words)
        asker = Asker.of(invoking(), [program])
        if not asker.configuration.value(ENABLED, bool):
            _become(program, words)
        if words[:2] == ["monitor", "dashboard"] and _shows_dashboard(asker):
            return _monitor(asker)
        epilogue = _epilogue(words, asker)
        is_traced = EbpfEngine().probe().usable
    except Exception as error:  # noqa: BLE001 - aklo was asked for, and not its trace
        _step_aside(error)
        _become(program, words)
    if is_traced:
        return _traced(program, words, epilogue)
    if epilogue is None:
        return _become(program, words)
    return _untraced(program, words, asker, epilogue)


def _become(program: str, words: list[str]) -> NoReturn:
    """The real aklo, in this very process, with the signals and variables that it would have."""
    sys.stdout.flush()
    argv = [os.fsencode(word) for word in (program, *words)]
    try:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        heir = Heir(argv, ourselves(), mask, ptracer=False)
    except OSError:  # what they were cannot be read
        os.execv(program, [program, *words])
    heir.take_over()


def _step_aside(error: BaseException) -> None:
    why = error if isinstance(error, AkloTraceError) else explained(error)
    complain(f"aklo is not traced: {why}")


def _is_nested() -> bool:
    """Whether an aklo that is wrapped has started this one: it is traced with that."""
    for process in ancestors():
        with suppress(OSError):
            words = process.cmdline()
            if WRAPPED in words[:6] and any(b"aklo_trace" in word for word in words[:5]):
                return True
    return False


def _shows_dashboard(asker: Asker) -> bool:
    return asker.configuration.value(DASHBOARD, bool)


Epilogue = Callable[[Path | None], None]
"""What is shown after a command; it is given the trace of it, if there is one."""


def _epilogue(words: list[str], asker: Asker) -> Epilogue | None:
    from aklo_trace import epilogues

    match words[:2]:
        case ["status", *_] if _shows_dashboard(asker):
            return lambda _: epilogues.status(asker)
        case ["cache", "status"]:
            return lambda _: epilogues.cache_status(asker)
        case ["cache", "benchmark"]:
            return lambda trace: epilogues.cache_benchmark(asker, trace)
    return None


def _monitor(asker: Asker) -> int:
    from aklo_trace import epilogues, ongoing

    _become_asker(asker)
    if sys.stdin.isatty() and sys.stdout.isatty() and any(ongoing.ongoing(asker.stores())):
        os.execv(sys.executable, [sys.executable, "-I", "-m", "aklo_trace", "dashboard"])
    epilogues.status(asker, sys.stdout)
    return 0


def _become_asker(asker: Asker) -> None:
    """Under sudo: root is for aklo alone."""
    if not asker.identity.is_ours:
        drop_privileges(asker.identity)


def _untraced(program: str, words: list[str], asker: Asker, epilogue: Epilogue) -> NoReturn:
    """As it is, under sudo as root, and something after it, as the user whose traces they are."""
    from aklo_trace.supervise import exit_as, supervise
    from aklo_trace.target import hold

    try:
        held = hold([os.fsencode(word) for word in (program, *words)], ourselves())
    except Exception as error:  # noqa: BLE001 - see run()
        _step_aside(error)
        _become(program, words)
    held.release()
    outcome = supervise(held)
    held.unblock_signals()
    if outcome.failure:
        complain(outcome.failure)
    elif outcome.signal is None:
        _show(lambda: _after(asker, epilogue))
    exit_as(outcome)


def _after(asker: Asker, epilogue: Epilogue) -> None:
    _become_asker(asker)
    epilogue(None)


def _traced(program: str, words: list[str], epilogue: Epilogue | None) -> NoReturn:
    from aklo_trace.commands import record

    parser = argparse.ArgumentParser()
    record.configure(parser)
    given = parser.parse_args(["--quiet", "--engine", "ebpf", "--", program, *words])
    given.debug, given.wrapped, given.directory = False, True, None
    given.behind = words[:2] != ["cache", "benchmark"]
    if os.geteuid() == 0 and "SUDO_UID" in os.environ:
        given.user = "root"
    try:
        out, err = os.dup(1), os.dup(2)
        record.run(given)
    except Exception as error:
        if given.directory:  # it has run
            raise
        _step_aside(error)
        _become(program, words)
    except SystemExit as ended:
        if epilogue is not None:
            os.dup2(out, 1)
            os.dup2(err, 2)
            _show(lambda: epilogue(given.directory))
        raise ended from None
    raise AssertionError


def _show(epilogue: Callable[[], None]) -> None:
    """What is shown keeps nobody from the status of the command."""
    try:
        epilogue()
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - said in words
        complain(explained(error))
