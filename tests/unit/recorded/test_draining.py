"""Rings in memory, and the files that they are drained into."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from mmap import PAGESIZE
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import Accounts, Spool
from aklo_trace.ebpf.ring import EventRings, RecordRing, record_stride

from .spools import WORDS, Spools

CAPACITY = 7
SIZE = 4096


class Memory:
    """A map's memory, which a ring can map as it maps the kernel's."""

    def __init__(self, size: int) -> None:
        self.fd = os.memfd_create("ring")
        os.truncate(self.fd, (size + PAGESIZE - 1) & -PAGESIZE)

    def write(self, place: int, content: bytes) -> None:
        os.pwrite(self.fd, content, place)

    def word(self, place: int) -> int:
        (value,) = struct.unpack("=Q", os.pread(self.fd, 8, place))
        return int(value)


class Rings:
    """The event rings of two CPUs, from the kernel's side."""

    def __init__(self) -> None:
        self.events = Memory(2 * CAPACITY * layout.EVENT.size)
        self.positions = Memory(2 * layout.RING_POSITION.size)
        self.rings = EventRings(self.events.fd, self.positions.fd, 2, CAPACITY)
        self.heads = [0, 0]
        self.count = 0

    def _place(self, cpu: int, field: str) -> int:
        return cpu * layout.RING_POSITION.size + layout.RING_POSITION.offset(field)

    def write(self, cpu: int) -> int | None:
        """One event; its number, or None if the ring is full."""
        if self.heads[cpu] - self.positions.word(self._place(cpu, "tail")) == CAPACITY:
            return None
        self.count += 1
        slot = cpu * CAPACITY + self.heads[cpu] % CAPACITY
        self.events.write(slot * layout.EVENT.size, layout.EVENT.pack(start_ns=self.count))
        self.heads[cpu] += 1
        self.positions.write(self._place(cpu, "head"), struct.pack("=Q", self.heads[cpu]))
        return self.count

    def drain(self, heads: list[int]) -> list[int]:
        """The numbers of the events up to `heads`."""
        content = b"".join(bytes(piece) for piece in self.rings.pieces(heads))
        self.rings.take(heads)
        size = layout.EVENT.size
        return [struct.unpack_from("=Q", content, at)[0] for at in range(0, len(content), size)]


@given(st.lists(st.sampled_from(["0", "1", "drain", "look", "drain what was seen"]), max_size=80))
def test_events_are_drained_once_and_in_order_of_their_cpu(steps: list[str]) -> None:
    rings = Rings()
    waiting: list[list[int]] = [[], []]
    drained: list[int] = []
    expected: list[int] = []
    seen = [0, 0]
    for step in steps:
        if step.isdecimal():
            number = rings.write(int(step))
            if number is not None:
                waiting[int(step)].append(number)
        elif step == "look":
            seen = rings.rings.heads()
        else:
            heads = seen if step.endswith("seen") else rings.rings.heads()
            assert rings.rings.heads() == rings.heads
            for cpu, head in enumerate(heads):
                taken = len(waiting[cpu]) - (rings.heads[cpu] - max(head, 0))
                expected += waiting[cpu][: max(taken, 0)]
                del waiting[cpu][: max(taken, 0)]
            seen = heads
            drained += rings.drain(heads)
    assert drained == expected


class Records:
    """A ring of records, from the kernel's side: its data lies twice in a row."""

    def __init__(self) -> None:
        self.memory = Memory(2 * PAGESIZE + 2 * SIZE)
        self.ring = RecordRing(self.memory.fd, SIZE)
        self.produced = 0

    def reserve(self, body: bytes) -> int | None:
        """Room for a record that is still being written; its place, or None without room."""
        stride = record_stride(len(body))
        if self.produced + stride - self.memory.word(0) > SIZE:
            return None
        place = self.produced
        self._write(place, struct.pack("=II", len(body) | layout.RING_BUSY, 0) + body)
        self.produced += stride
        self.memory.write(PAGESIZE, struct.pack("=Q", self.produced))
        return place

    def commit(self, place: int, length: int) -> None:
        self._write(place, struct.pack("=II", length, 0))

    def _write(self, place: int, content: bytes) -> None:
        for offset, byte in enumerate(content):
            at = (place + offset) % SIZE
            for copy in (0, SIZE):
                self.memory.write(2 * PAGESIZE + copy + at, bytes([byte]))


