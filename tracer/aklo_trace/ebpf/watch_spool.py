"""The folder of a watch: what was recorded and is not yet in traces.

    FOLDER/lock             held while the watch lives
    FOLDER/shells.jsonl     as in a recording
    FOLDER/counters.bin
    FOLDER/segments/N/      what the rings held, of all trees: one is being written, the others are
                            sorted soon
    FOLDER/roots/ID/        a tree: root.json, and after sorting N/ with its own part of segment N

A watch that was killed leaves the folder; the next one makes traces of what is in it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from aklo_trace.ebpf.tree_losses import NOTHING, Lost
from aklo_trace.ebpf.watching import Root
from aklo_trace.errors import StoreError, reason_of

ROOT_FILE: Final = "root.json"
LOCK: Final = "lock"
SEGMENTS: Final = "segments"
ROOTS: Final = "roots"


@dataclass(frozen=True)
class RootFacts:
    """A tree as it began; `start` is what a recording's start.json holds, `filter` as in `Meta`."""

    root: Root
    start: dict[str, Any]
    filter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """A tree that is recorded to its end, with how many of its calls were attempted, and what of
    it memory or the disk had no room for. `interrupted`: the watch was killed; `live_tasks` were
    running on when it was stopped."""

    facts: RootFacts
    attempts: int = 0
    unkept: Lost = NOTHING
    unwritten: Lost = NOTHING
    live_tasks: int = 0
    interrupted: bool = False


class WatchSpool:
    """One folder. Folders of watches are private to who runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = folder / SEGMENTS
        self.roots = folder / ROOTS

    @classmethod
    def create(cls, parent: Path) -> tuple[WatchSpool, int]:
        """A new one below `parent`, and the descriptor that holds its lock. Raises StoreError."""
        spool = cls(parent / f"watch-{os.getpid()}")
        try:
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (spool.folder, spool.segments, spool.roots):
                folder.mkdir(mode=0o700)
            return spool, spool.lock()
        except OSError as error:
            raise StoreError(
                f"Nothing can be recorded below {parent}: {reason_of(error)}. Name another "
                "directory with --spool."
            ) from error

    def lock(self) -> int:
        """Raises BlockingIOError while the watch lives."""
        lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise
        return lock

    def segment(self, number: int) -> Path:
        return self.segments / f"{number:08d}"

    def begin_segment(self, number: int) -> Path:
        folder = self.segment(number)
        folder.mkdir(mode=0o700)
        return folder

    def recorded_segments(self) -> list[Path]:
        return sorted(self.segments.iterdir())

    def root_folder(self, serial: int) -> Path:
        return self.roots / str(serial)

    def note(self, facts: RootFacts) -> None:
        """Keep what is known of a tree that begins. Raises OSError."""
        folder = self.root_folder(facts.root.serial)
        folder.mkdir(mode=0o700)
        fd = os.open(folder / ROOT_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w") as file:
            json.dump(asdict(facts), file)

    def facts(self) -> Iterator[RootFacts]:
        """Of the trees that are not yet traces."""
        for folder in sorted(self.roots.iterdir(), key=lambda path: int(path.name)):
            with suppress(OSError, ValueError):  # killed while it was written
                found = json.loads((folder / ROOT_FILE).read_text())
                yield RootFacts(Root(**found["root"]), found["start"], tuple(found["filter"]))

    def has(self, root: Root) -> bool:
        """Whether it is not yet a trace."""
        return self.root_folder(root.serial).exists()

    def forget(self, root: Root) -> None:
        shutil.rmtree(self.root_folder(root.serial), ignore_errors=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def abandoned(parent: Path) -> Iterator[tuple[WatchSpool, int]]:
    """The folders of watches that were killed, each with its lock."""
    for folder in sorted(parent.glob("watch-*")):
        spool = WatchSpool(folder)
        with suppress(OSError):  # alive, or another user's
            yield spool, spool.lock()
