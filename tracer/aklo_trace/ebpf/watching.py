"""Programs that are traced whenever they start: what the kernel side is told to look for, and what
it tells of the trees of processes that they begin."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.joining import path_of
from aklo_trace.ebpf.layout import (
    BEGINNING,
    PATTERN,
    PATTERN_BYTES,
    PATTERN_SHELL,
    PATTERN_WATCHED,
    PATTERNS,
    RING_HEADER_BYTES,
    ROOT,
    ROOTS,
)
from aklo_trace.ebpf.ring import RecordRing, map_array, record_stride
from aklo_trace.ebpf.tree_losses import TreeLosses
from aklo_trace.errors import UsageError
from aklo_trace.shell_names import BOURNE

PROGRAMS: Final = ("on_watched_exec",)
"""What is loaded only to watch for programs."""
REPLACED: Final = ("on_exec",)
"""What it stands for."""
SHELLS: Final = ("bash", "rbash", *BOURNE)
"""Programs whose first argument, options aside, is a script."""
BEGINNINGS_BYTES: Final = 4 << 20
"""Each tree that lives fits in, with the longest path."""


@dataclass(frozen=True)
class WatchTerms:
    """What is asked of a watch: the names, what of each trace's calls is recorded, in the words of
    `Meta.filter`, and where traces go if not to each user's own store; `quiet`: traces are not
    named."""

    names: tuple[str, ...]
    sample_hz: int
    attribution: bool
    filter: tuple[str, ...] = ()
    output: Path | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Root:
    """A tree of processes: its first process and where that began. `serial` is its own for ever,
    `slot` its place among the trees that live. Times are of the boot clock; `inode`, `dev` and
    `mode` are of the working directory, as the kernel has them."""

    serial: int
    slot: int
    pid: int
    ppid: int
    uid: int
    ts_ns: int
    inode: int
    dev: int
    mode: int
    cwd: str


def checked(names: list[str]) -> tuple[str, ...]:
    """Names to watch for. Raises UsageError."""
    for name in names:
        if not name or "/" in name or "\0" in name:
            raise UsageError(
                f"--match: '{name}' is not the name of a program or script without its directory, "
                "such as aklo or 'aklo-*'."
            )
        if len(os.fsencode(name)) >= PATTERN_BYTES:
            raise UsageError(f"--match: '{name}' is longer than {PATTERN_BYTES - 1} bytes.")
    if len(names) > PATTERNS - len(SHELLS):
        raise UsageError(f"--match: {len(names)} names are too many.")
    return tuple(dict.fromkeys(names))


def packed(names: tuple[str, ...]) -> list[bytes]:
    """Each a struct pattern."""
    kinds = [(PATTERN_WATCHED, name) for name in names] + [(PATTERN_SHELL, name) for name in SHELLS]
    return [struct.pack("=I", kind) + _text(name) for kind, name in kinds]


def _text(name: str) -> bytes:
    return os.fsencode(name).ljust(PATTERN.size - 4, b"\0")


class Roots:
    """The trees that live, as the kernel side accounts for them."""

    def __init__(self, roots_fd: int, losses_fd: int, beginnings_fd: int) -> None:
        self.ring = RecordRing(beginnings_fd, BEGINNINGS_BYTES)
        self.losses = TreeLosses(losses_fd)
        table = map_array(roots_fd, ROOT.size * ROOTS, writable=True)
        self._words, self._counts = table.cast("I"), table.cast("Q")

    def begun(self) -> tuple[list[Root], bool]:
        """Those that began since the last time; and whether these are all: one that is still being
        told hides those behind it."""
        told, all_there = self.ring.ready()
        found, position = [], 0
        while position < len(told):
            start = position + RING_HEADER_BYTES
            found.append(_root(told[start:]))
            size = struct.unpack_from("=I", told, position)[0]
            position += record_stride(size)
        self.ring.take(len(told))
        return found, all_there

    def is_live(self, root: Root) -> bool:
        return self._words[(root.slot * ROOT.size + ROOT.offset("live")) // 4] != 0

    def attempts(self, root: Root) -> int:
        """Calls that were attempted, by threads that have ended."""
        return self._counts[(root.slot * ROOT.size + ROOT.offset("attempts")) // 8]

    def free(self, root: Root) -> None:
        """Let another tree have the slot."""
        self.losses.clear(root.slot)
        self._words[(root.slot * ROOT.size + ROOT.offset("serial")) // 4] = 0


def _root(told: memoryview) -> Root:
    values = struct.unpack_from(BEGINNING.format, told)
    head = {name: value for (name, _), value in zip(BEGINNING.fields, values, strict=True)}
    length = head.pop("bytes")
    del head["instance"]
    names = bytes(told[BEGINNING.size : BEGINNING.size + length])
    return Root(**head, cwd=path_of(names) or "/")