@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=30))
def test_records_are_drained_up_to_the_first_that_is_being_written(
    records: list[tuple[int, bool]],
) -> None:
    kernel = Records()
    open_places: list[tuple[int, int]] = []
    bodies: list[bytes] = []
    drained = b""
    for number, (length, is_late) in enumerate(records):
        body = bytes([number % 256]) * length
        place = kernel.reserve(body)
        if place is None:
            break
        bodies.append(struct.pack("=II", length, 0) + body.ljust(record_stride(length) - 8, b"\0"))
        if is_late:
            open_places.append((place, length))
        else:
            kernel.commit(place, length)
        drained += take(kernel.ring, not open_places)
        first_open = min((place for place, _ in open_places), default=kernel.produced)
        assert len(drained) == first_open
    for place, length in open_places:
        kernel.commit(place, length)
    drained += take(kernel.ring, is_all=True)
    assert visible(drained) == visible(b"".join(bodies))


def take(ring: RecordRing, is_all: bool) -> bytes:
    data, all_there = ring.ready()
    assert all_there == is_all
    ready = bytes(data)
    ring.take(len(ready))
    return ready


def visible(content: bytes) -> list[bytes]:
    """The bodies of records: what pads them may be anything."""
    found, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("=I", content, at)
        found.append(content[at + 8 : at + 8 + length])
        at += record_stride(length)
    return found


def test_a_ring_is_cleared_unseen() -> None:
    kernel = Records()
    kernel.reserve(b"one")
    kernel.ring.clear()
    data, is_all = kernel.ring.ready()
    assert (bytes(data), is_all) == (b"", True)


Write = Callable[[int, bytes], int]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Gives the disk room for so many bytes more."""
    real: Write = os.write
    room = [1 << 30]

    def write(fd: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(fd, data[: min(len(data), room[0])])
        room[0] -= written
        return written

    monkeypatch.setattr("aklo_trace.ebpf.recorder.os.write", write)
    return lambda size: room.__setitem__(0, size)


def test_a_spool_that_cannot_grow_is_cut_back_and_counts(
    tmp_path: Path, disk: Callable[[int], None]
) -> None:
    refused: list[bytes] = []
    spool = Spool(tmp_path / "spool", lambda data: refused.append(bytes(data)))
    spool.append(memoryview(b"whole"))
    disk(3)
    spool.append(memoryview(b"partly"))
    disk(100)
    spool.append(memoryview(b"later"))
    assert (tmp_path / "spool").read_bytes() == b"whole"
    assert refused == [b"partly", b"later"]
    assert spool.error is not None
    assert spool.error.errno == errno.ENOSPC
    assert spool.length == 5


def test_a_spool_writes_on_after_a_short_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Write = os.write
    monkeypatch.setattr("aklo_trace.ebpf.recorder.os.write", lambda fd, data: real(fd, data[:2]))
    spool = Spool(tmp_path / "spool", lambda _: pytest.fail("there was room"))
    spool.append(memoryview(b"a few bytes"))
    assert (tmp_path / "spool").read_bytes() == b"a few bytes"


def test_a_spool_is_for_its_owner_alone_and_never_replaces(tmp_path: Path) -> None:
    Spool(tmp_path / "spool", lambda _: None)
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        Spool(tmp_path / "spool", lambda _: None)


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    kernel = Memory(2 * layout.COUNTERS.size)
    for cpu in range(2):
        content = layout.COUNTERS.pack(attempts3=10 + cpu, lost3=cpu)
        kernel.write(cpu * layout.COUNTERS.size, content)
    return Accounts(kernel.fd, 2, tmp_path / "counters")


def saved(path: Path) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack(layout.COUNTERS.format, path.read_bytes()))


@pytest.mark.usefixtures("accounts")
def test_accounts_are_the_recorders_own_then_those_of_each_cpu(
    tmp_path: Path,
) -> None:
    own, first, second = saved(tmp_path / "counters")
    assert not any(own)
    assert (first[WORDS["attempts3"]], second[WORDS["attempts3"]]) == (10, 11)
    assert (first[WORDS["lost3"]], second[WORDS["lost3"]]) == (0, 1)


def test_what_found_no_room_is_counted_by_call_and_kind(accounts: Accounts, tmp_path: Path) -> None:
    spools = Spools()
    for name in ("read", "read", "close"):
        spools.call(name)
    spools.path(1, b"/a/b")
    spools.fork(2)
    spools.path(2, b"/c", b"/d")
    accounts.lose_events(memoryview(spools.events))
    accounts.lose_records(memoryview(spools.records))
    accounts.save()
    own, *_ = saved(tmp_path / "counters")
    counted = {name: own[WORDS[name]] for name in WORDS if own[WORDS[name]]}
    assert counted == {"lost0": 2, "lost3": 1, "records_lost1": 2, "records_lost2": 1}


def test_accounts_need_no_more_room_than_at_their_beginning(
    accounts: Accounts, tmp_path: Path
) -> None:
    before = (tmp_path / "counters").stat()
    accounts.save()
    after = (tmp_path / "counters").stat()
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)
    assert before.st_blocks * 512 >= before.st_size
