"""Event batches out of pieces."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import (
    NO_SITE,
    NO_STRING,
    NULL,
    EventBatch,
    Int32,
    ProcessEvent,
    ProcessStart,
    Site,
)
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace.columns import Texts, of_calls
from aklo_trace.strace.piece import Piece
from aklo_trace.strace.processes import OURS, Joined, JoinedCall
from aklo_trace.timeline import latest

_OURS: Final = -2
"""In `site`: see `processes.OURS`."""

_COLUMNS: Final = tuple(
    column for column in fields(EventBatch) if column.type in ("Int64", "Int32")
)


def of_piece(piece: Piece, joined: Joined) -> EventBatch:
    """The events of a piece, with those that joining it completed."""
    owners = np.array([thread.process.proc_id for thread in joined.threads], np.int32)
    tids = np.array([thread.tid for thread in joined.threads], np.int32)
    count = len(piece)
    codes: dict[Site, int] = {}
    site = _placed(piece, joined, codes)
    nothing = np.full(count, NO_STRING, np.int32)
    unknown = np.full(count, NULL, np.int64)
    batch = EventBatch(
        ts_ns=piece.ts_ns,
        dur_ns=piece.dur_ns,
        proc_id=owners[piece.thread],
        tid=tids[piece.thread],
        syscall=piece.syscall,
        ret=piece.ret,
        errno=piece.errno,
        fd=piece.fd,
        offset=unknown if piece.offset is None else piece.offset,
        path=piece.path,
        base=piece.base,
        path2=nothing if piece.path2 is None else piece.path2,
        base2=nothing if piece.base2 is None else piece.base2,
        fd_path=nothing if piece.fd_path is None else piece.fd_path,
        fd2_path=nothing if piece.fd2_path is None else piece.fd2_path,
        dev=unknown,
        inode=unknown if piece.inode is None else piece.inode,
        instance=np.zeros(count, np.int32),
        mode=np.zeros(count, np.int32) if piece.mode is None else piece.mode,
        flags=_with_switches(piece.flags, piece.thread, joined.switches),
        site=site,
        sites=list(codes),
        strings=piece.strings,
        process_events=_sorted(joined.process_events),
    )
    return _with_calls(_in_order(batch), joined.calls, codes)


def of_joined(joined: Joined) -> EventBatch:
    """The events that only joining gave."""
    empty: dict[str, Any] = {
        column.name: np.empty(0, np.int64 if column.type == "Int64" else np.int32)
        for column in _COLUMNS
    }
    batch = EventBatch(**empty, process_events=_sorted(joined.process_events))
    return _with_calls(batch, joined.calls, {})


def _with_calls(batch: EventBatch, joined: list[JoinedCall], codes: dict[Site, int]) -> EventBatch:
    """The batch with some more calls, each in its place."""
    if not joined:
        return batch
    joined = sorted(joined, key=lambda call: call.ts_ns)
    texts = Texts(strings={text: code for code, text in enumerate(batch.strings)})
    calls = of_calls(range(len(joined)), [one.call for one in joined], texts, [])
    files = texts.file_columns()
    added: dict[str, Any] = {
        "ts_ns": np.array([one.ts_ns for one in joined], np.int64),
        "dur_ns": calls.dur_ns,
        "proc_id": np.array([one.proc_id for one in joined], np.int32),
        "tid": np.array([one.tid for one in joined], np.int32),
        "syscall": calls.syscall,
        "ret": calls.ret,
        "errno": calls.errno,
        "fd": calls.fd,
        "offset": calls.offset,
        "path": calls.path,
        "base": calls.base,
        "path2": calls.path2,
        "base2": calls.base2,
        "fd_path": files.names[calls.file],
        "fd2_path": files.names[calls.file2],
        "dev": NULL,
        "inode": files.inodes[calls.file],
        "instance": 0,
        "mode": files.modes[calls.file],
        "flags": calls.flags,
        "site": np.array([_code(one.site, codes) for one in joined], np.int32),
    }
    places = np.searchsorted(batch.ts_ns, added["ts_ns"], side="right")
    columns: dict[str, Any] = {
        name: np.insert(getattr(batch, name), places, more) for name, more in added.items()
    }
    return replace(batch, **columns, strings=list(texts.strings), sites=list(codes))


def _placed(piece: Piece, joined: Joined, codes: dict[Site, int]) -> Int32:
    """Where in a shell's code each row of a piece was called."""
    if piece.line is None or not len(piece):
        return np.full(len(piece), NO_SITE, np.int32)
    known = [(thread, line, _code(site, codes)) for thread, line, site in joined.places]
    threads, lines, values = np.array(known, np.int64).T
    order = np.lexsort((lines, threads))
    from_rows = np.searchsorted(piece.line, lines[order])
    rows = np.arange(len(piece))
    return latest(threads[order], from_rows, values[order], piece.thread.astype(np.int64), rows)


def _code(site: Site | None, codes: dict[Site, int]) -> int:
    if site is OURS:
        return _OURS
    return NO_SITE if site is None else codes.setdefault(site, len(codes))


def without_ours(batch: EventBatch) -> tuple[EventBatch, int]:
    """A batch without the calls that shells made for us, and how many those were."""
    ours = batch.site == _OURS
    return (take(batch, ~ours) if ours.any() else batch), int(ours.sum())


def _in_order(batch: EventBatch) -> EventBatch:
    """The same, sorted by time."""
    if not (np.diff(batch.ts_ns) < 0).any():
        return batch
    return take(batch, np.argsort(batch.ts_ns, kind="stable"))


def take(batch: EventBatch, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> EventBatch:
    """Some rows of a batch."""
    return replace(batch, **{column.name: getattr(batch, column.name)[rows] for column in _COLUMNS})


def _with_switches(flags: Int32, thread: Int32, switches: list[tuple[int, int, bool]]) -> Int32:
    """Mark the 32-bit calls: from some row on, a thread's calls are, or no longer are."""
    for who, row, compat in switches:
        chosen = np.flatnonzero(thread[row:] == who) + row
        bit = np.int32(SyscallFlag.COMPAT)
        flags[chosen] = flags[chosen] | bit if compat else flags[chosen] & ~bit
    return flags


def _sorted(events: list[ProcessEvent]) -> list[ProcessEvent]:
    """By time; of the same time, a beginning first."""
    return sorted(events, key=lambda event: (event.ts_ns, not isinstance(event, ProcessStart)))
