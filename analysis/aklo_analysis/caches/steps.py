"""What was done with the entries of caches, call by call.

Where a descriptor was opened for is not in a trace: what follows on the same entry tells, by the
process or one that it started. An open that neither a read nor a write follows is left out.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.entries import NONE, Entries
from aklo_analysis.calls import among, categories, positions
from aklo_analysis.causes import APART
from aklo_analysis.nullable import known_values

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

LOOK, ABSENT, OPEN, READ, WRITE, REMOVE = range(6)
"""It was found, or was not; it was opened, read, written (also renamed to), or removed."""

GONE: Final = (errno.ENOENT, errno.ENOTDIR)
"""Errors that say that a file is not there."""
SENDING: Final = ("sendfile", "sendfile64")
"""They name the file that they write to first; other calls that copy, last."""
RENAMING: Final = ("rename", "renameat", "renameat2")
REMOVING: Final = ("unlink", "unlinkat", *RENAMING)


@dataclass(frozen=True, slots=True)
class Step:
    """`call` is its row in `frames.syscalls`, `until_ns` when that ended; `life` who made it.
    `how`: the call and the line to blame; a step that begins one lookup after the other has the
    same in all of them. `after`: the call of the same thread before it, or `NONE`."""

    entry: int
    companion: bool
    kind: int
    call: int
    at_ns: int
    until_ns: int
    life: int
    how: tuple[int, int]
    after: int


def steps(case: Case, entries: Entries) -> list[list[Step]]:
    """Those on each entry, by time."""
    found: list[list[Step]] = [[] for _ in entries.paths]
    if found:
        for step in sorted(_all(case, entries), key=lambda step: step.at_ns):
            found[step.entry].append(step)
    return [_without_idle_opens(case, of_entry) for of_entry in found]


def _all(case: Case, entries: Entries) -> Iterator[Step]:
    first = case.calls["file"].to_numpy(np.int64)
    second = positions(case.frames.files, "file_id", case.frames.column("file2_id"))
    _, syscall = categories(case.calls["syscall"])
    previous = _previous(case)
    for file, kinds_of in (first, _kinds), (second.astype(np.int64), _second):
        rows = np.flatnonzero(entries.of_files[file] != NONE)
        kinds = kinds_of(case, rows)
        rows, kinds = rows[kinds != NONE], kinds[kinds != NONE]
        at_ns = case.frames.syscalls["ts_ns"].to_numpy(np.int64)[rows]
        dur_ns = known_values(case.frames.syscalls["dur_ns"].iloc[rows])
        line = _lines(case)[case.causes.of_calls[rows]]
        columns = (
            entries.of_files[file[rows]],
            entries.companion[file[rows]],
            kinds,
            rows,
            at_ns,
            at_ns + dur_ns,
            case.lives.of_calls[rows],
            syscall[rows],
            line,
            previous[rows],
        )
        for entry, companion, kind, call, at, until, life, name, place, after in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            how = name, place
            yield Step(entry, companion, kind, call, at, until, life, how, after)


def _lines(case: Case) -> Int64:
    """The line of each cause, or `NONE`."""
    return np.append(np.full(len(APART), NONE), case.stacks.line_of)


def _previous(case: Case) -> Int64:
    """For each call the one before it in the same main thread, or `NONE`."""
    found = np.full(len(case.calls), NONE, np.int64)
    found[case.order.calls] = case.order.previous
    return found


def _kinds(case: Case, of: Int64) -> Int64:
    """What each of these calls does with its first file, or `NONE`."""
    calls, rows = case.calls.iloc[of], case.frames.syscalls.iloc[of]
    failed = calls["failed"].to_numpy()
    gone = np.isin(known_values(rows["errno"]), GONE)
    named = rows["fd"].isna().to_numpy()
    moved = calls["bytes"].to_numpy() > 0
    looks = among(calls["activity"], ("stat",)) & named
    opens = among(calls["activity"], ("open",))
    sends = among(calls["syscall"], SENDING)
    copies = among(calls["activity"], ("copy",))
    reads = among(calls["activity"], ("read",)) | (copies & ~sends)
    writes = (among(calls["activity"], ("write",)) | (copies & sends)) & moved
    removes = among(calls["syscall"], REMOVING)
    kinds = np.full(len(calls), NONE, np.int64)
    cases = (
        (looks & ~failed, LOOK),
        (opens & ~failed, OPEN),
        ((looks | opens) & gone, ABSENT),
        (reads & ~failed, READ),
        (writes & ~failed, WRITE),
        (removes & ~failed, REMOVE),
    )
    for which, kind in cases:
        kinds[which] = kind
    return kinds


def _second(case: Case, of: Int64) -> Int64:
    """The same of their second files."""
    calls = case.calls.iloc[of]
    done = ~calls["failed"].to_numpy()
    copies, sends = among(calls["activity"], ("copy",)), among(calls["syscall"], SENDING)
    kinds = np.full(len(calls), NONE, np.int64)
    kinds[done & (among(calls["syscall"], RENAMING) | (copies & ~sends))] = WRITE
    kinds[done & copies & sends] = READ
    return kinds


def _without_idle_opens(case: Case, found: list[Step]) -> list[Step]:
    """The steps, opens for writing as writes, and without those that nothing follows."""
    told = []
    for place, step in enumerate(found):
        if step.kind == OPEN:
            kind = _purpose(case, step, found[place + 1 :])
            told += [] if kind is None else [replace(step, kind=WRITE if kind == WRITE else OPEN)]
        else:
            told.append(step)
    return told


def _purpose(case: Case, opened: Step, later: list[Step]) -> int | None:
    for step in later:
        if step.companion != opened.companion or not case.family.is_from(step.life, opened.life):
            continue
        if step.kind in (READ, WRITE):
            return step.kind
        if step.kind == OPEN:
            return None
    return None
