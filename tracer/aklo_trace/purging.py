"""Removing traces from a store, so that at no moment there is half of one.

A trace that is to go is locked, against readers as well, and renamed: to a name that no reader
takes for that of a trace. Then it is noted among what was removed, and only then its files go,
unless the disk has no room for the note before. A purge that is interrupted leaves a whole trace,
or something of such a name, which the next purge notes, if that was not done, and removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aklo_trace import removed, stored
from aklo_trace.config.keys import RETENTION_DAYS
from aklo_trace.errors import StoreError, reason_of, remedy_of
from aklo_trace.location import HIDDEN
from aklo_trace.places import Asker
from aklo_trace.removed import Removed
from aklo_trace.retention import Limits, Removal, removals
from aklo_trace.store import unused
from aklo_trace.stored import DAMAGED, Stored
from aklo_trace.summary import TraceSummary

LOCK: Final = ".purge.lock"
PAUSE_NS: Final = 60 * 10**9
MIB: Final = 1 << 20
LEFT: Final = "left by a purge that was interrupted"
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Purge:
    """What was removed, and what should have been, with the reason why it, or all of it, was
    not."""

    removed: tuple[Removal, ...] = ()
    kept: tuple[tuple[Removal, str], ...] = ()

    @property
    def freed_bytes(self) -> int:
        return sum(removal.size_bytes for removal in self.removed)

    def said(self) -> str:
        """`3 traces, 12 MiB: older than 7 days`."""
        count, reasons = len(self.removed), dict.fromkeys(one.why for one in self.removed)
        traces = f"{count:,} {'trace' if count == 1 else 'traces'}"
        return f"{traces}, {self.freed_bytes / MIB:,.1f} MiB: {'; '.join(reasons)}"


def planned(store: Path, limits: Limits, now_ns: int) -> tuple[Removal, ...]:
    """What is beyond the limits now, oldest first."""
    found = [*stored.stored(store)]
    return removals(found, limits, now_ns, stored.free_bytes(store)) if found else ()


def purge(store: Path, limits: Limits, now_ns: int) -> Purge:
    """Remove what is beyond the limits; nothing if another process is doing it. Where there is
    nothing to do nothing is written. Raises StoreError."""
    try:
        if not planned(store, limits, now_ns) and not _left(store):
            return Purge()
        with _alone(store) as is_alone:
            if not is_alone:
                return Purge()
            stuck = [*_remove_left(store, now_ns)]
            done = _removed(store, planned(store, limits, now_ns), now_ns)
            return replace(done, kept=(*stuck, *done.kept))
    except OSError as error:
        raise StoreError(
            f"Traces in {store} cannot be removed: {reason_of(error)}; {remedy_of(error)}."
        ) from error


def limits_of(store: Path, asker: Asker) -> Limits:
    """What a store may hold, as the configuration is where it is: a project's file, which a cloned
    repository brings along, has no say about traces that are elsewhere."""
    found = Asker.here(asker.identity, cwd=store).configuration
    return Limits(
        days=found.value(RETENTION_DAYS, int),
        traces=found.value("monitoring.retention_traces", int),
        bytes=found.value("monitoring.retention_size", int),
        free_bytes=found.value("monitoring.retention_free", int),
    )


def purge_rarely(store: Path, limits: Limits, now_ns: int) -> Purge:
    """`purge`, but not within a minute of the last time: for who makes one trace after the other.
    Raises StoreError."""
    path = store / LOCK
    with suppress(OSError):
        if 0 <= now_ns - path.stat().st_mtime_ns < PAUSE_NS:
            return Purge()
    done = purge(store, limits, now_ns)
    with suppress(OSError):
        path.touch(0o600)
        os.utime(path, ns=(now_ns, now_ns))
    return done


@contextmanager
def _alone(store: Path) -> Iterator[bool]:
    """Whether no other process purges this store meanwhile."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(store / LOCK, flags, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(fd)


def _removed(store: Path, wanted: Iterable[Removal], now_ns: int) -> Purge:
    gone: list[Removal] = []
    kept: list[tuple[Removal, str]] = []
    notes: list[Removed] = []
    for removal in wanted:
        trace = removal.trace
        try:
            summary = _hidden(store, trace)
        except BlockingIOError:
            kept.append((removal, "it is in use"))
        except OSError as error:
            kept.append((removal, reason_of(error)))
        else:
            gone.append(removal)
            if summary is not None:
                notes.append(Removed.of(trace.name, now_ns, removal.why, summary))
    hidden = {store / f"{HIDDEN}{one.trace.name}": one for one in gone}
    for path, reason in _cleared(store, notes, [*hidden]).items():
        stuck = hidden[path]
        gone.remove(stuck)
        kept.append((replace(stuck, trace=replace(stuck.trace, directory=path)), reason))
    return Purge(tuple(gone), tuple(kept))


def _hidden(store: Path, trace: Stored) -> TraceSummary | None:
    """Take a trace from all readers at once; its summary. Raises BlockingIOError if somebody uses
    it, or OSError."""
    holds = unused(trace.directory)
    summary = trace.summary()
    trace.directory.rename(store / f"{HIDDEN}{trace.name}")
    holds.clear()
    return summary


def _remove_left(store: Path, now_ns: int) -> Iterator[tuple[Removal, str]]:
    """Take up what a purge has left that was interrupted; what stays of it even so."""
    left = _left(store)
    known = {one.key for one in removed.read(store)} if left else set()
    notes = [note for path in left if (note := _note_of(path, now_ns)) and note.key not in known]
    for path, reason in _cleared(store, notes, left).items():
        trace = stored.at(path) or Stored(path, DAMAGED, False, 0, None, LEFT)
        yield Removal(trace, trace.size_bytes(), LEFT), reason


def _left(store: Path) -> list[Path]:
    return [path for path in store.iterdir() if path.name.startswith(HIDDEN)]


def _note_of(path: Path, now_ns: int) -> Removed | None:
    """None if what is left of it no longer tells: then it was noted before."""
    found = stored.at(path)
    summary = found.summary() if found else None
    if summary is None:
        return None
    return Removed.of(path.name.removeprefix(HIDDEN), now_ns, LEFT, summary)


def _cleared(store: Path, notes: Sequence[Removed], paths: Iterable[Path]) -> dict[Path, str]:
    """Note what goes, and remove its files: these first if they leave no room for the notes. What
    of them stays, with the reason. Raises OSError, or StoreError if there is no room even so."""
    try:
        if notes:
            removed.add(store, notes)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        stuck = _clear(paths)
        _note_late(store, notes)
        return stuck
    return _clear(paths)


def _note_late(store: Path, notes: Sequence[Removed]) -> None:
    try:
        removed.add(store, notes)
    except OSError as error:
        raise StoreError(
            f"Traces were removed from {store}, but {removed.FILE} there lacks them: "
            f"{reason_of(error)}."
        ) from error


def _clear(paths: Iterable[Path]) -> dict[Path, str]:
    """Remove all that can be removed; what stays, with the reason."""
    stuck: dict[Path, str] = {}
    for path in paths:
        try:
            shutil.rmtree(path)
        except OSError as error:
            shutil.rmtree(path, ignore_errors=True)  # the rest
            if os.path.lexists(path):
                stuck[path] = reason_of(error)
    return stuck
