"""The maps of the engine `bcc`: those that bpf/maps.bpf.h makes with libbpf, and its own."""

from __future__ import annotations

from typing import Final

from aklo_trace.bcc.loader import MapOrder
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import BELL_BYTES
from aklo_trace.ebpf.strangers import STRANGERS_BYTES

HASH, ARRAY, PERCPU_ARRAY, RINGBUF = 1, 2, 6, 27  # <linux/bpf.h>
RDONLY_PROG: Final = 1 << 7
MMAPABLE: Final = 1 << 10
TASKS: Final = 16384
"""Threads that can be traced at a time."""
IMAGES: Final = 256
"""Execs that can be between their beginning and their end."""


def map_orders(
    cpus: int, ring_events: int, record_ring_bytes: int, config: bytes
) -> tuple[MapOrder, ...]:
    """What there is for each name that bpf/bcc.h knows, and what the recorder asks for besides:
    the table and the questions of shells, of which none are found here."""
    key, number = 4, 4
    return (
        MapOrder("tasks", HASH, number, layout.TID_STATE_BYTES, TASKS),
        MapOrder("processes", HASH, number, layout.PROCESS_BYTES, TASKS),
        MapOrder("images", HASH, number, layout.IMAGE_BYTES, IMAGES),
        MapOrder("events", ARRAY, key, layout.EVENT.size, ring_events * cpus, MMAPABLE),
        MapOrder("positions", ARRAY, key, layout.RING_POSITION.size, cpus, MMAPABLE),
        MapOrder("cpu_counters", ARRAY, key, layout.COUNTERS.size, cpus, MMAPABLE),
        MapOrder("controls", ARRAY, key, layout.CONTROL.size, 1, MMAPABLE),
        MapOrder("specs", ARRAY, key, layout.SYSCALL_SPEC.size, layout.SYSCALL_SLOTS, MMAPABLE),
        MapOrder("summons", ARRAY, key, layout.SUMMONS.size, 1, MMAPABLE),
        MapOrder("config", ARRAY, key, len(config), 1, RDONLY_PROG, config.hex()),
        MapOrder("scratches", PERCPU_ARRAY, key, layout.BCC_SCRATCH_BYTES, 1),
        MapOrder("records", RINGBUF, 0, 0, record_ring_bytes),
        MapOrder("bell", RINGBUF, 0, 0, BELL_BYTES),
        MapOrder("shells", ARRAY, key, layout.SHELL_LAYOUT.size, layout.SHELLS, MMAPABLE),
        MapOrder("strangers", RINGBUF, 0, 0, STRANGERS_BYTES),
    )
