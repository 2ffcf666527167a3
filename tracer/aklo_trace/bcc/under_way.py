"""The calls that are under way, from the table of traced threads: bcc has no iterators in the
kernel."""

from __future__ import annotations

import ctypes
import errno
import mmap
import struct
from typing import Final

from aklo_trace.ebpf import layout
from aklo_trace.libc import bpf

BPF_MAP_LOOKUP_BATCH: Final = 24  # <linux/bpf.h>
KEY_BYTES: Final = 4
_FLAGS: Final = layout.EVENT.offset("flags")


class _Batch(ctypes.Structure):
    """`union bpf_attr` for it."""

    _fields_ = (
        ("in_batch", ctypes.c_uint64),
        ("out_batch", ctypes.c_uint64),
        ("keys", ctypes.c_uint64),
        ("values", ctypes.c_uint64),
        ("count", ctypes.c_uint32),
        ("map_fd", ctypes.c_uint32),
        ("elem_flags", ctypes.c_uint64),
        ("flags", ctypes.c_uint64),
    )


def calls_under_way(tasks: int, size: int) -> bytes:
    """Struct events, from a table with the descriptor `tasks` and room for `size` threads. Raises
    OSError: older kernels want the privilege to load programs for it."""
    stride = layout.TID_STATE_BYTES
    with mmap.mmap(-1, size * (stride + KEY_BYTES)) as memory:  # touched as far as it is filled
        ends = range(stride, (_filled(tasks, size, memory) + 1) * stride, stride)
        return b"".join(event_of(memory[end - stride : end]) for end in ends)


def event_of(state: bytes) -> bytes:
    """The event of the call that a thread is in, whose struct tid_state that is; nothing if there
    is none that is recorded."""
    mark = layout.TASK_MARK
    if state[mark.offset("in_call")] != layout.IN_RECORDED_CALL or state[mark.offset("armed")]:
        return b""
    event = bytearray(state[mark.size : mark.size + layout.EVENT.size])
    (flags,) = struct.unpack_from("=H", event, _FLAGS)
    struct.pack_into("=H", event, _FLAGS, flags | layout.EVENT_UNFINISHED)
    return bytes(event)


def _filled(tasks: int, size: int, memory: mmap.mmap) -> int:
    """Copy the states of all threads to the beginning of `memory`; how many there are."""
    start, place = ctypes.addressof(ctypes.c_char.from_buffer(memory)), ctypes.c_uint32()
    batch = _Batch(
        out_batch=ctypes.addressof(place),
        keys=start + size * layout.TID_STATE_BYTES,
        values=start,
        count=size,
        map_fd=tasks,
    )
    try:
        bpf(BPF_MAP_LOOKUP_BATCH, batch)
    except OSError as error:
        if error.errno != errno.ENOENT:  # which says that these were all
            raise
    return int(batch.count)
