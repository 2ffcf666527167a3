"""Worker processes that read the pieces of a log."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Final

from aklo_trace.errors import TraceError
from aklo_trace.strace.piece import Piece, read_piece
from aklo_trace.strace.slices import Task

KEPT_BYTES: Final = 256 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


def read_in_pool(tasks: Iterator[Task], workers: int) -> Iterator[Piece]:
    """The pieces of a log in order, read by `workers` processes. Only a few pieces more than
    there are workers are in memory at a time. Raises TraceError if a worker is killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([read_piece.__module__])
    pool = ProcessPoolExecutor(workers, context, initializer=_begin)
    waiting: deque[Future[Piece]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(read_piece, task))
            if len(waiting) > workers + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise TraceError(
            "a process that was reading the strace log was killed, probably for want of memory. "
            "Try again with fewer workers."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Leave interrupts to the parent. Keep freed memory: columns come and go with every piece,
    and taking their pages from the kernel each time costs a tenth of the whole."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):  # a C library without mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)
