"""Files that are written anew at each lookup in a cache, though they are no entries: counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.answer import Answer
from aklo_analysis.caches.entries import NONE, entries
from aklo_analysis.caches.steps import RENAMING
from aklo_analysis.calls import UNKNOWN, among, positions
from aklo_analysis.nullable import known_values
from aklo_analysis.rules.case import Case
from aklo_analysis.tables.files import named_files

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOSTLY: Final = 0.5
"""The share of lookups from which on a file is written at each."""
LEAST: Final = 2
"""Lookups at which it is written."""
PLAIN: Final = ("regular", None)
"""Kinds of files that keep what is written."""


@dataclass(frozen=True)
class Rewritten:
    """`calls`: rows that wrote the file `path` anew, or renamed something to it, within `answers`;
    `lookups`: how many there were in those caches, with those at which it was not."""

    path: str
    calls: Int64
    answers: tuple[Answer, ...]
    lookups: int


def rewritten(case: Case) -> Iterator[Rewritten]:
    rows, files = _writes(case)
    if not len(rows):
        return
    names = named_files(case.frames)["name"].to_numpy()
    at_ns = case.frames.syscalls["ts_ns"].to_numpy(np.int64)[rows]
    order = np.argsort(at_ns, kind="stable")
    rows, files, at_ns = rows[order], files[order], at_ns[order]
    lives = case.lives.of_calls[rows]
    by_path: dict[str, list[tuple[Int64, list[Answer], int]]] = {}
    for one in case.observed:
        within = [_within(case, answer, at_ns, lives) for answer in one.answers]
        for path in {names[file] for found in within for file in files[found].tolist()}:
            of_path = [found[names[files[found]] == path] for found in within]
            hit = [a for a, found in zip(one.answers, of_path, strict=True) if len(found)]
            if len(hit) >= max(LEAST, MOSTLY * len(one.answers)):
                calls = rows[np.concatenate(of_path)]
                by_path.setdefault(path, []).append((calls, hit, len(one.answers)))
    for path, parts in by_path.items():
        calls = np.unique(np.concatenate([part[0] for part in parts]))
        answers = tuple(answer for part in parts for answer in part[1])
        yield Rewritten(path, calls, answers, sum(part[2] for part in parts))


def _within(case: Case, answer: Answer, at_ns: Int64, lives: Int64) -> Int64:
    """Which of these calls were made within a lookup, by whoever looked up or comes from it."""
    low, high = np.searchsorted(at_ns, (answer.start_ns, answer.end_ns))
    places = np.arange(low, high)
    if answer.life == UNKNOWN:
        return places[:0]
    owner = np.full(len(places), answer.life, np.int64)
    found: Int64 = places[case.family.comes_from(lives[low:high], owner)]
    return found


def _writes(case: Case) -> tuple[Int64, Int64]:
    """The calls that wrote a file from its beginning, or renamed something to it, and the rows of
    these files: those that are no entries of caches."""
    files = named_files(case.frames)
    is_kept = files["is_path"].to_numpy() & files["kind"].isin(PLAIN).to_numpy()
    is_kept &= entries(case.frames, case.caches).of_files == NONE
    first = case.calls["file"].to_numpy(np.int64)
    begins = known_values(case.frames.column("offset"), UNKNOWN) == 0
    writes = among(case.calls["activity"], ("write",)) & (case.calls["bytes"].to_numpy() > 0)
    second = positions(case.frames.files, "file_id", case.frames.column("file2_id"))
    renames = among(case.calls["syscall"], RENAMING) & ~case.calls["failed"].to_numpy()
    found = [
        _rows(writes & begins, first, is_kept),
        _rows(renames, second.astype(np.int64), is_kept),
    ]
    rows = np.concatenate(found)
    return rows, np.where(renames[rows], second[rows], first[rows])


def _rows(wanted: Bools, file: Int64, is_kept: Bools) -> Int64:
    found: Int64 = np.flatnonzero(wanted & (file > UNKNOWN) & is_kept[file])
    return found
