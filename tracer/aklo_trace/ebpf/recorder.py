"""The recording process: drains the rings into files until it is told to stop.

It runs without privilege, with all signals blocked, and with no descriptor of the target's.
It imports neither numpy nor pyarrow: what the kernel wrote goes to disk as it is. When the
process that started it dies, it records on until the last traced process has ended.
"""

from __future__ import annotations

import mmap
import os
import select
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.layout import CONTROL, COUNTERS, EVENT, EVENT_STRIDE, RING_HEADER_BYTES
from aklo_trace.ebpf.ring import EventRing, RecordRing, Ring, record_stride

EVENTS_FILE: Final = "events.bin"
RECORDS_FILE: Final = "records.bin"
COUNTERS_FILE: Final = "counters.bin"
MARKS_FILE: Final = "marks.bin"
"""Pairs of lengths, each two u8: events up to the first need no record beyond the second."""
TICK_SECONDS: Final = 0.1
"""Longest time that something stays in memory only."""
SNAPSHOT_NS: Final = 1_000_000_000
"""How often the accounts are written."""
SETTLE_SECONDS: Final = 0.002
"""Longer than a program that had begun when recording was stopped needs to end."""

_LIVE: Final = CONTROL.offset("live_processes") // 4
_STOPPED: Final = CONTROL.offset("stopped") // 4


class Spool:
    """A file that a ring is drained into. When it cannot grow it is cut back to whole records,
    and from then on `failed` counts what there was no room for."""

    def __init__(self, path: Path, failed: Callable[[memoryview], None]) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.length = 0
        self._failed = failed
        self.error: OSError | None = None

    def append(self, data: memoryview) -> None:
        if self.error is None:
            try:
                self._write(data)
            except OSError as error:
                self.error = error
                os.ftruncate(self._fd, self.length)
        if self.error is not None:
            self._failed(data)

    def _write(self, data: memoryview) -> None:
        written = 0
        while written < len(data):
            written += os.write(self._fd, data[written:])
        self.length += written


class Accounts:
    """The kernel's counters, and this process's own in the same shape: written to one file
    that has its full size from the start, so that a full disk does not stop them."""

    def __init__(self, fd: int, cpus: int, path: Path) -> None:
        stride = (COUNTERS.size + 7) & ~7
        size = (stride * cpus + mmap.PAGESIZE - 1) & -mmap.PAGESIZE
        self._kernel = memoryview(mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ))
        self._kernel = self._kernel[: stride * cpus]
        self._own = memoryview(bytearray(COUNTERS.size))
        self._counts = self._own.cast("Q")
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._due = 0
        self.save()

    def save(self) -> None:
        os.pwrite(self._fd, bytes(self._own) + self._kernel, 0)

    def save_if_due(self) -> None:
        now = time.monotonic_ns()
        if now >= self._due:
            self._due = now + SNAPSHOT_NS
            self.save()

    def lose_events(self, data: memoryview) -> None:
        first = (RING_HEADER_BYTES + EVENT.offset("nr")) // 2
        for slot in data.cast("H")[first :: EVENT_STRIDE // 2]:
            self._counts[COUNTERS.offset("lost0") // 8 + slot] += 1

    def lose_records(self, data: memoryview) -> None:
        words, position = data.cast("I"), 0
        while position < len(data):
            kind = words[position + RING_HEADER_BYTES >> 2]
            self._counts[COUNTERS.offset("records_lost0") // 8 + kind] += 1
            position += record_stride(words[position >> 2])


class Recorder:
    """Drains both rings until told to stop through `commands`, a pipe."""

    def __init__(
        self,
        events: EventRing,
        records: RecordRing,
        control_fd: int,
        counters_fd: int,
        cpus: int,
        live: Path,
    ) -> None:
        self._events, self._records = events, records
        control = mmap.mmap(control_fd, mmap.PAGESIZE, mmap.MAP_SHARED)
        self._control = memoryview(control)[: CONTROL.size].cast("I")
        self.accounts = Accounts(counters_fd, cpus, live / COUNTERS_FILE)
        self._event_spool = Spool(live / EVENTS_FILE, self.accounts.lose_events)
        self._record_spool = Spool(live / RECORDS_FILE, self.accounts.lose_records)
        self._mark_spool = Spool(live / MARKS_FILE, lambda _: None)

    @property
    def error(self) -> OSError | None:
        return self._event_spool.error or self._record_spool.error

    def run(self, commands: int) -> None:
        """Until a byte comes through `commands`; or, when its other end has died, until no
        traced process is left."""
        poll = select.epoll()
        for fd in (commands, self._events.fd, self._records.fd):
            poll.register(fd, select.EPOLLIN | select.EPOLLET)
        alone = False
        while not (alone and self._control[_LIVE] == 0):
            self.drain()
            self.accounts.save_if_due()
            if any(fd == commands for fd, _ in poll.poll(TICK_SECONDS)):
                if os.read(commands, 1):
                    break
                poll.unregister(commands)
                alone = True
        self._finish()

    def drain(self) -> None:
        """What an event refers to was committed before it: records taken after the events were
        looked at hold all that these events need."""
        events = self._events.ready()
        _move(self._records, self._record_spool, self._records.ready())
        _move(self._events, self._event_spool, events)
        if events:
            mark = struct.pack("=QQ", self._event_spool.length, self._record_spool.length)
            self._mark_spool.append(memoryview(mark))

    def _finish(self) -> None:
        self._control[_STOPPED] = 1
        self.drain()
        time.sleep(SETTLE_SECONDS)
        self.drain()
        self.accounts.save()


def _move(ring: Ring, spool: Spool, data: memoryview) -> None:
    if data:
        spool.append(data)
        ring.take(len(data))
