"""The folder of a watch: what was recorded and is not yet in traces.

    FOLDER/lock             held while the watch lives
    FOLDER/shells.jsonl     as in a recording
    FOLDER/counters.bin
    FOLDER/segments/N/      what the rings held, of all trees: one is being written, the others are
                            sorted soon; .N/ while one is removed
    FOLDER/roots/ID/        a tree: root.json, end.json once it has ended, and after sorting N/ with
                            its own part of segment N

A watch that was killed leaves the folder; the next one makes traces of what is in it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from aklo_trace.ebpf.tree_losses import NOTHING, Lost
from aklo_trace.ebpf.watching import Root
from aklo_trace.errors import StoreError, reason_of, remedy_at

ROOT_FILE: Final = "root.json"
END_FILE: Final = "end.json"
LOCK: Final = "lock"
SEGMENTS: Final = "segments"
ROOTS: Final = "roots"
PREFIX: Final = "watch-"
SPOOL: Final = "--spool"
"""The option that names where the folder is."""
DAMAGE: Final = (FileNotFoundError, ValueError, LookupError, TypeError)
"""What reading what is noted may raise where that is not whole. Another error of the system says
nothing of it."""


@dataclass(frozen=True)
class Span:
    """The segments that hold the calls of a tree. `last` is None if there may be more."""

    root: Root
    first: int
    last: int | None = None


@dataclass(frozen=True)
class RootFacts:
    """A tree as it began; `start` is what a recording's start.json holds, `filter` as in `Meta`.
    Its calls are in the segments from `first` on."""

    root: Root
    start: dict[str, Any]
    filter: tuple[str, ...] = ()
    first: int = 0

    @property
    def span(self) -> Span:
        return Span(self.root, self.first)


@dataclass(frozen=True)
class Ended:
    """A tree that is recorded to its end, in the segment `last`, with how many of its calls were
    attempted, and what of it memory or the disk had no room for. `interrupted`: the watch was
    killed, and `last` is None; `live_tasks` were running on when it was stopped."""

    facts: RootFacts
    last: int | None = None
    attempts: int = 0
    unkept: Lost = NOTHING
    unwritten: Lost = NOTHING
    live_tasks: int = 0
    interrupted: bool = False

    @property
    def span(self) -> Span:
        return Span(self.facts.root, self.facts.first, self.last)


class WatchSpool:
    """One folder. Folders of watches are private to who runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = folder / SEGMENTS
        self.roots = folder / ROOTS

    @classmethod
    def create(cls, parent: Path) -> tuple[WatchSpool, int]:
        """A new one below `parent`, and the descriptor that holds its lock. Raises StoreError."""
        try:
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            hidden = cls(Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent)))
            for folder in (hidden.segments, hidden.roots):
                folder.mkdir(mode=0o700)
            lock = hidden.lock()
            spool = cls(parent / hidden.folder.name.removeprefix("."))
            hidden.folder.rename(spool.folder)  # whole and locked when others see it
            return spool, lock
        except OSError as error:
            raise StoreError(
                f"Nothing can be recorded below {parent}: {reason_of(error)}. "
                f"{remedy_at(error, SPOOL)}"
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
        """A new folder; one that was begun in vain is removed. Raises OSError."""
        folder = self.segment(number)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def recorded_segments(self) -> list[Path]:
        found = self.segments.iterdir() if self.segments.exists() else ()
        return sorted(path for path in found if not path.name.startswith("."))

    def forget_segment(self, segment: Path) -> None:
        """Remove what is sorted: in one step, by another name. Raises OSError."""
        going = segment.with_name(f".{segment.name}")
        with suppress(FileNotFoundError):  # it was being removed when who did so was killed
            segment.rename(going)
        shutil.rmtree(going, ignore_errors=True)

    def root_folder(self, serial: int) -> Path:
        return self.roots / str(serial)

    def note(self, facts: RootFacts) -> None:
        """Keep what is known of a tree that begins. Raises OSError."""
        folder = self.root_folder(facts.root.serial)
        folder.mkdir(mode=0o700, exist_ok=True)  # it may have been made in vain
        _write(folder / ROOT_FILE, asdict(facts))

    def note_end(self, ended: Ended) -> None:
        """Keep what is known of a tree that has ended. Raises OSError."""
        found = asdict(ended)
        del found["facts"]
        _write(self.root_folder(ended.facts.root.serial) / END_FILE, found)

    def trees(self) -> Iterator[Ended]:
        """Those that are not yet traces, as they are noted; what has not ended was interrupted.
        Raises OSError."""
        folders = self.roots.iterdir() if self.roots.exists() else ()
        for folder in sorted(folders, key=lambda path: (len(path.name), path.name)):
            with suppress(*DAMAGE):  # killed while it was written
                yield _ended(folder, _facts(folder))

    def has(self, root: Root) -> bool:
        """Whether it is not yet a trace."""
        return (self.root_folder(root.serial) / ROOT_FILE).exists()

    def forget(self, root: Root) -> None:
        folder = self.root_folder(root.serial)
        with suppress(OSError):  # first: a part of a tree is not taken for the whole
            (folder / ROOT_FILE).unlink()
        shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def abandoned(parent: Path) -> Iterator[tuple[WatchSpool, int]]:
    """The folders of watches that were killed, each with its lock."""
    for folder in sorted(parent.glob(f"{PREFIX}*")):
        spool = WatchSpool(folder)
        with suppress(OSError):  # alive, or another user's
            yield spool, spool.lock()


@contextmanager
def recording_into(spool: WatchSpool) -> Iterator[None]:
    """Within, nothing is done but to write there. Raises StoreError for each OSError."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"Recording into {spool.folder} stopped: {reason_of(error)}. What was recorded is kept "
            f"there, and the next 'aklo-trace watch' makes traces of it. {remedy_at(error, SPOOL)}"
        ) from error


def _write(path: Path, value: dict[str, Any]) -> None:
    """Into a new file, which is whole or not there."""
    temporary = path.with_suffix(".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump(value, file)
    temporary.rename(path)


def _facts(folder: Path) -> RootFacts:
    found = json.loads((folder / ROOT_FILE).read_text())
    root, chosen = Root(**found["root"]), tuple(found["filter"])
    return RootFacts(root, found["start"], chosen, found["first"])


def _ended(folder: Path, facts: RootFacts) -> Ended:
    try:
        found = json.loads((folder / END_FILE).read_text())
        unkept, unwritten = (_lost(found.pop(name)) for name in ("unkept", "unwritten"))
        return Ended(facts, unkept=unkept, unwritten=unwritten, **found)
    except DAMAGE:
        return Ended(facts, interrupted=True)


def _lost(found: dict[str, Any]) -> Lost:
    return Lost({int(slot): count for slot, count in found["calls"].items()}, found["details"])
