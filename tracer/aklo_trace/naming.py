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

from aklo_trace.directories import Directories
from aklo_trace.events import BY_IDENTITY, CWD, NO_STRING, NULL, EventBatch, Int32, Int64
from aklo_trace.files import FileTable
from aklo_trace.paths import join
from aklo_trace.schema import FileFlag, SyscallFlag
from aklo_trace.syscalls import NONE, table
from aklo_trace.text import decode
from aklo_trace.timeline import UNKNOWN, Timeline, latest

OPENS: Final = np.array(
    [call.returns == "fd" and call.path is not None and call.fd == NONE for call in table()]
)
"""Calls whose path and descriptor mean the same file."""

FILE_MARKS: Final = (
    (SyscallFlag.PATH_TRUNCATED, int(FileFlag.PATH_TRUNCATED)),
    (SyscallFlag.PATH_RELATIVE, int(FileFlag.RELATIVE)),
)

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
    flags = np.zeros(len(batch), np.int32)
    first = np.full(len(batch), UNKNOWN, np.int32)
    second = np.full(len(batch), UNKNOWN, np.int32)
    by_path = np.flatnonzero(batch.path != NO_STRING)
    by_text = np.flatnonzero((batch.path == NO_STRING) & (batch.fd_path != NO_STRING))
    unnamed = (batch.path == NO_STRING) & (batch.fd_path == NO_STRING)
    by_identity = np.flatnonzero(unnamed & (batch.inode != NULL))
    identities = _Identities(batch, files, by_identity)
    paths = _paths(batch, by_path, 0, files, cwds, directories, flags)
    batch = replace(batch, flags=batch.flags | flags)
    opened = OPENS[batch.syscall[by_path]]
    first[by_path] = _named(batch, files, by_path, paths, opened)
    texts = _texts(batch.fd_path[by_text], batch, files)
    first[by_text] = _named(batch, files, by_text, texts, np.ones(len(by_text), bool))
    first[by_identity] = identities.resolve(first)
    by_path2 = np.flatnonzero(batch.path2 != NO_STRING)
    paths2 = _paths(batch, by_path2, 1, files, cwds, directories, flags)
    second[by_path2] = _named(batch, files, by_path2, paths2, np.zeros(len(by_path2), bool))
    by_text2 = np.flatnonzero((batch.path2 == NO_STRING) & (batch.fd2_path != NO_STRING))
    texts2 = _texts(batch.fd2_path[by_text2], batch, files)
    second[by_text2] = _named(batch, files, by_text2, texts2, np.zeros(len(by_text2), bool))
    for row, identity in batch.second_files.items():
        second[row] = files.identified(identity.dev, identity.inode, identity.mode)
    return Names(first, second, flags)


def distinct(values: Int64) -> tuple[Int64, Int64, Rows]:
    """The distinct values in order of appearance; each row's place among them; and the first
    row of each. By hashing, not sorting."""
    encoded = pa.array(values).dictionary_encode()
    places = encoded.indices.to_numpy().astype(np.int64)
    firsts = np.empty(len(encoded.dictionary), np.int64)
    firsts[places[::-1]] = np.arange(len(values) - 1, -1, -1)
    return encoded.dictionary.to_numpy(), places, firsts


def _identity_codes(batch: EventBatch, rows: Rows) -> Int64:
    """One number per distinct (device, inode) of the rows."""
    devices, dev_places, _ = distinct(batch.dev[rows])
    _, inode_places, _ = distinct(batch.inode[rows])
    return inode_places * max(len(devices), 1) + dev_places


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
    for place in np.flatnonzero(bases == BY_IDENTITY).tolist():
        directory = directories.base(int(rows[place]), which)
        code = UNKNOWN if directory is None else directories.known.code(directory)
        origins[place] = after_strings + 1 + code
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
    span = int(origins.max(initial=0)) + 2
    keys = (batch.path, batch.path2)[which][rows].astype(np.int64) * span + (origins + 1)
    values, places, _ = distinct(keys)
    codes = np.empty(len(values), np.int64)
    marks = np.zeros(len(values), np.int32)
    for index, value in enumerate(values.tolist()):
        text, origin = divmod(value, span)
        path = join(_directory(origin - 1, batch, directories), batch.strings[text])
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
    interned = [files.intern(batch.strings[code]) for code in values.tolist()]
    return np.array(interned, np.int64)[places]


def _named(
    batch: EventBatch, files: FileTable, rows: Rows, paths: Int64, same_file: npt.NDArray[np.bool_]
) -> Int64:
    """File ids of paths. The row's identity belongs to the path where `same_file`."""
    identified = same_file & (batch.inode[rows] != NULL)
    identities = np.where(identified, _identity_codes(batch, rows) + 1, 0)
    span = int(identities.max(initial=0)) + 1
    _, places, firsts = distinct(paths * span + identities)
    ids = np.empty(len(firsts), np.int64)
    for index, first in enumerate(firsts.tolist()):
        row = int(rows[first])
        identity = (
            (int(batch.dev[row]), int(batch.inode[row])) if identified[first] else (NULL, NULL)
        )
        mode = int(batch.mode[row]) if same_file[first] else 0
        ids[index] = files.named(int(paths[first]), *identity, mode, _file_flags(batch, row))
    return ids[places]


def _file_flags(batch: EventBatch, row: int) -> int:
    """What the flags of a call say of the path that it named."""
    return sum(mark for bit, mark in FILE_MARKS if batch.flags[row] & bit)


class _Identities:
    """Rows that only have an identity: each gets the name under which the file was last opened
    before. Made before the names of the batch are handed out, so that it knows the old ones."""

    def __init__(self, batch: EventBatch, files: FileTable, rows: Rows) -> None:
        self._batch, self._files, self._rows = batch, files, rows
        self._all = np.flatnonzero(batch.inode != NULL)
        _, self._places, self._firsts = distinct(_identity_codes(batch, self._all))
        self._before = [files.known(*self._identity(first)) for first in self._firsts.tolist()]

    def _identity(self, first: int) -> tuple[int, int]:
        row = int(self._all[first])
        return int(self._batch.dev[row]), int(self._batch.inode[row])

    def resolve(self, named: Int32) -> Int32:
        """`named` holds the ids of the rows that have a name, `UNKNOWN` elsewhere."""
        opened = np.flatnonzero(
            (named[self._all] != UNKNOWN) & OPENS[self._batch.syscall[self._all]]
        )
        asked = np.searchsorted(self._all, self._rows)
        owners = np.concatenate([np.arange(len(self._firsts)), self._places[opened]])
        from_rows = np.concatenate([np.full(len(self._firsts), -1), self._all[opened]])
        values = np.concatenate([self._initial(), named[self._all[opened]]])
        order = np.lexsort((from_rows, owners))
        return latest(
            owners[order], from_rows[order], values[order], self._places[asked], self._rows
        )

    def _initial(self) -> Int64:
        initial = []
        for first, known in zip(self._firsts.tolist(), self._before, strict=True):
            row = int(self._all[first])
            mode = int(self._batch.mode[row])
            initial.append(
                self._files.identified(*self._identity(first), mode) if known is None else known
            )
        return np.array(initial, np.int64)
