"""Where relative paths start from.

Paths are relative to the working directory of their process or to a directory that a descriptor
stands for. An engine that tells which directory it was, by identity, needs no memory of what
the process did: only the name of that directory, which is the one it was entered or opened by
last. For others the working directory is followed, process by process.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_trace.events import (
    ANY_INSTANCE,
    CWD,
    DIRECTORY,
    NO_STRING,
    NULL,
    EventBatch,
    FileKey,
    Identity,
    Int32,
    Int64,
)
from aklo_trace.interning import Interned
from aklo_trace.paths import comes_back, entered, is_endless, resolve
from aklo_trace.schema import SyscallFlag
from aklo_trace.syscalls import ENTERS, NONE, by_name, table
from aklo_trace.timeline import UNKNOWN, Timeline

CHDIR, FCHDIR = by_name()["chdir"].code, by_name()["fchdir"].code

NAMES_ITS_FILE: Final = np.array(
    [
        call.name in ENTERS or (call.returns == "fd" and call.path is not None and call.fd == NONE)
        for call in table()
    ]
)
"""Calls whose path and identity are those of one file: that they open, or enter."""


class DirectoryNames:
    """The names of directories, by identity, as they change in time. Names are codes in `texts`;
    `UNKNOWN` before a directory has one."""

    def __init__(self) -> None:
        self.texts = Interned()
        self._owners: dict[FileKey, int] = {}
        self._newest: dict[tuple[int, int], FileKey] = {}
        self._names = Timeline()
        self._count = 0

    def text(self, code: int) -> bytes | None:
        return None if code == UNKNOWN else self.texts.text(code)

    def learn(self, key: FileKey, ts_ns: int, path: bytes) -> None:
        """From `ts_ns` on it is called so, but for a way through it that comes back; its name is
        unknown if it is endless. Must be called in order of time."""
        dev, inode, instance = key
        if instance == ANY_INSTANCE:
            key = self._newest.get((dev, inode), key)
        name = self.at(key, ts_ns)
        if name is None or not comes_back(path, name):
            self._names.change(self._owner(key), ts_ns, self.code(path))

    def code(self, path: bytes | None) -> int:
        """That of a name, `UNKNOWN` for none and for one that is endless."""
        return UNKNOWN if path is None or is_endless(path) else self.texts.code(path)

    def at(self, key: FileKey, ts_ns: int) -> bytes | None:
        return self.text(self._names.at(self._owner(key), ts_ns))

    def of(self, identities: list[Identity], places: Int64, ts_ns: Int64) -> Int32:
        """The code of each row's directory, a place in `identities`; `ts_ns` must be sorted."""
        owners = np.array([self._owner(one.key) for one in identities], np.int32)
        return self._names.of(owners[places], ts_ns)

    def _owner(self, key: FileKey) -> int:
        """The directory's place in the timeline. The first instance that is seen of an inode is
        the one of which only the inode was known."""
        if key not in self._owners:
            dev, inode, _ = key
            owner = self._owners.pop((dev, inode, ANY_INSTANCE), None)
            if owner is None:
                owner, self._count = self._count, self._count + 1
                self._names.start(owner, 0, None)
            self._owners[key] = owner
            self._newest[dev, inode] = key
        return self._owners[key]


@dataclass(frozen=True, slots=True)
class Naming:
    """A directory that got a name at `ts_ns`: that of the call in `row`, or the one it was seen
    to have."""

    ts_ns: int
    key: FileKey
    row: int | None = None
    path: bytes | None = None


class Directories:
    """The directories that the calls of one batch start from or change to. What `namings` gives
    is to be handed to `learn` in order of time, before anything is asked about a later time."""

    def __init__(self, batch: EventBatch, cwds: Timeline, known: DirectoryNames) -> None:
        self._batch, self._cwds = batch, cwds
        self.known = known

    def namings(self) -> list[Naming]:
        batch = self._batch
        is_directory = batch.mode & 0o170000 == stat.S_IFDIR
        named = NAMES_ITS_FILE[batch.syscall] & is_directory & (batch.path != NO_STRING)
        rows = np.flatnonzero(named & (batch.inode != NULL) & (batch.dur_ns != NULL))
        ends = (batch.ts_ns[rows] + batch.dur_ns[rows]).tolist()
        identities = (batch.dev[rows], batch.inode[rows], batch.instance[rows])
        keys = zip(*(column.tolist() for column in identities), strict=True)
        by_calls = zip(ends, keys, rows.tolist(), strict=True)
        return [Naming(end, key, row) for end, key, row in by_calls] + [
            Naming(seen.ts_ns, seen.identity.key, path=seen.path)
            for seen in batch.sightings
            if stat.S_ISDIR(seen.identity.mode) and seen.path is not None
        ]

    def learn(self, naming: Naming) -> None:
        path = naming.path if naming.row is None else self._path(naming.row)
        if path is not None and path.startswith(b"/"):
            self.known.learn(naming.key, naming.ts_ns, path)

    def entered(self, row: int) -> bytes | None:
        """The directory that the chdir or fchdir in `row` changes to, if it can be known, as
        `paths.entered` puts it."""
        batch = self._batch
        if batch.syscall[row] == CHDIR:
            return self._changed_to(row)
        if batch.fd_path[row] != NO_STRING:
            return batch.strings[int(batch.fd_path[row])]
        key = int(batch.dev[row]), int(batch.inode[row]), int(batch.instance[row])
        return self._by_name(self.known.at(key, int(batch.ts_ns[row])))

    def _changed_to(self, row: int) -> bytes | None:
        batch, whole = self._batch, not self._batch.flags[row] & SyscallFlag.PATH_TRUNCATED
        if batch.path[row] == NO_STRING or not whole:
            return None
        if batch.base[row] == CWD:
            return entered(self.base(row), batch.strings[batch.path[row]])
        return self._by_name(self._path(row))

    def _by_name(self, path: bytes | None) -> bytes | None:
        return None if path is None else entered(None, path)

    def base(self, row: int) -> bytes | None:
        """The directory that the first path of the call in `row` starts from."""
        batch = self._batch
        base, ts_ns = int(batch.base[row]), int(batch.ts_ns[row])
        if base >= 0:
            return batch.strings[base]
        if base == CWD:
            return self.known.text(self._cwds.at(int(batch.proc_id[row]), ts_ns))
        if base <= DIRECTORY:
            return self.known.at(batch.directories[DIRECTORY - base].key, ts_ns)
        return None

    def _path(self, row: int) -> bytes | None:
        batch = self._batch
        if batch.path[row] == NO_STRING:
            return None
        has_base = int(batch.base[row]) <= DIRECTORY
        path = resolve(self.base(row), batch.strings[batch.path[row]], has_base)
        return path if path.startswith(b"/") else None
