"""The process that watches: it drains the rings into segments, notes which trees of processes
begin and end, and has traces made of those that have ended.

Its memory does not grow with what it records: it keeps a few numbers for each tree that lives, and
everything else goes to files. Sorting and making traces is done by a child, one at a time.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import address_space
from aklo_trace.afterwork import ENDING
from aklo_trace.cli import complain, explained
from aklo_trace.ebpf.backlog import Backlog, Batch
from aklo_trace.ebpf.layout import MOST_TREES, RECORD_SLOTS, ROOT_PROCESS_BITS, SYSCALL_SLOTS
from aklo_trace.ebpf.recorder import TICK_SECONDS, Accounts, Maps, Recorder
from aklo_trace.ebpf.session import start_facts
from aklo_trace.ebpf.watch_spool import (
    SPOOL,
    Ended,
    RootFacts,
    WatchSpool,
    abandoned,
    recording_into,
)
from aklo_trace.ebpf.watching import Roots, WatchTerms
from aklo_trace.errors import AkloTraceError, CaptureError

SEGMENT_BYTES: Final = 32 << 20
"""How large a segment becomes."""
PAUSE_S: Final = 1.0
"""Between the end of one child and the next, so that many short commands share one."""
TELL_S: Final = 1.0
"""Between one word on losses and the next."""
RETRY_S: Final = 60.0
"""After which it is tried again to keep what could not be kept."""
BATCH_TREES: Final = 50
"""Of which one child makes traces."""
MOST_FAILURES: Final = 3
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM: Final = 3
"""The status of a child that the disk had no room for."""
NICENESS: Final = 10
MOST_PROCESSES: Final = (1 << ROOT_PROCESS_BITS) - 1
"""Of one tree."""
LOSSES: Final[tuple[tuple[Callable[[Accounts], int], str], ...]] = (
    (
        lambda accounts: accounts.counted("trees_lost"),
        "{} programs were not traced: when they began, as many trees of processes as can be "
        f"traced at once were alive ({MOST_TREES}). Watch for fewer, with --match.",
    ),
    (
        lambda accounts: accounts.counted("tasks_lost"),
        "{} programs or threads were not traced: the kernel had no memory for them, or their tree "
        f"had more processes than can be told apart ({MOST_PROCESSES:,}). Free memory.",
    ),
    (
        lambda accounts: accounts.counted("lost0", SYSCALL_SLOTS),
        "{} calls were lost: more happened at once than there was room for. A larger --ring-size "
        "gives more.",
    ),
    (
        lambda accounts: accounts.counted("records_lost0", RECORD_SLOTS),
        "{} details of calls and processes were lost: more happened at once than there was room "
        "for. A larger --ring-size gives more.",
    ),
    (
        lambda accounts: accounts.unwritten,
        "{} calls, and details of calls and processes, could not be written to the disk. Make "
        f"room, or give another directory with {SPOOL}.",
    ),
)
"""How many there are so far, and what to say of them."""


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
        """`calls` as for `Recorder`. Raises StoreError."""
        self._spool, self._terms = spool, terms
        self._number = 0
        with recording_into(spool):
            self._recorder = Recorder(
                maps, spool.folder, calls, spool.begin_segment(0), tree_losses=roots.losses
            )
        self._roots = roots
        self._live: dict[int, RootFacts] = {}
        self._unnoted: list[RootFacts] = []  # there was no room to
        self._ended: list[Ended] = []  # their slots are free when the segment is closed
        self._backlog = Backlog()
        self._at_work: _Work | None = None
        self._due_s = 0.0
        self._retry_s = 0.0
        self._failures = 0
        self._tell_s = 0.0
        self._full_s = 0.0
        self._lost = [0] * len(LOSSES)

    def run(self, asked: int) -> None:
        """Until `asked` can be read. Raises CaptureError, StoreError."""
        poll = select.epoll()
        poll.register(asked, select.EPOLLIN)
        for fd in self._recorder.wakers:
            poll.register(fd, select.EPOLLIN | select.EPOLLET)
        while not any(fd == asked for fd, _ in poll.poll(TICK_SECONDS)):
            self._work()
        self._finish()

    def _work(self) -> None:
        ended = [tree for tree in self._live.values() if not self._roots.is_live(tree.root)]
        is_whole = self._take()
        if is_whole:
            for tree in ended:
                self._end(tree, 0)
        with self._as_room_allows():
            self._note()
        self._reap(os.WNOHANG)
        if time.monotonic() >= self._tell_s:
            self._tell_losses()
            self._recorder.try_again()
        if time.monotonic() >= self._retry_s:
            self._backlog.try_again()
        is_due = self._is_batch_due()
        if is_whole and (is_due or self._should_close_segment()):
            with self._as_room_allows():
                self._close_segment()
        if is_due and self._backlog:
            self._begin_batch(BATCH_TREES)

    def _take(self) -> bool:
        """Drain the rings, then read which trees have begun: of each call that was drained it is
        known then to which tree it belongs, and of each tree that had ended before, all that it
        has done is in the segment. False if something is still being written: then it is not so.
        """
        with recording_into(self._spool):
            records_are_all = self._recorder.work()
            return self._note_beginnings() and records_are_all

    def _note_beginnings(self) -> bool:
        begun, are_all = self._roots.begun()
        for root in begun:
            start = start_facts(self._terms.sample_hz, self._terms.attribution)
            facts = RootFacts(root, start, self._terms.filter, self._number)
            self._unnoted.append(facts)
            self._live[root.serial] = facts
        return are_all

    def _note(self) -> None:
        """Keep what is known of trees that have begun. Raises OSError."""
        while self._unnoted:
            self._spool.note(self._unnoted[0])
            del self._unnoted[0]

    @contextmanager
    def _as_room_allows(self) -> Iterator[None]:
        """Within, the spool is written. If its disk is full, that is to be tried again. Raises
        StoreError for another OSError."""
        with recording_into(self._spool):
            try:
                yield
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self._tell_full()

    def _tell_full(self) -> None:
        if time.monotonic() < self._full_s:
            return
        self._full_s = time.monotonic() + RETRY_S
        complain(
            f"The disk of {self._spool.folder} is full. What cannot be recorded is counted, and "
            f"the watch goes on. Make room, or give another directory with {SPOOL}."
        )

    def _end(self, facts: RootFacts, live_tasks: int) -> None:
        root, losses = facts.root, self._roots.losses
        del self._live[root.serial]
        self._ended.append(
            Ended(
                facts,
                self._number,
                self._roots.attempts(root),
                losses.for_want_of_memory(root.slot),
                losses.for_want_of_disk(root.slot),
                live_tasks,
            )
        )

    def _is_batch_due(self) -> bool:
        if self._at_work or time.monotonic() < self._due_s:
            return False
        return bool(self._backlog or self._ended)

    def _should_close_segment(self) -> bool:
        """When it is large, or slots get few."""
        free = MOST_TREES - len(self._live) - len(self._ended)
        return self._recorder.spooled_bytes >= SEGMENT_BYTES or len(self._ended) > free // 2

    def _close_segment(self) -> None:
        """What follows goes into another, in which slots may be other trees'. Raises OSError; then
        all is as it was."""
        self._note()
        for tree in self._ended:
            self._spool.note_end(tree)
        self._recorder.spool_into(self._spool.begin_segment(self._number + 1))
        self._backlog.segments.append(self._spool.segment(self._number))
        self._number += 1
        for tree in self._ended:
            self._roots.free(tree.facts.root)
        self._backlog.ended += self._ended
        self._ended = []

    def _begin_batch(self, most: int) -> None:
        """Have all closed segments sorted, and traces made of up to `most` trees."""
        batch = self._backlog.batch(most)
        living = [tree.span for tree in self._live.values()]
        ended = [tree.span for tree in (*self._ended, *self._backlog.ended)]

        def work() -> None:
            from aklo_trace.ebpf.harvest import harvest

            harvest(self._spool, batch.segments, [*living, *ended], batch.made, self._terms)

        try:
            self._at_work = _Work(in_child(work), batch)
        except OSError as error:
            self._fail(f"No process that makes traces can be started: {explained(error)}")

    def _tell_losses(self) -> None:
        """A program that could not be traced at all has no trace that would say so."""
        lost = [count(self._recorder.accounts) for count, _ in LOSSES]
        for (_, text), before, now in zip(LOSSES, self._lost, lost, strict=True):
            if now > before:
                complain(text.format(now - before))
        self._lost = lost
        self._tell_s = time.monotonic() + TELL_S

    def _reap(self, options: int) -> None:
        """Take note of the end of the child, if there is one and it has ended."""
        if not self._at_work:
            return
        pid, status = os.waitpid(self._at_work.pid, options)
        if not pid:
            return
        batch, self._at_work = self._at_work.batch, None
        self._due_s = time.monotonic() + PAUSE_S
        if os.waitstatus_to_exitcode(status) == NO_ROOM:
            self._due_s = time.monotonic() + RETRY_S
            self._tell_full()
        elif status:
            self._fail("The process that makes traces failed; what it was at is kept.")
        else:
            self._failures = 0
            self._put_away(batch)

    def _fail(self, said: str) -> None:
        """No traces were made this time. Raises CaptureError if that is so again and again."""
        complain(said)
        self._failures += 1
        self._due_s = time.monotonic() + PAUSE_S
        if self._failures >= MOST_FAILURES:
            raise CaptureError(
                f"No traces can be made. What was recorded is kept in {self._spool.folder}; the "
                "next 'aklo-trace watch' tries again."
            )

    def _put_away(self, batch: Batch) -> None:
        before = len(self._backlog.unmade)
        self._backlog.done(batch, lambda tree: self._spool.has(tree.facts.root))
        if len(self._backlog.unmade) > before:
            self._retry_s = time.monotonic() + RETRY_S

    def _finish(self) -> None:
        """Make traces of all there is. Who cannot wait can ask again: that is left to the next
        watch then."""
        for signo in ENDING:
            signal.signal(signo, signal.SIG_DFL)
        with recording_into(self._spool):
            self._recorder.finish()
            self._note_beginnings()
        self._tell_losses()
        self._reap(0)
        for tree in list(self._live.values()):
            self._end(tree, int(self._roots.is_live(tree.root)))
        with recording_into(self._spool):
            self._close_segment()
        self._backlog.try_again()
        self._begin_batch(sys.maxsize)
        self._reap(0)
        if self._backlog or self._backlog.unmade:
            complain(
                f"What is not in traces is kept in {self._spool.folder}; the next 'aklo-trace "
                "watch' tries again."
            )
        else:
            self._spool.remove()


def recover(parent: Path, terms: WatchTerms) -> None:
    """Make traces of what watches have left that were killed."""

    def work() -> None:
        for spool, _lock in abandoned(parent):
            try:
                _take_up(spool, terms)
            except Exception as error:  # noqa: BLE001 - said in words; there may be others
                complain(
                    f"What a watch has left in {spool.folder} cannot be made into traces: "
                    f"{explained(error)} It is kept."
                )

    os.waitpid(in_child(work), 0)


def _take_up(spool: WatchSpool, terms: WatchTerms) -> None:
    from aklo_trace.ebpf.harvest import harvest

    trees = list(spool.trees())
    spans = [tree.span for tree in trees]
    harvest(spool, spool.recorded_segments(), spans, trees, terms)
    if not any(spool.trees()):
        spool.remove()


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
        address_space.spare()
        work()
        status = 0
    except AkloTraceError as error:
        complain(error)
    except Exception as error:  # noqa: BLE001 - said in words; the parent goes on
        status = NO_ROOM if isinstance(error, OSError) and error.errno in FULL else status
        complain(explained(error))
    finally:
        os._exit(status)
