"""A breakpoint of the kernel's in a file of code, at which a BPF program runs.

Like `Timer` not through libbpf, whose link would end with the process that made it.
Source: perf_event_open(2) and the kernel's Documentation/trace/uprobetracer.rst.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.timer import PERF_EVENT_IOC_SET_BPF
from aklo_trace.libc import perf_event_open

UPROBE_TYPE: Final = Path("/sys/bus/event_source/devices/uprobe/type")
ATTRIBUTES: Final = "=IIQQQQQIIQQ"
"""struct perf_event_attr in its second version: type, size, config, sample_freq, sample_type,
read_format, flags, wakeup_events, bp_type, config1 (here a path), config2 (here an offset)."""
ANY_CPU: Final = 0
"""A probe runs on all of them."""


def uprobe(fd: int, offset: int, program: int) -> int:
    """Run a program whenever any process gets to that place in an open file: the descriptor of
    the probe, which lasts as long as that. Raises OSError."""
    path = ctypes.create_string_buffer(f"/proc/self/fd/{fd}".encode())
    size, kind = struct.calcsize(ATTRIBUTES), int(UPROBE_TYPE.read_text())
    fields = (kind, size, 0, 0, 0, 0, 0, 0, 0, ctypes.addressof(path), offset)
    event = perf_event_open(struct.pack(ATTRIBUTES, *fields), ANY_CPU)
    try:
        fcntl.ioctl(event, PERF_EVENT_IOC_SET_BPF, program)
    except OSError:
        os.close(event)
        raise
    return event
