"""The trace of one tree of a watch: put together from its parts, and kept as its user."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from aklo_trace import location, privilege, store
from aklo_trace import meta as meta_file
from aklo_trace.ebpf import joining, layout
from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.recorder import COUNTERS_FILE, EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.records import RecordStream, dtype_of
from aklo_trace.ebpf.session import END_FILE, START_FILE, TARGET_PROC_ID, write_json
from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.ebpf.sorting import joined
from aklo_trace.ebpf.watch_spool import Ended, WatchSpool
from aklo_trace.events import ImageStart
from aklo_trace.identity import drop_privileges, of_user
from aklo_trace.meta import Meta
from aklo_trace.open_files import OPEN_FILES_FILE, OpenFile, write_open_files
from aklo_trace.packing import Packing, packing_of
from aklo_trace.places import Asker
from aklo_trace.purging import limits_of, purge_rarely
from aklo_trace.retention import Limits

STOPPED: Final = "{name} was still running when the watch was stopped"


@dataclass(frozen=True)
class Prepared:
    """What is to be kept, opened by who may: the parts of each file, and files that are made."""

    ended: Ended
    name: str
    argv: tuple[str, ...]
    parts: dict[str, list[BinaryIO]]
    texts: dict[str, bytes]


def prepare(spool: WatchSpool, ended: Ended, names: Sequence[str]) -> Prepared | None:
    """None if nothing was recorded. Raises OSError."""
    root = ended.facts.root
    parts, marks = joined(spool, root)
    if not parts:
        return None
    argv = _command(parts[0] / RECORDS_FILE, names)
    files: dict[str, list[BinaryIO]] = {
        name: [(part / name).open("rb") for part in parts] for name in (EVENTS_FILE, RECORDS_FILE)
    }
    texts = {
        MARKS_FILE: marks,
        SHELLS_FILE: (spool.folder / SHELLS_FILE).read_bytes(),
        COUNTERS_FILE: _counters(ended, [part / EVENTS_FILE for part in parts]),
    }
    return Prepared(ended, " ".join(argv), argv, files, texts)


@dataclass(frozen=True)
class Kept:
    """A trace of which only the tables are missing. `limits` are those of the store that it is in,
    if it is in one."""

    directory: Path
    lock: int
    meta: Meta
    limits: Limits | None
    packing: Packing


def keep(prepared: Prepared, uid: int, output: Path | None) -> Kept:
    """Become the user, and write what is to be kept below `output`, or in the user's own store.
    Raises AkloTraceError, OSError."""
    identity = of_user(uid)
    if uid == os.geteuid():
        privilege.renounce()
    else:
        drop_privileges(identity)
    facts = prepared.ended.facts
    root = facts.root
    started_ns = root.ts_ns + int(facts.start["offset_ns"])
    cwd = Path(root.cwd)
    asker = Asker.here(identity, prepared.argv, cwd)
    place = output or asker.stores(cwd)[0]
    started = datetime.fromtimestamp(started_ns / 1e9).astimezone()
    directory = location.new_trace(place, prepared.argv, started)
    meta = replace(
        meta_file.begun("ebpf", "watched for", prepared.argv, root.cwd, identity.name, started_ns),
        filter=facts.filter,
        notes=_notes(prepared),
        incomplete_reason=store.INTERRUPTED if prepared.ended.interrupted else None,
    )
    live, lock = store.begin(directory, meta)
    try:
        _write(live, prepared)
    except BaseException:
        store.abandon(directory)
        raise
    limits = None if output else limits_of(place, asker)
    return Kept(directory, lock, meta, limits, packing_of(asker.configuration))


def finish(kept: Kept) -> None:
    """Make the tables. Raises AkloTraceError; what was kept still is, then."""
    store.conclude(kept.directory, kept.meta, kept.packing)
    os.close(kept.lock)


def make_room(kept: Kept) -> None:
    """Remove what its store may no longer hold. Raises StoreError."""
    if kept.limits:
        purge_rarely(kept.directory.parent, kept.limits, time.time_ns())


def _notes(prepared: Prepared) -> tuple[str, ...]:
    running = prepared.ended.live_tasks
    return (STOPPED.format(name=prepared.name) + ".",) if running else ()


def _write(live: Path, prepared: Prepared) -> None:
    for name, parts in prepared.parts.items():
        with (live / name).open("xb") as whole:
            for part in parts:
                shutil.copyfileobj(part, whole)
    for name, text in prepared.texts.items():
        (live / name).write_bytes(text)
    facts = prepared.ended.facts
    write_json(live / START_FILE, facts.start)
    write_json(live / END_FILE, {"live_tasks": prepared.ended.live_tasks, "missed_runs": 0})
    root = facts.root
    process = joining.JoinedProcess(
        proc_id=TARGET_PROC_ID,
        parent_proc_id=None,
        pid=root.pid,
        ppid=root.ppid,
        own_pid=root.pid,
        ts_ns=root.ts_ns,
        cwd=root.cwd,
        exe=None,
        dev=0,
        inode=0,
        seen_tid=root.pid,
        began=True,
    )
    write_json(live / joining.JOINED_FILE, [asdict(process)])
    directory = OpenFile(
        root.ts_ns,
        root.pid,
        "cwd",
        None,
        root.cwd,
        unpacked(root.dev),
        root.inode,
        root.mode,
    )
    write_open_files(live / OPEN_FILES_FILE, [directory])


def _command(records: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The first program's arguments, from the name that was watched for on."""
    _, events = RecordStream(records, 0, 1, 1).read(records.stat().st_size)
    for event in events:
        if isinstance(event, ImageStart) and event.proc_id == TARGET_PROC_ID:
            words = [os.fsdecode(word) for word in event.argv or (event.exe or b"?",)]
            for place, word in enumerate(words):
                if any(fnmatchcase(Path(word).name, name) for name in names):
                    return tuple(words[place:])
            return tuple(words)
    return ("?",)


def _counters(ended: Ended, events: list[Path]) -> bytes:
    """The accounts of one tree, in the shape of those of a recording with one CPU. Of calls that
    have not returned it is not known which they are."""
    counters = np.zeros((2, layout.COUNTERS.size // 8), np.uint64)
    own, kernel = counters
    calls, kind = kernel[: layout.SYSCALL_SLOTS], dtype_of(layout.EVENT)
    for path in events:
        numbers = np.frombuffer(path.read_bytes(), kind)["nr"]
        calls += np.bincount(numbers, minlength=layout.SYSCALL_SLOTS).astype(np.uint64)
    lost, details = (layout.COUNTERS.offset(name) // 8 for name in ("lost0", "records_lost0"))
    for row, losses in ((kernel, ended.unkept), (own, ended.unwritten)):
        row[details] = losses.details
        for slot, count in losses.calls.items():
            row[lost + slot] = count
            calls[slot] += np.uint64(count)
    calls[layout.UNKNOWN_SLOT] += np.uint64(max(ended.attempts - int(calls.sum()), 0))
    return counters.tobytes()
