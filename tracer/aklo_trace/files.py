"""The files of a trace: paths and identities, each combination once.

A call names a path, or works on an open file whose identity the engine knows, or both at once
when it opens one. One row stands for one path with one identity; a path whose identity is never
learned has a row too, and so has an identity whose path is never learned.
"""

from __future__ import annotations

import re
import stat
from array import array
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import ANY_INSTANCE, NULL, FileKey, Int32, Int64, Sighting
from aklo_trace.interning import NOT_THERE, Interned
from aklo_trace.schema import FILES, FileFlag
from aklo_trace.sockets import parted
from aklo_trace.text import decode

NONE: Final = -1
"""For a path, an identity or a file that there is not."""
NO_KEY: Final = (NULL, NULL, 0)
KEY, INODE = Struct("=qqq"), Struct("=qq")
IFMT: Final = 0o170000

KINDS: Final = {
    stat.S_IFREG: "regular",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
TERMINAL: Final = "terminal"
ANONYMOUS: Final = "anonymous"
"""What only descriptors know: epoll, eventfd and the like, and files of memfd_create(2)."""
TERMINALS: Final = (b"/dev/pts/", b"/dev/tty", b"/dev/console")
SHARED_INODE: Final = 0xFFFFFFFF
MAYBE_TERMINAL: Final = ("character", None)
LINK: Final = re.compile(rb"/dev/(?:fd/\d+|std(?:in|out|err))|/proc/[\w-]+(?:/task/\d+)?/fd/\d+")
"""What opens the file of a descriptor, which keeps its name; see proc(5)."""
NAME: Final = b"\0"
"""Before a text that is interned but is no path: paths have no NUL."""
ANONYMOUS_NAMES: Final = (b"[", b"memfd:")
COLUMNS: Final = tuple(name for name in FILES.column_names if name not in {"readers", "writers"})


def plain_name(text: bytes) -> bytes:
    """What the kernel calls a thing without path, given as /proc and strace write it."""
    return text.removeprefix(b"anon_inode:").removeprefix(b"/").removesuffix(b" (deleted)")


@dataclass(slots=True)
class Told:
    """What few files have: a name that is no path, addresses, or that they are terminals."""

    name: bytes | None = None
    local: bytes | None = None
    peer: bytes | None = None
    terminal: bool = False

    def learn(self, seen: Sighting) -> None:
        self.terminal |= seen.terminal
        self.name = seen.name or self.name
        self.local = seen.local or self.local
        self.peer = seen.peer or self.peer


NOTHING: Final = Told()


class FileTable:
    """Hands out file ids. Paths are interned: callers pass the code of `intern`.

    A trace can name millions of files, so there is no object for each: every column is an array
    of numbers. What was the last to bear a path is found by its code, what bore it before in
    `_earlier`.
    """

    def __init__(self) -> None:
        self._path = array("i")
        self._key = array("i")
        self._mode = array("i")
        self._flags = array("i")
        self._first_ns = array("q")
        self._told: dict[int, Told] = {}
        self._paths, self._keys, self._inodes = Interned(), Interned(), Interned()
        self._by_path = array("i")
        self._by_key = array("i")
        self._earlier: dict[tuple[int, int], int] = {}
        self._unclaimed: dict[tuple[int, int], Sighting] = {}
        self._pipe_devices: set[int] = set()
        self._links: set[int] = set()

    def __len__(self) -> int:
        return len(self._path)

    def intern(self, path: bytes) -> int:
        code = self._paths.code(path)
        if code == len(self._by_path):
            self._by_path.append(NONE)
            if LINK.fullmatch(path):
                self._links.add(code)
        return code

    def intern_name(self, text: bytes) -> int:
        """The code of what an engine calls a file, which is a path if it begins with a slash."""
        is_path = text.startswith(b"/") and not text.startswith(b"/memfd:")
        return self.intern(text if is_path else NAME + plain_name(text))

    def path(self, file_id: int) -> bytes | None:
        code = self._path[file_id]
        return None if code == NONE else self._paths.text(code)

    def are_pipes(self, file_ids: Int32) -> npt.NDArray[np.bool_]:
        """False for those that are `NONE`."""
        are_pipes: npt.NDArray[np.bool_] = file_ids != NONE
        modes = _view(self._mode)[file_ids[are_pipes]]
        are_pipes[are_pipes] = modes & IFMT == stat.S_IFIFO
        return are_pipes

    def named(self, path: int, key: FileKey | None, mode: int, flags: int) -> int:
        """The file of a path; `key` is None when the engine did not tell its identity."""
        identity = NONE if key is None else self._identity(key)
        if identity != NONE and path in self._links and self._by_key[identity] != NONE:
            return self._by_key[identity]
        file_id = self._bearer(path, identity)
        if file_id == NONE:
            file_id = self._add(path, identity, mode)
        if identity != NONE and self._key[file_id] == NONE:
            self._key[file_id], self._mode[file_id] = identity, mode
        self._flags[file_id] |= flags
        self._mode[file_id] = self._mode[file_id] or mode
        self._bear(path, file_id)
        if key is not None:
            self._identify(key, file_id)
        return file_id

    def nameless(self, key: FileKey, mode: int) -> int:
        """A file that was worked on before it had a name, if it ever had one."""
        file_id = self._add(NONE, self._identity(key), mode)
        if self.known(key) is None:
            self._identify(key, file_id)
        return file_id

    def known(self, key: FileKey) -> int | None:
        """The file that an identity was last known as."""
        code = self._keys.known(KEY.pack(*key))
        return None if code == NOT_THERE or self._by_key[code] == NONE else self._by_key[code]

    def claimed(self, key: FileKey) -> int | None:
        """The file of which only the inode was known: it is the first that is seen there."""
        seen = None if key[2] == ANY_INSTANCE else self._unclaimed.pop(key[:2], None)
        return None if seen is None else self._introduced(key, seen)

    def sighted(self, seen: Sighting) -> int | None:
        """The file that was looked at; made, if it is new or was not known. None for one of which
        only the inode is known: it gets its row when a call works on it."""
        key = seen.identity.key
        if stat.S_ISFIFO(seen.identity.mode) and seen.path is None:
            self._pipe_devices.add(seen.identity.dev)
        if seen.identity.instance == ANY_INSTANCE:
            if self._inodes.known(INODE.pack(*key[:2])) == NOT_THERE:
                self._unclaimed[key[:2]] = seen
            return None
        file_id = None if seen.is_new else self.known(key)
        if file_id is None:
            return self._introduced(key, seen)
        self._learn(file_id, seen)
        return file_id

    def used(self, file_ids: Int64, ts_ns: Int64) -> None:
        """Distinct files, each with an instant at which it was worked on."""
        first_ns = _view(self._first_ns)
        before = first_ns[file_ids]
        first_ns[file_ids] = np.where(before == NULL, ts_ns, np.minimum(before, ts_ns))

    def columns(self, first: int = 0, end: int | None = None) -> dict[str, list[object]]:
        """Rows of the table `files`, from `first` up to `end`, but for the columns that calls
        tell."""
        table: dict[str, list[object]] = {name: [] for name in COLUMNS}
        for file_id in range(first, len(self) if end is None else end):
            values = {"file_id": file_id} | self._described(file_id)
            for name, column in table.items():
                column.append(values[name])
        return table

    def _add(self, path: int, key: int, mode: int) -> int:
        self._path.append(path)
        self._key.append(key)
        self._mode.append(mode)
        self._flags.append(0)
        self._first_ns.append(NULL)
        return len(self) - 1

    def _identity(self, key: FileKey) -> int:
        """The code of an identity."""
        code = self._keys.code(KEY.pack(*key))
        if code == len(self._by_key):
            self._by_key.append(NONE)
        return code

    def _identify(self, key: FileKey, file_id: int) -> None:
        self._by_key[self._identity(key)] = file_id
        self._inodes.code(INODE.pack(*key[:2]))

    def _bearer(self, path: int, identity: int) -> int:
        """The file that bears, or has borne, a path; of any identity if that is `NONE`."""
        last = self._by_path[path]
        if last == NONE or identity in (NONE, self._key[last]):
            return last
        earlier = self._earlier.get((path, identity), NONE)
        return last if earlier == self._key[last] == NONE else earlier

    def _bear(self, path: int, file_id: int) -> None:
        last = self._by_path[path]
        if last not in (NONE, file_id) and self._key[last] != NONE:
            self._earlier[path, self._key[last]] = last
        self._by_path[path] = file_id

    def _introduced(self, key: FileKey, seen: Sighting) -> int:
        path = NONE if seen.path is None else self.intern(seen.path)
        file_id = self._add(path, self._identity(key), seen.identity.mode)
        self._flags[file_id] = seen.flags
        self._learn(file_id, seen)
        self._identify(key, file_id)
        if path != NONE:
            self._bear(path, file_id)
        return file_id

    def _learn(self, file_id: int, seen: Sighting) -> None:
        if seen.name or seen.local or seen.peer or seen.terminal:
            self._told.setdefault(file_id, Told()).learn(seen)

    def _described(self, file_id: int) -> dict[str, object]:
        raw, told = self.path(file_id), self._told.get(file_id, NOTHING)
        name, local, peer = told.name, told.local, told.peer
        if raw is not None and raw.startswith(NAME):
            name, local, peer = parted(raw.removeprefix(NAME))
            raw = None
        texts = [None if text is None else decode(text) for text in (raw, name, local, peer)]
        odd = any(text is not None and text[1] for text in texts)
        path, name_text, local_text, peer_text = (text and text[0] for text in texts)
        key, mode, first_ns = self._key[file_id], self._mode[file_id], self._first_ns[file_id]
        dev, inode, _ = NO_KEY if key == NONE else KEY.unpack(self._keys.text(key))
        return {
            "path": path,
            "name": name_text,
            "local": local_text,
            "peer": peer_text,
            "kind": self._kind(mode, dev, raw, name, told.terminal),
            "dev": None if dev == NULL else dev,
            "inode": _inode(inode, mode),
            "first_ns": None if first_ns == NULL else first_ns,
            "flags": int(self._flags[file_id] | (FileFlag.NOT_UTF8 if odd else 0)),
        }

    def _kind(
        self, mode: int, dev: int, path: bytes | None, name: bytes | None, terminal: bool
    ) -> str | None:
        if name is not None and name.startswith(ANONYMOUS_NAMES):
            return ANONYMOUS
        kind = KINDS.get(stat.S_IFMT(mode), ANONYMOUS) if mode else None
        if terminal or (kind in MAYBE_TERMINAL and (path or b"").startswith(TERMINALS)):
            return TERMINAL
        is_fifo = kind == "pipe" and path is not None and dev not in self._pipe_devices
        return "fifo" if is_fifo else kind


def _inode(inode: int, mode: int) -> int | None:
    """Above its number, files that share an inode have what tells them apart."""
    shares = mode and not stat.S_IFMT(mode)
    return None if inode == NULL else inode & SHARED_INODE if shares else inode


def _view(column: array[int]) -> npt.NDArray[Any]:
    """An array's memory. It must be gone before the array grows."""
    return np.asarray(memoryview(column))
