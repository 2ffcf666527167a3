"""The programs in place, without kernel structs: what differs from the engine `ebpf`."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.bcc.headers import Headers
from aklo_trace.bcc.maps import TASKS, map_orders
from aklo_trace.bcc.programs import Programs
from aklo_trace.bcc.under_way import calls_under_way
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.devices import packed
from aklo_trace.ebpf.session import TARGET_PROC_ID, RingSession
from aklo_trace.ebpf.specs import specs
from aklo_trace.engine import CaptureOptions

if TYPE_CHECKING:
    from aklo_trace.target import HeldTarget

PID_NAMESPACE: Final = Path("/proc/self/ns/pid")


class BccSession(RingSession):
    """Loaded by a child process that has ended by now. There is no timer, and no shell is read."""

    def __init__(self, options: CaptureOptions, package: Path, headers: Headers) -> None:
        super().__init__(replace(options, sample_hz=0, attribution=False), shells=[])
        config = self._config(options, direct=False)
        maps = map_orders(self._cpus, self._ring_events, self._record_ring_bytes, config)
        self._programs = Programs(package, headers, maps)
        try:
            self._programs.write("specs", *specs(platform.machine(), options.filter))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._programs.close()

    def _map_fd(self, name: str) -> int:
        return self._programs.map_fd(name)

    def _program_fds(self) -> list[int]:
        return self._programs.program_fds

    def _calls(self) -> Callable[[], bytes]:
        return partial(calls_under_way, self._map_fd("tasks"), TASKS)

    def _set_control(self, control: bytes) -> None:
        self._programs.write("controls", control)

    def _mark(self, held: HeldTarget) -> None:
        """By its number in this process's pid namespace: the kernel's own is not known here, and
        the kernel tells the target by this one when it makes its next call."""
        namespace = PID_NAMESPACE.stat()
        summons = layout.SUMMONS.pack(
            dev=packed(namespace.st_dev),
            inode=namespace.st_ino,
            pid=held.pid,
            proc_id=TARGET_PROC_ID,
        )
        self._programs.write("summons", summons)
