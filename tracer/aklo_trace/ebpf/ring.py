"""The rings that the kernel side writes into, read in bulk through their memory mapping.

Events go through one ring per CPU, of one size each and without a lock: what lies between the
reader's position and the writer's is complete, and goes to a file as it is, with one or two
writes. Records of any size go through a BPF ring buffer, whose data the kernel maps twice in a
row, so that what is ready is always one contiguous piece.

Nothing is looked at event by event, which is why this process needs no numpy.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Final

from aklo_trace.ebpf.layout import EVENT, RING_BUSY, RING_HEADER_BYTES, RING_POSITION

_PAGE: Final = mmap.PAGESIZE
_STRIDE: Final = RING_POSITION.size // 8
_HEAD: Final = RING_POSITION.offset("head") // 8
_TAIL: Final = RING_POSITION.offset("tail") // 8


def map_array(fd: int, size: int, *, writable: bool = False) -> memoryview:
    """The elements of a BPF array that may be mapped."""
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    whole = (size + _PAGE - 1) & -_PAGE
    return memoryview(mmap.mmap(fd, whole, mmap.MAP_SHARED, protection))[:size]


class EventRings:
    """The event rings of all CPUs. `capacity` is in events, of each ring.

    A position is read and written as one aligned eight-byte word; struct.pack_into would clear
    the place first, and the kernel would see a full ring in between.
    """

    def __init__(self, events_fd: int, positions_fd: int, cpus: int, capacity: int) -> None:
        self._events = map_array(events_fd, cpus * capacity * EVENT.size)
        positions = map_array(positions_fd, cpus * RING_POSITION.size, writable=True)
        self._positions = positions.cast("Q")
        self._cpus, self._capacity = cpus, capacity

    def heads(self) -> list[int]:
        """How many events each CPU has written so far."""
        return self._positions[_HEAD::_STRIDE].tolist()

    def pieces(self, heads: list[int]) -> Iterator[memoryview]:
        """What each CPU has written up to `heads` and was not taken before."""
        for cpu, head in enumerate(heads):
            tail = self._positions[cpu * _STRIDE + _TAIL]
            start, end = tail % self._capacity, head % self._capacity
            if head == tail:
                continue
            if start < end:
                yield self._piece(cpu, start, end)
            else:
                yield self._piece(cpu, start, self._capacity)
                yield self._piece(cpu, 0, end)

    def take(self, heads: list[int]) -> None:
        """Give the space up to `heads` back to the kernel."""
        for cpu, head in enumerate(heads):
            self._positions[cpu * _STRIDE + _TAIL] = head

    def _piece(self, cpu: int, start: int, end: int) -> memoryview:
        base = cpu * self._capacity
        return self._events[(base + start) * EVENT.size : (base + end) * EVENT.size]


class RecordRing:
    """A BPF ring buffer of records; `fd` is its map, `size` its capacity in bytes.

    Layout: Documentation/bpf/ringbuf.rst of the kernel. A record begins with eight bytes whose
    first four are its length, with the top bit set while it is being written.
    """

    def __init__(self, fd: int, size: int) -> None:
        consumer = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        producer = mmap.mmap(fd, _PAGE + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
        self.fd = fd
        self._mask = size - 1
        self._data = memoryview(producer)[_PAGE:]
        self._words = self._data.cast("I")
        self._consumer = memoryview(consumer).cast("Q")
        self._producer = memoryview(producer)[:_PAGE].cast("Q")

    def ready(self) -> tuple[memoryview, bool]:
        """What has been committed and not yet taken; and whether that is all there is: a record
        that is still being written hides those behind it."""
        taken = self._consumer[0]
        start = taken & self._mask
        end = start + self._producer[0] - taken
        words, position = self._words, start
        while position < end:
            size = words[position >> 2]
            if size & RING_BUSY:
                break
            position += record_stride(size)
        return self._data[start:position], position == end

    def take(self, length: int) -> None:
        """Give the space of the first `length` bytes back to the kernel."""
        self._consumer[0] += length

    def clear(self) -> None:
        """Take all there is, unseen."""
        self._consumer[0] = self._producer[0]


def record_stride(size: int) -> int:
    """Distance from a record of `size` bytes to the next one."""
    return (size + RING_HEADER_BYTES + 7) & ~7
