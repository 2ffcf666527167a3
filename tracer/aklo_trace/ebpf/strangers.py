"""Executable files that the kernel side meets and does not know: is one of them a shell?

The recording process answers while the traced program runs: it looks at each file once, and
writes what it is into the table that the kernel side looks it up in.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.layout import CONTROL, RING_HEADER_BYTES, SHELL_LAYOUT, STRANGER
from aklo_trace.ebpf.ring import RecordRing, map_array, record_stride
from aklo_trace.ebpf.shells import SHELLS_FILE, examine_named

STRANGERS_BYTES: Final = 4096
_COUNT: Final = CONTROL.offset("shells") // 4


class Strangers:
    """Takes the kernel's questions from a ring and answers them in the table of shells."""

    def __init__(self, ring_fd: int, shells_fd: int, control: memoryview, live: Path) -> None:
        self.ring = RecordRing(ring_fd, STRANGERS_BYTES)
        size = SHELL_LAYOUT.size * layout.SHELLS
        self._table = map_array(shells_fd, size, writable=True)
        self._control = control
        self._answered: set[tuple[int, int]] = set()
        self._fd = os.open(live / SHELLS_FILE, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def answer(self) -> None:
        """All questions that have come."""
        questions, _ = self.ring.ready()
        for position in range(0, len(questions), record_stride(STRANGER.size)):
            start = position + RING_HEADER_BYTES
            self._answer_one(bytes(questions[start : start + STRANGER.size]))
        self.ring.take(len(questions))

    def _answer_one(self, question: bytes) -> None:
        inode, dev, pid = struct.unpack_from("=QII", question)
        if (dev, inode) in self._answered:
            return
        path = question[STRANGER.offset("path0") :].split(b"\0")[0]
        for name in (os.fsencode(f"/proc/{pid}/exe"), path):
            with suppress(OSError):  # it has ended, or is another user's: it stays unknown
                if self._look(dev, inode, name, path):
                    self._answered.add((dev, inode))
                    return

    def _look(self, dev: int, inode: int, name: bytes, path: bytes) -> bool:
        """Whether the file of that name is the one; then it goes into the table."""
        found = examine_named(name, os.fsdecode(path), (dev, inode))
        if not found:
            return False
        binary, fields = found
        count = self._control[_COUNT]
        if count < layout.SHELLS:
            os.write(self._fd, binary.as_json().encode() + b"\n")
            self._table[count * SHELL_LAYOUT.size : (count + 1) * SHELL_LAYOUT.size] = fields
            self._control[_COUNT] = count + 1
        return True
