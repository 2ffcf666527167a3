"""What was lost of each tree of a watch: by the kernel side, which counts it in a map, and by the
disk, which this process counts."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aklo_trace.ebpf.layout import (
    EVENT,
    RING_HEADER_BYTES,
    ROOT_PROCESS_BITS,
    ROOT_SHIFT,
    ROOTS,
    SYSCALL_SLOTS,
    TREE_LOSSES,
)
from aklo_trace.ebpf.ring import map_array, record_stride

_CALLS: Final = TREE_LOSSES.offset("calls0") // 4


@dataclass(frozen=True)
class Lost:
    """Calls by their slot in the tables of calls, and how many details."""

    calls: Mapping[int, int]
    details: int


NOTHING: Final = Lost({}, 0)


class TreeLosses:
    """Of the trees that live, by their slots."""

    def __init__(self, fd: int) -> None:
        self._kernel = map_array(fd, TREE_LOSSES.size * ROOTS, writable=True)
        self._calls: dict[int, Counter[int]] = {}
        self._details: Counter[int] = Counter()

    def for_want_of_memory(self, slot: int) -> Lost:
        row = self._row(slot)
        calls = row.cast("I")[_CALLS : _CALLS + SYSCALL_SLOTS]
        details = row.cast("Q")[TREE_LOSSES.offset("details") // 8]
        return Lost({nr: count for nr, count in enumerate(calls) if count}, details)

    def for_want_of_disk(self, slot: int) -> Lost:
        return Lost(dict(self._calls.get(slot, {})), self._details[slot])

    def clear(self, slot: int) -> None:
        """Another tree is to have the slot."""
        self._row(slot)[:] = bytes(TREE_LOSSES.size)
        self._calls.pop(slot, None)
        del self._details[slot]

    def lose_events(self, data: memoryview) -> None:
        """Events that could not be written."""
        places = EVENT.offset("proc_id"), EVENT.offset("nr")
        for start in range(0, len(data), EVENT.size):
            (proc_id,) = struct.unpack_from("=I", data, start + places[0])
            (nr,) = struct.unpack_from("=H", data, start + places[1])
            self._calls.setdefault(proc_id >> ROOT_PROCESS_BITS, Counter())[nr] += 1

    def lose_records(self, data: memoryview) -> None:
        """Records that could not be written."""
        self._details.update(kind >> ROOT_SHIFT for kind in _kinds(data))

    def _row(self, slot: int) -> memoryview:
        return self._kernel[slot * TREE_LOSSES.size : (slot + 1) * TREE_LOSSES.size]


def _kinds(data: memoryview) -> Iterator[int]:
    words, position = data.cast("I"), 0
    while position < len(data):
        yield words[position + RING_HEADER_BYTES >> 2]
        position += record_stride(words[position >> 2])
