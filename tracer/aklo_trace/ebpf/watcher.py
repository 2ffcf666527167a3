"""The process that watches: it drains the rings into segments, notes which trees of processes
begin and end, and has traces made of those that have ended.

Its memory does not grow with what it records: it keeps a few numbers for each tree that lives, and
everything else goes to files. Sorting and making traces is done by a child, one at a time.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace.afterwork import ENDING, spare_threads
from aklo_trace.cli import complain
from aklo_trace.ebpf.backlog import Backlog, Batch
from aklo_trace.ebpf.recorder import TICK_SECONDS, Maps, Recorder
from aklo_trace.ebpf.session import start_facts
from aklo_trace.ebpf.watch_spool import Ended, RootFacts, WatchSpool, abandoned
from aklo_trace.ebpf.watching import Roots, WatchTerms
from aklo_trace.errors import CaptureError

SEGMENT_BYTES: Final = 32 << 20
"""How large a segment becomes."""
PAUSE_S: Final = 1.0
"""Between the end of one child and the next, so that many short commands share one."""
BATCH_TREES: Final = 50
"""Of which one child makes traces. A tree's slot is free once it is sorted, which is quick."""
MOST_FAILURES: Final = 3
NICENESS: Final = 10


@dataclass
class _Work:
    """What a child is at."""

    pid: int
    batch: Batch


class Watcher:
    """Records into `spool` until it is asked to end."""

    def __init__(
        self,
        maps: Maps,
        roots: Roots,
        calls: Callable[[], bytes],
        spool: WatchSpool,
        terms: WatchTerms,
    ) -> None:
        """`calls` as for `Recorder`."""
        self._spool, self._terms = spool, terms
        self._number = 0
        self._recorder = Recorder(
            maps, spool.folder, calls, spool.begin_segment(0), tree_losses=roots.losses
        )
        self._roots = roots
        self._live: dict[int, RootFacts] = {}
        self._backlog = Backlog()
        self._at_work: _Work | None = None
        self._due_s = 0.0
        self._failures = 0
        self._lost = 0

    def run(self, asked: int) -> None:
        """Until `asked` can be read. Raises CaptureError, OSError."""
        poll = select.epoll()
        poll.register(asked, select.EPOLLIN)
        for fd in (*self._recorder.wakers, self._roots.ring.fd):
            poll.register(fd, select.EPOLLIN | select.EPOLLET)
        while not any(fd == asked for fd, _ in poll.poll(TICK_SECONDS)):
            self._work()
        self._finish()

    def _work(self) -> None:
        self._note_beginnings()
        ended = [tree for tree in self._live.values() if not self._roots.is_live(tree.root)]
        self._recorder.work()  # after that, all that these have done is in the segment
        for tree in ended:
            self._end(tree, 0)
        self._reap(os.WNOHANG)
        large = self._recorder.spooled_bytes >= SEGMENT_BYTES
        if large:
            self._close_segment()
        is_due = large or time.monotonic() >= self._due_s
        if is_due and not self._at_work and self._backlog:
            self._begin_batch()

    def _note_beginnings(self) -> None:
        for root in self._roots.begun():
            start = start_facts(self._terms.sample_hz, self._terms.attribution)
            facts = RootFacts(root, start, self._terms.filter)
            self._spool.note(facts)
            self._live[root.serial] = facts

    def _end(self, facts: RootFacts, live_tasks: int) -> None:
        root, losses = facts.root, self._roots.losses
        del self._live[root.serial]
        self._backlog.ended.append(
            Ended(
                facts,
                self._roots.attempts(root),
                losses.for_want_of_memory(root.slot),
                losses.for_want_of_disk(root.slot),
                live_tasks,
            )
        )

    def _close_segment(self) -> None:
        self._backlog.segments.append(self._spool.segment(self._number))
        self._number += 1
        before = self._recorder
        before.close_spools()
        before.spool_into(self._spool.begin_segment(self._number))

    def _begin_batch(self, most: int = BATCH_TREES) -> None:
        """Have all that is there sorted, and traces made of up to `most` trees."""
        self._close_segment()
        self._tell_loss()
        batch = self._backlog.batch(most)
        trees = [*self._live.values(), *(tree.facts for tree in batch.ended)]

        def work() -> None:
            from aklo_trace.ebpf.harvest import harvest

            harvest(self._spool, batch.segments, trees, batch.made, self._terms)

        self._at_work = _Work(in_child(work), batch)

    def _tell_loss(self) -> None:
        """A program that could not be traced at all has no trace that would say so."""
        lost = self._recorder.accounts.details_lost()
        if lost > self._lost:
            complain(
                f"{lost - self._lost} processes or their details were lost: more happened at once "
                "than there was room for. A larger --ring-size gives more."
            )
        self._lost = lost

    def _reap(self, options: int) -> None:
        """Take note of the end of the child, if there is one and it has ended."""
        if not self._at_work:
            return
        pid, status = os.waitpid(self._at_work.pid, options)
        if not pid:
            return
        if status:
            self._failures += 1
            complain("The process that makes traces failed; what it was at is kept.")
        else:
            self._failures = 0
            self._put_away(self._at_work.batch)
        self._at_work = None
        self._due_s = time.monotonic() + PAUSE_S
        if self._failures >= MOST_FAILURES:
            raise CaptureError(
                f"No traces can be made. What was recorded is kept in {self._spool.folder}; the "
                "next 'aklo-trace watch' tries again."
            )

    def _put_away(self, batch: Batch) -> None:
        """All of it is done: a slot may be another tree's once its calls are sorted, not before."""
        self._backlog.done(batch)
        for tree in batch.ended:
            self._roots.free(tree.facts.root)

    def _finish(self) -> None:
        """Make traces of all there is. Who cannot wait can ask again: that is left to the next
        watch then."""
        for signo in ENDING:
            signal.signal(signo, signal.SIG_DFL)
        self._recorder.finish()
        self._note_beginnings()
        self._reap(0)
        for tree in list(self._live.values()):
            self._end(tree, int(self._roots.is_live(tree.root)))
        self._begin_batch(sys.maxsize)
        self._reap(0)
        if not self._failures:
            self._spool.remove()


def recover(parent: Path, terms: WatchTerms) -> None:
    """Make traces of what watches have left that were killed."""

    def work() -> None:
        from aklo_trace.ebpf.harvest import harvest

        for spool, _lock in abandoned(parent):
            trees = list(spool.facts())
            ended = [Ended(facts, interrupted=True) for facts in trees]
            harvest(spool, spool.recorded_segments(), trees, ended, terms)
            spool.remove()

    os.waitpid(in_child(work), 0)


def in_child(work: Callable[[], None]) -> int:
    """Begin to do it in a child, which nobody but us ends, after everything else there is to do;
    its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for signo in ENDING:
            signal.signal(signo, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(NICENESS)
        spare_threads()
        work()
        status = 0
    except Exception as error:  # noqa: BLE001 - said in words; the parent goes on
        complain(error)
    finally:
        os._exit(status)
