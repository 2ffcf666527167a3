"""The programs, loaded by a child process that ran bcc: their maps and links."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

from aklo_trace.bcc import loader
from aklo_trace.bcc.headers import ARCHITECTURES, SOURCE, Headers
from aklo_trace.bcc.loader import MapOrder, Order, ProgramOrder
from aklo_trace.ebpf.ring import map_array
from aklo_trace.errors import CaptureError

PROGRAMS: Final = (
    ProgramOrder("on_enter", "sys_enter"),
    ProgramOrder("on_exit", "sys_exit"),
    ProgramOrder("on_task_exit", "sched_process_exit"),
    ProgramOrder("on_switch", "sched_switch", "sched", (("prev_state", 8), ("next_pid", 4))),
    ProgramOrder("on_fork", "task_newtask", "task", (("pid", 4), ("clone_flags", 8))),
    ProgramOrder(
        "on_exec",
        "sched_process_exec",
        "sched",
        (("filename", 4), ("pid", 4), ("old_pid", 4)),
    ),
    ProgramOrder(
        "on_signal_sent", "signal_generate", "signal", (("sig", 4), ("pid", 4), ("result", 4))
    ),
    ProgramOrder("on_signal_taken", "signal_deliver", "signal", (("sig", 4), ("sa_handler", 8))),
)
PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE_SECONDS: Final = 60.0
"""For the compiler, on a machine that is busy."""
COMPLAINT_BYTES: Final = 500
ELEMENT_BYTES: Final = 8
"""The elements of an array begin at multiples of it."""


class Programs:
    """Loaded and attached as long as this process, or one that it forked, holds them. Raises
    CaptureError."""

    def __init__(self, package: Path, headers: Headers, maps: tuple[MapOrder, ...]) -> None:
        architecture = ARCHITECTURES[platform.machine()]
        flags = (f"-I{SOURCE.parent}", f"-D__TARGET_ARCH_{architecture}", *headers.flags)
        order = Order(str(package), str(SOURCE), flags, maps, PROGRAMS)
        descriptors = _loaded(order, headers)
        self._maps = dict(zip((each.name for each in maps), descriptors, strict=False))
        self.program_fds = descriptors[len(maps) :: 2]
        self._links = descriptors[len(maps) + 1 :: 2]

    def map_fd(self, name: str) -> int:
        return self._maps[name]

    def write(self, map_name: str, *values: bytes) -> None:
        """Write the first elements of an array that may be mapped."""
        stride = -len(values[0]) % ELEMENT_BYTES + len(values[0])
        fields = map_array(self.map_fd(map_name), stride * len(values), writable=True)
        for index, value in enumerate(values):
            fields[index * stride : index * stride + len(value)] = value

    def close(self) -> None:
        """Let go of this process's hold."""
        for fd in [*self._maps.values(), *self.program_fds, *self._links]:
            os.close(fd)
        self._maps, self.program_fds, self._links = {}, [], []


def _loaded(order: Order, headers: Headers) -> list[int]:
    """The descriptors that the child hands over."""
    ours, childs = socket.socketpair()
    with ours, childs, tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", loader.__file__, json.dumps(asdict(order))],
            stdin=childs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=complaints.fileno(),
            env={"PATH": PATH, **headers.environ},
        )
        childs.close()
        ours.settimeout(PATIENCE_SECONDS)
        count = len(order.maps) + 2 * len(order.programs)
        try:
            _, descriptors, _, _ = socket.recv_fds(ours, 1, count, socket.MSG_CMSG_CLOEXEC)
        except TimeoutError:
            descriptors = []
        child.kill()
        child.wait()
        if len(descriptors) == count:
            return descriptors
        for fd in descriptors:
            os.close(fd)
        raise CaptureError(f"bcc cannot load the BPF programs: {_reason(complaints.fileno())}.")


def _reason(complaints: int) -> str:
    """The first error of the compiler, else the last words."""
    text = os.pread(complaints, 1 << 16, 0).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    found = next(iter([*errors, *lines[-1:]]), "it gave no reason")
    return found.rstrip(".")[:COMPLAINT_BYTES]
