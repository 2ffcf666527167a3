"""What is lost of one tree of a watch is counted to it, whoever counts."""

from __future__ import annotations

import os
import struct
from mmap import PAGESIZE
from pathlib import Path

import numpy as np

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.records import dtype_of
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.ebpf.tree_losses import NOTHING, Lost, TreeLosses
from aklo_trace.ebpf.watch_spool import Ended, RootFacts
from aklo_trace.ebpf.watched_trace import _counters
from aklo_trace.ebpf.watching import Root

SLOT, OTHER = 5, 6
GETPID, READ = 39, 0


def losses() -> tuple[TreeLosses, int]:
    """The map, too, into which the kernel side writes."""
    fd = os.memfd_create("tree_losses")
    os.truncate(fd, (layout.TREE_LOSSES.size * layout.ROOTS + PAGESIZE - 1) & -PAGESIZE)
    return TreeLosses(fd), fd


def event(slot: int, number: int) -> bytes:
    return layout.EVENT.pack(proc_id=slot << layout.ROOT_PROCESS_BITS | 1, nr=number)


def record(slot: int) -> bytes:
    body = struct.pack("=I", layout.RECORD_PATH | slot << layout.ROOT_SHIFT) + bytes(20)
    return (struct.pack("=II", len(body), 0) + body).ljust(record_stride(len(body)), b"\0")


def test_what_the_kernel_counts_is_read_and_cleared() -> None:
    table, fd = losses()
    counted = layout.TREE_LOSSES.pack(details=2, **{f"calls{GETPID}": 7})
    os.pwrite(fd, counted, SLOT * layout.TREE_LOSSES.size)
    assert table.for_want_of_memory(SLOT) == Lost({GETPID: 7}, 2)
    assert table.for_want_of_memory(OTHER) == NOTHING
    table.clear(SLOT)
    assert table.for_want_of_memory(SLOT) == NOTHING


def test_what_cannot_be_written_is_counted_to_its_tree() -> None:
    table, _ = losses()
    table.lose_events(memoryview(event(SLOT, READ) + event(OTHER, GETPID) + event(SLOT, READ)))
    table.lose_records(memoryview(record(SLOT) + record(OTHER) + record(SLOT)))
    assert table.for_want_of_disk(SLOT) == Lost({READ: 2}, 2)
    assert table.for_want_of_disk(OTHER) == Lost({GETPID: 1}, 1)
    table.clear(SLOT)
    assert table.for_want_of_disk(SLOT) == NOTHING


def test_the_accounts_of_a_tree_add_up_by_call(tmp_path: Path) -> None:
    events = tmp_path / "events.bin"
    events.write_bytes(event(0, READ) * 3 + event(0, GETPID))
    root = Root(1, SLOT, 1, 1, 0, 0, 0, 0, 0, "/")
    ended = Ended(RootFacts(root, {}), 0, 11, Lost({GETPID: 4}, 1), Lost({READ: 2}, 3))
    own, kernel = np.frombuffer(_counters(ended, [events]), dtype_of(layout.COUNTERS))
    assert (kernel[f"attempts{READ}"], kernel[f"attempts{GETPID}"]) == (5, 5)
    assert kernel[f"attempts{layout.UNKNOWN_SLOT}"] == 1
    assert (kernel[f"lost{GETPID}"], own[f"lost{READ}"]) == (4, 2)
    assert (kernel["records_lost0"], own["records_lost0"]) == (1, 3)
