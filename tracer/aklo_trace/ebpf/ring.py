"""BPF ring buffers, read in bulk through their memory mapping.

The kernel maps the data twice in a row, so what is ready is always one contiguous piece that
goes to a file in a single write. Records are not looked at one by one: for events, which are
all of one size, one strided slice of the mapping shows whether any is still being written.
Measured against numpy for this check it is as fast per event, and it saves the recorder
numpy's 26 MB and 0.08 s of import.

Layout: Documentation/bpf/ringbuf.rst of the kernel. A record begins with eight bytes whose
first four are its length, with the top bit set while it is being written.
"""

from __future__ import annotations

import mmap
from typing import Final

from aklo_trace.ebpf.layout import EVENT_STRIDE, RING_BUSY, RING_HEADER_BYTES

_PAGE: Final = mmap.PAGESIZE


class Ring:
    """One ring; `fd` is its map, `size` its capacity in bytes."""

    def __init__(self, fd: int, size: int) -> None:
        consumer = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        producer = mmap.mmap(fd, _PAGE + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
        self.fd = fd
        self._mask = size - 1
        self._map = producer
        self._data = memoryview(producer)[_PAGE:]
        # One aligned eight-byte store; struct.pack_into would clear the place first, and the
        # kernel would see a full ring in between.
        self._consumer = memoryview(consumer).cast("Q")
        self._producer = memoryview(producer)[:_PAGE].cast("Q")

    def ready(self) -> memoryview:
        """What has been committed and not yet taken."""
        taken = self._consumer[0]
        start = taken & self._mask
        length = self._committed(start, self._producer[0] - taken)
        return self._data[start : start + length]

    def take(self, length: int) -> None:
        """Give the space of the first `length` bytes back to the kernel."""
        self._consumer[0] += length

    def _committed(self, start: int, length: int) -> int:
        raise NotImplementedError


class EventRing(Ring):
    """The ring of events, all of one size."""

    def _committed(self, start: int, length: int) -> int:
        first = _PAGE + start + 3  # the byte that holds the busy bit
        busy = self._map[first : first + length : EVENT_STRIDE]
        return (len(busy) - len(busy.lstrip(b"\0"))) * EVENT_STRIDE if any(busy) else length


class RecordRing(Ring):
    """The ring of records, of any size."""

    def __init__(self, fd: int, size: int) -> None:
        super().__init__(fd, size)
        self._words = self._data.cast("I")

    def _committed(self, start: int, length: int) -> int:
        words, position, end = self._words, start, start + length
        while position < end:
            size = words[position >> 2]
            if size & RING_BUSY:
                break
            position += record_stride(size)
        return position - start


def record_stride(size: int) -> int:
    """Distance from a record of `size` bytes to the next one."""
    return (size + RING_HEADER_BYTES + 7) & ~7
