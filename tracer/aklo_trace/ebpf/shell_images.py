"""The shells among the programs that ran, and those whose code cannot be named."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.shells import NAMES, Binary
from aklo_trace.events import ImageStart, ProcessEvent
from aklo_trace.shell_names import BOURNE

OTHER_SHELLS: Final = frozenset((*BOURNE, "busybox", "fish"))
PLACES: Final = "without functions and lines"
CALLS: Final = "whose function calls were not recorded"
UNSEEN: Final = (
    "the recorder could not look at the file: it lies in another root directory or mount "
    "namespace, has no name, or was gone"
)
NAMELESS: Final = ("/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/")
"""Where files without a name are executed."""
UNPROBED: Final = "it was met too late, or does not export what is probed"

Probed = frozenset[tuple[int, int]]
"""Devices, as makedev(3), and inodes of shells."""

TOO_MANY: Final = (
    f"{layout.SHELLS:,} different programs were looked at; a bash among those that came later, "
    "other than those on PATH, is without functions and lines."
)


class Shells:
    """What a recording met in the way of shells: for the reader of its images. `probed`: those
    whose function calls are recorded, if any are. `asked`: whether shells were asked where they
    are."""

    def __init__(self, path: Path, probed: Probed | None = None, *, asked: bool = False) -> None:
        self._asked = asked
        self._binaries: dict[tuple[int, int], Binary] = {}
        self._probed = probed
        self._silent: dict[tuple[str, str], tuple[str, set[int]]] = {}
        text = path.read_text() if path.exists() else ""
        for line in text.splitlines():
            with suppress(ValueError, TypeError):  # cut off when the recorder was killed
                binary = Binary(**json.loads(line))
                self._binaries[unpacked(binary.dev), binary.inode] = binary

    def named(self, events: list[ProcessEvent]) -> list[ProcessEvent]:
        """The events, with the shell that each image is."""
        return [
            replace(event, shell=self._shell(event)) if isinstance(event, ImageStart) else event
            for event in events
        ]

    def notes(self) -> tuple[str, ...]:
        """A sentence about each kind of shell whose functions and lines are not known."""
        silent = tuple(
            f"{len(processes)} process{'es' if len(processes) > 1 else ''} ran {shell}, {lack}: "
            f"{reason}."
            for (shell, lack), (reason, processes) in sorted(self._silent.items())
        )
        if len(self._binaries) < layout.SHELLS:
            return silent
        return (*silent, TOO_MANY)

    def _shell(self, image: ImageStart) -> str | None:
        key = (image.dev or 0, image.inode or 0)
        binary = self._binaries.get(key)
        name = Path(os.fsdecode(image.exe or b"")).name
        if binary and binary.shell:
            shell = f"{binary.shell} ({binary.path})"
            if binary.reason:
                self._note(shell, PLACES, binary.reason, image.proc_id)
            elif self._probed is not None and key not in self._probed:
                self._note(shell, CALLS, UNPROBED, image.proc_id)
            return binary.shell
        if name in OTHER_SHELLS:
            self._note(name, PLACES, "only bash can be read", image.proc_id)
            return name
        if binary is None and self._asked and image.inode is not None:
            self._note_unseen(image, name)
        return None

    def _note_unseen(self, image: ImageStart, name: str) -> None:
        """If it may be a bash."""
        path = os.fsdecode(image.exe or b"")
        if name in NAMES or path.startswith(NAMELESS):
            self._note(path, PLACES, UNSEEN, image.proc_id)

    def _note(self, shell: str, lack: str, reason: str, proc_id: int) -> None:
        self._silent.setdefault((shell, lack), (reason, set()))[1].add(proc_id)
