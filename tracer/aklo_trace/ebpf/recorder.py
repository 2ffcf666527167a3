"""The recording process: drains the rings into files until it is told to stop.

It runs without privilege, with all signals blocked, and with no descriptor of the target's.
It imports neither numpy nor pyarrow: what the kernel wrote goes to disk as it is. When the
process that started it dies, it records on until the last traced process has ended.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.layout import CONTROL, COUNTERS, EVENT, KIND_MASK, RING_HEADER_BYTES
from aklo_trace.ebpf.ring import EventRings, RecordRing, map_array, record_stride
from aklo_trace.ebpf.strangers import Strangers
from aklo_trace.ebpf.tree_losses import TreeLosses

EVENTS_FILE: Final = "events.bin"
RECORDS_FILE: Final = "records.bin"
COUNTERS_FILE: Final = "counters.bin"
MARKS_FILE: Final = "marks.bin"
"""Pairs of lengths, each two u8: events up to the first need no record beyond the second."""
TICK_SECONDS: Final = 0.1
"""Longest time that something stays in memory only."""
SNAPSHOT_NS: Final = 1_000_000_000
"""How often the accounts are written."""
LINGER_SECONDS: Final = 0.2
"""How long processes that outlive the target are still recorded."""
SETTLE_SECONDS: Final = 0.002
"""Longer than a program that had begun when recording was stopped needs to end."""
SETTLE_TRIES: Final = 500
"""A machine that runs virtual CPUs can hold one up within a program."""
BELL_BYTES: Final = 4096

_LIVE: Final = CONTROL.offset("live_processes") // 4
_TASKS: Final = CONTROL.offset("live_tasks") // 4
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

    def close(self) -> None:
        os.close(self._fd)

    def _write(self, data: memoryview) -> None:
        written = 0
        while written < len(data):
            written += os.write(self._fd, data[written:])
        self.length += written


class Accounts:
    """The kernel's counters, and this process's own in the same shape: written to one file
    that has its full size from the start, so that a full disk does not stop them."""

    def __init__(self, fd: int, cpus: int, path: Path) -> None:
        self._kernel = map_array(fd, COUNTERS.size * cpus)
        self._own = memoryview(bytearray(COUNTERS.size))
        self._counts = self._own.cast("Q")
        kernel = self._kernel.cast("Q")
        words = COUNTERS.size // 8
        self._rows = [kernel[cpu * words : (cpu + 1) * words] for cpu in range(cpus)]
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._due = 0
        os.posix_fallocate(self._fd, 0, COUNTERS.size * (1 + cpus))
        self.save()

    def save(self) -> None:
        os.pwrite(self._fd, bytes(self._own) + self._kernel, 0)

    def save_if_due(self) -> None:
        now = time.monotonic_ns()
        if now >= self._due:
            self._due = now + SNAPSHOT_NS
            self.save()

    def counted(self, name: str, words: int = 1) -> int:
        """What the kernel side has counted so far in the fields from that one on."""
        first = COUNTERS.offset(name) // 8
        return sum(sum(row[first : first + words]) for row in self._rows)

    @property
    def unwritten(self) -> int:
        """Calls and records that the disk had no room for so far."""
        return sum(self._counts)

    def lose_events(self, data: memoryview) -> None:
        for slot in data.cast("H")[EVENT.offset("nr") // 2 :: EVENT.size // 2]:
            self._counts[COUNTERS.offset("lost0") // 8 + slot] += 1

    def lose_records(self, data: memoryview) -> None:
        words, position = data.cast("I"), 0
        while position < len(data):
            kind = words[position + RING_HEADER_BYTES >> 2] & KIND_MASK
            self._counts[COUNTERS.offset("records_lost0") // 8 + kind] += 1
            position += record_stride(words[position >> 2])


@dataclass(frozen=True)
class Maps:
    """Descriptors of the maps that are read, and their sizes: `ring_events` per CPU."""

    events: int
    positions: int
    records: int
    bell: int
    controls: int
    shells: int
    strangers: int
    cpu_counters: int
    cpus: int
    ring_events: int
    record_ring_bytes: int


class Recorder:
    """Drains the rings into files below `live` until told to stop."""

    def __init__(
        self,
        maps: Maps,
        live: Path,
        calls: Callable[[], bytes],
        spools: Path | None = None,
        tree_losses: TreeLosses | None = None,
    ) -> None:
        """`spools` is where files go that grow, if not to `live`; `calls` gives the events of the
        calls that are under way; `tree_losses` is told what cannot be written, if there are several
        trees."""
        self._calls = calls
        self._tree_losses = tree_losses
        self._events = EventRings(maps.events, maps.positions, maps.cpus, maps.ring_events)
        self._records = RecordRing(maps.records, maps.record_ring_bytes)
        self._bell = RecordRing(maps.bell, BELL_BYTES)
        self._control = map_array(maps.controls, CONTROL.size, writable=True).cast("I")
        self.live_tasks = 0  # how many threads were traced when recording stopped
        self._strangers = Strangers(maps.strangers, maps.shells, self._control, live)
        self.accounts = Accounts(maps.cpu_counters, maps.cpus, live / COUNTERS_FILE)
        self._spools: tuple[Spool, ...] = ()
        self.spool_into(spools or live)

    def spool_into(self, folder: Path) -> None:
        """Write what is drained from now on into new files in this folder. Raises OSError; then it
        goes where it went."""
        wanted = (
            (EVENTS_FILE, self._lose_events),
            (RECORDS_FILE, self._lose_records),
            (MARKS_FILE, lambda _: None),
        )
        with ExitStack() as made:
            spools = [made.enter_context(closing(Spool(folder / n, lose))) for n, lose in wanted]
            made.pop_all()
        self.close_spools()
        self._spools = self._event_spool, self._record_spool, self._mark_spool = tuple(spools)

    def try_again(self) -> None:
        """Write what comes from now on, also if the disk had no room before."""
        for spool in self._spools:
            spool.error = None

    def _lose_events(self, data: memoryview) -> None:
        self.accounts.lose_events(data)
        if self._tree_losses:
            self._tree_losses.lose_events(data)

    def _lose_records(self, data: memoryview) -> None:
        self.accounts.lose_records(data)
        if self._tree_losses:
            self._tree_losses.lose_records(data)

    def close_spools(self) -> None:
        for spool in self._spools:
            spool.close()

    @property
    def spooled_bytes(self) -> int:
        return self._event_spool.length + self._record_spool.length

    @property
    def wakers(self) -> tuple[int, ...]:
        """Descriptors that can be read when there is something to do before the next tick."""
        return self._bell.fd, self._records.fd, self._strangers.ring.fd

    @property
    def error(self) -> OSError | None:
        return self._event_spool.error or self._record_spool.error

    def run(self, commands: int, *, follows: bool) -> None:
        """Until a byte comes through `commands` or its other end has died; a recorder that
        `follows` records on in that case, until no traced process is left."""
        poll = select.epoll()
        for fd in (commands, *self.wakers):
            poll.register(fd, select.EPOLLIN | select.EPOLLET)
        alone = False
        while not (alone and self._control[_LIVE] == 0):
            self.work()
            if any(fd == commands for fd, _ in poll.poll(TICK_SECONDS)):
                told = os.read(commands, 1)
                if told and follows:
                    self._linger(poll)
                if told or not follows:
                    break
                poll.unregister(commands)
                alone = True
        self.finish()

    def work(self) -> bool:
        """What is to be done at each tick. As `drain`."""
        self._strangers.answer()
        all_there = self.drain()
        self.accounts.save_if_due()
        return all_there

    def _linger(self, poll: select.epoll) -> None:
        """Give processes that the target did not wait for, such as the end of a process
        substitution, a moment to end."""
        deadline = time.monotonic() + LINGER_SECONDS
        while self._control[_LIVE] and time.monotonic() < deadline:
            self.drain()
            poll.poll(LINGER_SECONDS / 50)

    def drain(self) -> bool:
        """What an event refers to was committed before it: records taken after the events were
        counted hold all that these events need. False if they do not, as one that is still being
        written hides those behind it."""
        heads = self._events.heads()
        self._bell.clear()
        records, all_there = self._records.ready()
        if records:
            self._record_spool.append(records)
            self._records.take(len(records))
        before = self._event_spool.length
        for piece in self._events.pieces(heads):
            self._event_spool.append(piece)
        self._events.take(heads)
        if all_there and self._event_spool.length > before:
            mark = struct.pack("=QQ", self._event_spool.length, self._record_spool.length)
            self._mark_spool.append(memoryview(mark))
        return all_there

    def finish(self) -> None:
        """Record nothing more, and write down what was recorded."""
        self._control[_STOPPED] = 1
        self.live_tasks = self._control[_TASKS]
        self.drain()
        for _ in range(SETTLE_TRIES):
            time.sleep(SETTLE_SECONDS)
            if self.drain():
                break
        with suppress(OSError):  # they stay in flight
            # Nothing is drained afterwards: none comes twice.
            self._event_spool.append(memoryview(self._calls()))
        self.accounts.save()
