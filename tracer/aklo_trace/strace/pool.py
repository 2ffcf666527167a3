"""Worker processes that read the pieces of a log."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

from aklo_trace.errors import TraceError, reason_of, remedy_of
from aklo_trace.strace.piece import Piece, read_piece
from aklo_trace.strace.slices import Task

LONGEST_PLACE: Final = 64
"""Bytes of the folder in which that of a socket is made: the path of one has 107, see unix(7)."""
SHORT_PLACE: Final = "/tmp"
KEPT_BYTES: Final = 256 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


def read_in_pool(tasks: Iterator[Task], workers: int) -> Iterator[Piece]:
    """The pieces of a log in order, read by `workers` processes. Only a few pieces more than
    there are workers are in memory at a time. Raises TraceError if a worker cannot be started or is
    killed."""
    with server() as (context, folder):
        pool = ProcessPoolExecutor(workers, context, initializer=begin, initargs=(folder,))
        waiting: deque[Future[Piece]] = deque()
        try:
            for task in tasks:
                waiting.append(_submitted(pool, task))
                if len(waiting) > workers + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise TraceError(
                "a process that was reading the strace log was killed, probably for want of "
                "memory. Free some, and try again."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, task: Task) -> Future[Piece]:
    """Starts a worker, as long as there are not all of them. Raises BrokenProcessPool, a
    RuntimeError, if one was killed."""
    try:
        return pool.submit(read_piece, task)
    except BrokenProcessPool:
        raise
    except (OSError, EOFError, RuntimeError) as error:
        raise _unstarted(error) from error


def _unstarted(error: Exception) -> TraceError:
    reason, remedy = str(error) or "one has ended", "see to memory and limits (ulimit)"
    if isinstance(error, OSError):
        reason, remedy = reason_of(error), remedy_of(error)
    return TraceError(f"The processes that read the log cannot be started: {reason}; {remedy}.")


@contextmanager
def server() -> Iterator[tuple[BaseContext, str]]:
    """The process that the workers are forked from, and the folder that `begin` is to be given.

    It is told of their ends by SIGCHLD and would wait for ever where our caller lets all signals
    wait, as the launcher does; and Ctrl-C is for us alone, also before a worker can say so, and
    not before all that there is would be removed. Its socket is in a folder of ours: Python would
    leave its own behind where we end by _exit(2).
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([read_piece.__module__])
    os.environ["PYTHONSAFEPATH"] = "1"  # it is started by -c, which would import from where we are
    with ExitStack() as cleared:
        try:
            with _signals(unblocked=signal.SIGCHLD, blocked=signal.SIGINT):
                place = TemporaryDirectory(prefix="aklo-trace-", dir=_place())
                folder = cleared.enter_context(place)
                cleared.enter_context(_server_below(folder))
                forkserver.ensure_running()
        except OSError as error:
            raise _unstarted(error) from error
        yield context, folder


def _place() -> str:
    """The folder for temporary files, unless the path of a socket would be too long there."""
    return gettempdir() if len(os.fsencode(gettempdir())) <= LONGEST_PLACE else SHORT_PLACE


@contextmanager
def _server_below(folder: str) -> Iterator[None]:
    """The server makes its socket in `folder`, and is ended after use. multiprocessing has neither
    in its interface: these are parts of it that Python 3.11 to 3.14 have."""
    own = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    own["tempdir"] = folder
    try:
        yield
    finally:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]
        own.pop("tempdir")


@contextmanager
def _signals(unblocked: signal.Signals, blocked: signal.Signals) -> Iterator[None]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [blocked])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [unblocked])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def begin(folder: str) -> None:
    """Leave interrupts to the parent, but take other signals: the parent may have to end us.
    Keep freed memory: columns come and go with every piece, and taking their pages from the
    kernel each time costs a tenth of the whole."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    threading.Thread(target=_end_with_reader, args=(folder,), daemon=True).start()
    with suppress(OSError, AttributeError):  # a C library without mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)


def _end_with_reader(folder: str) -> None:
    """A worker whose reader was killed would wait for its next piece for ever, and nobody would
    remove the folder."""
    reader = multiprocessing.parent_process()
    if reader:
        reader.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
