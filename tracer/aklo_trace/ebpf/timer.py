"""A timer on every CPU that runs a BPF program: it sees what runs between two calls.

Not through libbpf, whose link switches the event off when it is freed: the recording process
has the same event and goes on. Source: perf_event_open(2).
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

from aklo_trace.ebpf.machine import CPUS, cpus_of
from aklo_trace.errors import CaptureError
from aklo_trace.libc import perf_event_open

PERF_TYPE_SOFTWARE: Final = 1
PERF_COUNT_SW_CPU_CLOCK: Final = 0
EXCLUDE_IDLE: Final = 1 << 7
FREQUENCY: Final = 1 << 10
PERF_EVENT_IOC_SET_BPF: Final = 0x40042408
ATTRIBUTES: Final = "=IIQQQQQIIQ"
"""struct perf_event_attr in its first version: type, size, config, sample_freq, sample_type,
read_format, flags, wakeup_events, bp_type, config1."""


class Timer:
    """Runs `program` (a descriptor) `hz` times a second on each CPU that is not idle. Raises
    CaptureError."""

    def __init__(self, program: int, hz: int) -> None:
        size = struct.calcsize(ATTRIBUTES)
        flags = EXCLUDE_IDLE | FREQUENCY
        attributes = struct.pack(
            ATTRIBUTES, PERF_TYPE_SOFTWARE, size, PERF_COUNT_SW_CPU_CLOCK, hz, 0, 0, flags, 0, 0, 0
        )
        self._events: list[int] = []
        try:
            for cpu in cpus_of((CPUS / "online").read_text()):
                self._events.append(perf_event_open(attributes, cpu))
                fcntl.ioctl(self._events[-1], PERF_EVENT_IOC_SET_BPF, program)
        except OSError as error:
            self.close()
            raise CaptureError(
                f"No timer can be set to look at running programs: {error.strerror}. "
                "With --sample-hz 0 they are traced without."
            ) from error

    def close(self) -> None:
        """Let go of this process's hold."""
        for event in self._events:
            os.close(event)
        self._events.clear()
