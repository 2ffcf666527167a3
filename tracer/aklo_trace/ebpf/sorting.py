"""A segment of a watch, sorted by trees: each tree's part is what a recording of it alone would
have written."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.records import dtype_of, map_file
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.ebpf.watch_spool import Span, WatchSpool
from aklo_trace.ebpf.watching import Root

NAMING: Final = {
    layout.RECORD_FORK: layout.FORK_RECORD,
    layout.RECORD_EXEC: layout.EXEC_RECORD,
    layout.RECORD_ARGV: layout.ARGV_RECORD,
    layout.RECORD_EXIT: layout.EXIT_RECORD,
    layout.RECORD_SAMPLE: layout.SAMPLE_RECORD,
    layout.RECORD_FUNCTION: layout.FUNCTION_RECORD,
    layout.RECORD_LOST_MOVE: layout.LOST_MOVE_RECORD,
    layout.RECORD_OFFCPU: layout.OFFCPU_RECORD,
}
"""Records that name processes. Within a trace the number of the tree is left out: its first process
is number 1, as it is in other recordings."""
PLACES: Final = {
    kind: tuple(
        layout.RING_HEADER_BYTES + record.offset(name)
        for name, _ in record.fields
        if name.endswith("proc_id")
    )
    for kind, record in NAMING.items()
}
_PROCESS: Final = (1 << layout.ROOT_PROCESS_BITS) - 1
_EVENT: Final = dtype_of(layout.EVENT)


def sort(spool: WatchSpool, segment: Path, trees: Sequence[Span]) -> None:
    """Give each of `trees` its part of a segment. Can be done again after it was interrupted.
    Raises OSError."""
    by_slot = owners(trees, int(segment.name))
    events = _events(segment / EVENTS_FILE, by_slot)
    records = _records(segment / RECORDS_FILE, by_slot)
    settled = _is_settled(segment)
    for slot in events.keys() | records.keys():
        folder = spool.root_folder(by_slot[slot].serial) / segment.name
        folder.mkdir(mode=0o700, exist_ok=True)
        own_events, own_records = events.get(slot, b""), bytes(records.get(slot, b""))
        (folder / EVENTS_FILE).write_bytes(own_events)
        (folder / RECORDS_FILE).write_bytes(own_records)
        (folder / MARKS_FILE).write_bytes(b"settled" if settled else b"")


def owners(trees: Sequence[Span], number: int) -> dict[int, Root]:
    """By slot the trees whose calls a segment holds: one that is given away is another tree's from
    the next segment on."""
    return {
        span.root.slot: span.root
        for span in sorted(trees, key=lambda span: span.first)
        if span.first <= number and (span.last is None or number <= span.last)
    }


def joined(spool: WatchSpool, root: Root) -> tuple[list[Path], bytes]:
    """The parts of a tree, in order, and the marks for all of them together."""
    folder = spool.root_folder(root.serial)
    parts = sorted(path for path in folder.iterdir() if path.is_dir())
    marks, events_end, records_end = b"", 0, 0
    for part in parts:
        events_end += (part / EVENTS_FILE).stat().st_size
        records_end += (part / RECORDS_FILE).stat().st_size
        if (part / MARKS_FILE).stat().st_size:
            marks += struct.pack("=QQ", events_end, records_end)
    return parts, marks


def _events(path: Path, by_slot: dict[int, Root]) -> dict[int, bytes]:
    data = memoryview(map_file(path))
    whole = len(data) // layout.EVENT.size * layout.EVENT.size
    events = np.frombuffer(data[:whole], _EVENT)
    slots = events["proc_id"] >> layout.ROOT_PROCESS_BITS
    found = {}
    for slot in np.unique(slots).tolist():
        if slot in by_slot:
            own = events[slots == slot]
            own["proc_id"] &= _PROCESS
            found[slot] = own.tobytes()
    return found


def _records(path: Path, by_slot: dict[int, Root]) -> dict[int, bytearray]:
    data = memoryview(map_file(path))
    found: dict[int, bytearray] = defaultdict(bytearray)
    position = 0
    while position + layout.RING_HEADER_BYTES < len(data):
        size, _, kind = struct.unpack_from("=III", data, position)
        following = position + record_stride(size & ~layout.RING_BUSY)
        slot = kind >> layout.ROOT_SHIFT
        if following > len(data):
            break
        if slot in by_slot:
            record = bytearray(data[position:following])
            _make_own(record, kind & layout.KIND_MASK)
            found[slot] += record
        position = following
    return found


def _make_own(record: bytearray, kind: int) -> None:
    struct.pack_into("=I", record, layout.RING_HEADER_BYTES, kind)
    for place in PLACES.get(kind, ()):
        (proc_id,) = struct.unpack_from("=I", record, place)
        struct.pack_into("=I", record, place, proc_id & _PROCESS)


def _is_settled(segment: Path) -> bool:
    """Whether the events of a segment need no record of the next one."""
    marks = (segment / MARKS_FILE).read_bytes()
    ends = tuple((segment / name).stat().st_size for name in (EVENTS_FILE, RECORDS_FILE))
    return not ends[0] or (len(marks) >= 16 and struct.unpack("=QQ", marks[-16:]) == ends)
