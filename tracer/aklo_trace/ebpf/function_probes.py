"""Probes within bash, at which its functions begin and end.

A probe is a breakpoint in an executable file: every process that runs the file pays for it,
traced or not. It is cheap on an instruction that the kernel can emulate, and dear on one that
it must execute apart: functions mostly begin with one of the first kind.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from elftools.elf.elffile import ELFFile

from aklo_trace.ebpf.shells import DAMAGED, Binary, function_layout, kernel_identity, symbols
from aklo_trace.ebpf.trap_cost import HITS, ROUNDS, trap_ns
from aklo_trace.ebpf.uprobe import uprobe
from aklo_trace.errors import CaptureError

PROBED: Final = {
    "on_function_begin": "remember_args",
    "on_function_end": "pop_var_context",
    "on_return": "get_exitstat",
}
"""By BPF program, the function of bash that it is run at the beginning of."""
ENDBR64: Final = b"\xf3\x0f\x1e\xfa"
HEAD_BYTES: Final = 8


@dataclass(frozen=True)
class Point:
    """A place for a probe in a file: its offset, and whether the kernel emulates what is there."""

    offset: int
    is_emulated: bool


class FunctionProbes:
    """Probes in the shells that are known, which run `programs`: descriptors by name, as in
    `PROBED`. Raises CaptureError if a probe cannot be set."""

    def __init__(self, programs: Mapping[str, int], shells: list[Binary]) -> None:
        self._shells: list[Binary] = []
        self._points: list[Point] = []
        self._events: list[int] = []
        try:
            for shell in shells:
                if shell.shell and not shell.reason:
                    self._probe(shell, programs)
        except OSError as error:
            self.close()
            raise CaptureError(
                f"No probe can be set in {shell.path}: {error.strerror}. Without "
                "--function-calls the command can be traced."
            ) from error

        is_emulated = all(point.is_emulated for point in self._points)
        self._trap_ns = trap_ns(programs["on_function_begin"], is_emulated)

    def told(self) -> dict[str, object]:
        """What the reader needs to know of them, as `probe_cost.Probes` takes it."""
        return {
            "probed": [[shell.dev, shell.inode] for shell in self._shells],
            "trap_ns": self._trap_ns,
            "trial_hits": 0 if self._trap_ns is None else HITS * ROUNDS,
        }

    def close(self) -> None:
        """Let go of this process's hold."""
        for event in self._events:
            os.close(event)
        self._events.clear()

    def _probe(self, shell: Binary, programs: Mapping[str, int]) -> None:
        fd = os.open(shell.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if kernel_identity(fd) != (shell.dev, shell.inode):
                raise FileNotFoundError(0, "it has been replaced", shell.path)
            points = probe_points(fd)
            if points is None:
                return
            for name, program in programs.items():
                self._events.append(uprobe(fd, points[name].offset, program))
        finally:
            os.close(fd)
        self._shells.append(shell)
        self._points += points.values()


def probe_points(fd: int) -> dict[str, Point] | None:
    """Where the programs of `PROBED` belong in an open executable; None if it lacks one of the
    functions, or a variable that is read there."""
    with open(fd, "rb", closefd=False) as file:
        try:
            elf = ELFFile(file)
            addresses = symbols(elf, PROBED)
            if len(addresses) < len(PROBED) or function_layout(elf) is None:
                return None
            offsets = {name: next(elf.address_offsets(a)) for name, a in addresses.items()}
        except (*DAMAGED, StopIteration):
            return None
    return {name: point_at(os.pread(fd, HEAD_BYTES, o), o) for name, o in offsets.items()}


def point_at(head: bytes, offset: int) -> Point:
    """The cheapest place at the beginning of a function, where its argument is still untouched."""
    marked = len(ENDBR64) if head.startswith(ENDBR64) else 0
    if is_push(head[marked:]):
        return Point(offset + marked, True)
    return Point(offset, False)


def is_push(code: bytes) -> bool:
    """Whether an instruction of x86-64 is a push of a register."""
    opcode = code[1:2] if code[:1] == b"\x41" else code[:1]
    return b"\x50" <= opcode <= b"\x57"
