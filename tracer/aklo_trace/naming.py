"""The files that the calls of a batch work on, for whole columns at a time.

Few distinct paths and identities stand behind many calls: each distinct combination is
resolved once, and the result spread over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aklo_trace.directories import NAMES_ITS_FILE, Directories
from aklo_trace.events import CWD, DIRECTORY, NO_STRING, NULL, EventBatch, FileKey, Int32, Int64
from aklo_trace.files import FileTable
from aklo_trace.paths import resolve
from aklo_trace.schema import FileFlag, SyscallFlag
from aklo_trace.text import decode
from aklo_trace.timeline import UNKNOWN, Timeline, latest

FILE_MARKS: Final = (
    (SyscallFlag.PATH_TRUNCATED, int(FileFlag.PATH_TRUNCATED)),
    (SyscallFlag.PATH_RELATIVE, int(FileFlag.RELATIVE)),
)

INSTANCE_BITS: Final = 17
"""Of an instance, and of ANY_INSTANCE."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """For each row: ids in the table `files`, `UNKNOWN` for none, and bits of SyscallFlag."""

    file_ids: Int32
    file2_ids: Int32
    flags: Int32


def name_files(
    batch: EventBatch, files: FileTable, cwds: Timeline, directories: Directories
) -> Names:
    """Row by row it says what a walk over the calls, in order of their start, would say."""
    flags = np.zeros(len(batch), np.int32)
    mentions = _mentions(batch, files, cwds, directories, flags)
    works = _works(batch)
    identities = _Identities(batch, files, mentions, works)
    ids = _named(replace(batch, flags=batch.flags | flags), files, mentions)
    found = np.full((len(batch), 2), UNKNOWN, np.int32)
    found[mentions.rows, mentions.which] = ids
    found[works.rows, works.which] = identities.resolve(ids)
    return Names(found[:, 0], found[:, 1], flags)


@dataclass(frozen=True)
class _Mentions:
    """Every path that a call of the batch names, in order of the calls: its row, whether it is
    the call's first or second, its code, and whether the row's file is what it names."""

    rows: Rows
    which: Rows
    paths: Int64
    same_file: npt.NDArray[np.bool_]


def _mentions(
    batch: EventBatch, files: FileTable, cwds: Timeline, directories: Directories, flags: Int32
) -> _Mentions:
    parts = []
    given = ((batch.path, batch.fd_path), (batch.path2, batch.fd2_path))
    for which, (column, texts) in enumerate(given):
        rows = np.flatnonzero(column != NO_STRING)
        paths = _paths(batch, rows, which, files, cwds, directories, flags)
        opens = NAMES_ITS_FILE[batch.syscall[rows]] & (which == 0)
        parts.append((rows, np.full(len(rows), which), paths, opens))
        rows = np.flatnonzero((column == NO_STRING) & (texts != NO_STRING))
        paths = _texts(texts[rows], batch, files)
        parts.append((rows, np.full(len(rows), which), paths, np.full(len(rows), which == 0)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0] * 2 + columns[1], kind="stable")
    return _Mentions(*(column[order] for column in columns))


@dataclass(frozen=True)
class _Works:
    """Files that calls of the batch work on without naming them: row, first or second, and
    what the kernel calls them."""

    rows: Rows
    which: Rows
    dev: Int64
    inode: Int64
    instance: Int64
    mode: Int64


def _works(batch: EventBatch) -> _Works:
    unnamed = (batch.path == NO_STRING) & (batch.fd_path == NO_STRING)
    rows = np.flatnonzero(unnamed & (batch.inode != NULL))
    seconds = np.array(
        [(row, *f.key, f.mode) for row, f in batch.second_files.items()], np.int64
    ).reshape(-1, 5)
    return _Works(
        np.concatenate([rows, seconds[:, 0]]),
        np.repeat([0, 1], [len(rows), len(seconds)]),
        np.concatenate([batch.dev[rows], seconds[:, 1]]),
        np.concatenate([batch.inode[rows], seconds[:, 2]]),
        np.concatenate([batch.instance[rows].astype(np.int64), seconds[:, 3]]),
        np.concatenate([batch.mode[rows].astype(np.int64), seconds[:, 4]]),
    )


def distinct(values: Int64) -> tuple[Int64, Int64, Rows]:
    """The distinct values in order of appearance; each row's place among them; and the first
    row of each. By hashing, not sorting."""
    encoded = pa.array(values).dictionary_encode()
    places = encoded.indices.to_numpy().astype(np.int64)
    firsts = np.empty(len(encoded.dictionary), np.int64)
    firsts[places[::-1]] = np.arange(len(values) - 1, -1, -1)
    return encoded.dictionary.to_numpy(), places, firsts


def _identity_codes(dev: Int64, inode: Int64, instance: Int64) -> Int64:
    """One number per distinct FileKey."""
    devices, dev_places, _ = distinct(dev)
    _, inode_places, _ = distinct(inode)
    return (inode_places * max(len(devices), 1) + dev_places << INSTANCE_BITS) + (instance + 1)


def _origins(
    batch: EventBatch, rows: Rows, which: int, cwds: Timeline, directories: Directories
) -> Int64:
    """For each row a number that stands for the directory its path starts from."""
    bases = (batch.base, batch.base2)[which][rows].astype(np.int64)
    relative = np.flatnonzero(bases == CWD)
    asked = rows[relative]
    origins = bases.copy()
    after_strings = len(batch.strings)
    origins[relative] = after_strings + 1 + cwds.of(batch.proc_id[asked], batch.ts_ns[asked])
    known = np.flatnonzero(bases <= DIRECTORY)
    places, ts_ns = DIRECTORY - bases[known], batch.ts_ns[rows[known]]
    origins[known] = after_strings + 1 + directories.known.of(batch.directories, places, ts_ns)
    return origins


def _paths(
    batch: EventBatch,
    rows: Rows,
    which: int,
    files: FileTable,
    cwds: Timeline,
    directories: Directories,
    flags: Int32,
) -> Int64:
    """The code of each row's absolute path; marks in `flags` what could not be made so."""
    origins = _origins(batch, rows, which, cwds, directories)
    below_root = (batch.base, batch.base2)[which][rows] <= DIRECTORY
    starts = (origins + 1) * 2 + below_root
    span = int(starts.max(initial=0)) + 1
    keys = (batch.path, batch.path2)[which][rows].astype(np.int64) * span + starts
    values, places, _ = distinct(keys)
    codes = np.empty(len(values), np.int64)
    marks = np.zeros(len(values), np.int32)
    for index, value in enumerate(values.tolist()):
        text, start = divmod(value, span)
        directory = _directory(start // 2 - 1, batch, directories)
        path = resolve(directory, batch.strings[text], below_root=bool(start % 2))
        codes[index] = files.intern(path)
        marks[index] = _marks(path)
    flags[rows] |= marks[places]
    return codes[places]


def _directory(origin: int, batch: EventBatch, directories: Directories) -> bytes | None:
    if origin == NO_STRING:
        return None
    if origin < len(batch.strings):
        return batch.strings[origin]
    return directories.known.text(origin - len(batch.strings) - 1)


def _marks(path: bytes) -> int:
    _, odd = decode(path)
    mark = SyscallFlag.NOT_UTF8 if odd else 0
    return int(mark | (0 if path.startswith(b"/") else SyscallFlag.PATH_RELATIVE))


def _texts(codes: Int32, batch: EventBatch, files: FileTable) -> Int64:
    """Codes of paths that the engine itself gave for descriptors."""
    values, places, _ = distinct(codes.astype(np.int64))
    interned = [files.intern_name(batch.strings[code]) for code in values.tolist()]
    return np.array(interned, np.int64)[places]


def _named(batch: EventBatch, files: FileTable, mentions: _Mentions) -> Int64:
    """The file id of each mention. Each distinct pair of path and identity gets its file once; a
    mention without identity then means the file that bore the name last."""
    identified = mentions.same_file & (batch.inode[mentions.rows] != NULL)
    codes = _identity_codes(*_keys(batch, mentions.rows))
    identities = np.where(identified, codes + 1, 0)
    span = int(identities.max(initial=0)) + 1
    _, places, firsts = distinct(mentions.paths * span + identities)
    ids = np.empty(len(firsts), np.int64)
    for index, first in enumerate(firsts.tolist()):
        ids[index] = _file(batch, files, mentions, first, bool(identified[first]))
    lasts = np.zeros(len(firsts), np.int64)
    lasts[places] = np.arange(len(places))
    for first in firsts[np.argsort(lasts)].tolist():
        if identified[first]:  # the last to bear a name, or to be named, is the one known later
            _file(batch, files, mentions, first, True)
    return _as_named_last(mentions.paths, identified, ids[places])


def _file(
    batch: EventBatch, files: FileTable, mentions: _Mentions, mention: int, identified: bool
) -> int:
    row, path = int(mentions.rows[mention]), int(mentions.paths[mention])
    key = int(batch.dev[row]), int(batch.inode[row]), int(batch.instance[row])
    mode = int(batch.mode[row]) if mentions.same_file[mention] else 0
    return files.named(path, key if identified else None, mode, _file_flags(batch, row))


def _keys(batch: EventBatch, rows: Rows | slice) -> tuple[Int64, Int64, Int64]:
    """Device, inode and instance of the files of some rows."""
    return batch.dev[rows], batch.inode[rows], batch.instance[rows].astype(np.int64)


def _as_named_last(paths: Int64, identified: npt.NDArray[np.bool_], ids: Int64) -> Int64:
    """`ids`, but for mentions without identity that of the last one before which has it."""
    _, owners, firsts = distinct(paths)
    changes = np.flatnonzero(identified | np.isin(np.arange(len(paths)), firsts))
    order = changes[np.argsort(owners[changes], kind="stable")]
    asked = np.flatnonzero(~identified)
    resolved = ids.copy()
    resolved[asked] = latest(owners[order], order, ids[order], owners[asked], asked)
    return resolved


def _file_flags(batch: EventBatch, row: int) -> int:
    """What the flags of a call say of the path that it named."""
    return sum(mark for bit, mark in FILE_MARKS if batch.flags[row] & bit)


def _code(file_id: int | None) -> int:
    return UNKNOWN if file_id is None else file_id


class _Identities:
    """Files that are only worked on: each gets the name under which it was last opened before, or
    what was told of it. Made before the names of the batch are handed out, so that it knows the
    old ones."""

    def __init__(
        self, batch: EventBatch, files: FileTable, mentions: _Mentions, works: _Works
    ) -> None:
        rows = mentions.rows
        self._opened = np.flatnonzero(mentions.same_file & (batch.inode[rows] != NULL))
        self._opened_rows = rows[self._opened]
        seen = np.array([one.identity.key for one in batch.sightings], np.int64).reshape(-1, 3)
        opened = _keys(batch, self._opened_rows)
        self._keys = [
            np.concatenate(columns)
            for columns in zip(
                (works.dev, works.inode, works.instance), opened, seen.T, strict=True
            )
        ]
        _, self._owners, self._firsts = distinct(_identity_codes(*self._keys))
        keys = [self._key(first) for first in self._firsts.tolist()]
        before = [files.known(key) for key in keys]
        self._seen_rows = np.searchsorted(batch.ts_ns, [one.ts_ns for one in batch.sightings])
        self._seen = np.array([_code(files.sighted(one)) for one in batch.sightings], np.int64)
        self._before = [
            _code(files.claimed(key) if file_id is None else file_id)
            for key, file_id in zip(keys, before, strict=True)
        ]
        self._files, self._works = files, works

    def resolve(self, ids: Int64) -> Int64:
        """The file id of each work; `ids` are those of the mentions."""
        works, count = self._works, len(self._works.rows)
        owners = np.concatenate([np.arange(len(self._firsts)), self._owners[count:]])
        before = np.full(len(self._firsts), -1)
        from_rows = np.concatenate([before, self._opened_rows, self._seen_rows])
        values = np.concatenate([np.array(self._before, np.int64), ids[self._opened], self._seen])
        order = np.lexsort((from_rows, owners))
        asked = self._owners[:count]
        found = latest(owners[order], from_rows[order], values[order], asked, works.rows)
        resolved = found.astype(np.int64)
        nameless = np.flatnonzero(resolved == UNKNOWN)
        _, places, firsts = distinct(asked[nameless])
        rows = [self._nameless(work) for work in nameless[firsts].tolist()]
        resolved[nameless] = np.array(rows, np.int64)[places]
        return resolved

    def _key(self, place: int) -> FileKey:
        dev, inode, instance = (int(column[place]) for column in self._keys)
        return dev, inode, instance

    def _nameless(self, work: int) -> int:
        return self._files.nameless(self._key(work), int(self._works.mode[work]))
