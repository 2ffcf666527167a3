"""The files of a trace: paths and identities, each combination once.

A call names a path, or works on an open file whose identity the engine knows, or both at once
when it opens one. One row stands for one path with one identity; a path whose identity is never
learned has a row too, and so has an identity whose path is never learned.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import Final

from aklo_trace.events import ANY_INSTANCE, NULL, FileKey, Sighting
from aklo_trace.schema import FILES, FileFlag
from aklo_trace.sockets import parted
from aklo_trace.text import decode

NO_PATH: Final = -1
NO_KEY: Final = (NULL, NULL, 0)

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
class FileRow:
    """`path` is a code; a name that is no path has one in `name`."""

    path: int
    key: FileKey = NO_KEY
    mode: int = 0
    flags: int = 0
    name: bytes | None = None
    local: bytes | None = None
    peer: bytes | None = None
    terminal: bool = False
    first_ns: int = NULL

    @property
    def identified(self) -> bool:
        return self.key != NO_KEY

    @property
    def inode(self) -> int | None:
        """Above its number, files that share an inode have what tells them apart."""
        inode = self.key[1]
        shares = self.mode and not stat.S_IFMT(self.mode)
        return None if inode == NULL else inode & SHARED_INODE if shares else inode

    def learn(self, seen: Sighting) -> None:
        self.terminal |= seen.terminal
        self.name = seen.name or self.name
        self.local = seen.local or self.local
        self.peer = seen.peer or self.peer


class FileTable:
    """Hands out file ids. Paths are interned: callers pass the code of `intern`."""

    def __init__(self) -> None:
        self.rows: list[FileRow] = []
        self._paths: list[bytes] = []
        self._codes: dict[bytes, int] = {}
        self._by_path: dict[int, int] = {}
        self._by_key: dict[FileKey, int] = {}
        self._by_both: dict[tuple[int, FileKey], int] = {}
        self._inodes: set[tuple[int, int]] = set()
        self._unclaimed: dict[tuple[int, int], Sighting] = {}
        self._pipe_devices: set[int] = set()
        self._links: set[int] = set()

    def intern(self, path: bytes) -> int:
        code = self._codes.setdefault(path, len(self._paths))
        if code == len(self._paths):
            self._paths.append(path)
            if LINK.fullmatch(path):
                self._links.add(code)
        return code

    def intern_name(self, text: bytes) -> int:
        """The code of what an engine calls a file, which is a path if it begins with a slash."""
        is_path = text.startswith(b"/") and not text.startswith(b"/memfd:")
        return self.intern(text if is_path else NAME + plain_name(text))

    def path(self, file_id: int) -> bytes | None:
        code = self.rows[file_id].path
        return None if code == NO_PATH else self._paths[code]

    def named(self, path: int, key: FileKey | None, mode: int, flags: int) -> int:
        """The file of a path; `key` is None when the engine did not tell its identity."""
        current = self._by_path.get(path)
        if key is not None and path in self._links and key in self._by_key:
            return self._by_key[key]
        if key is None:
            file_id = self._add(FileRow(path, mode=mode)) if current is None else current
        elif (path, key) in self._by_both:
            file_id = self._by_both[path, key]
        elif current is not None and not self.rows[current].identified:
            file_id = current
            self.rows[file_id].key, self.rows[file_id].mode = key, mode
        else:
            file_id = self._add(FileRow(path, key, mode))
        row = self.rows[file_id]
        row.flags |= flags
        row.mode = row.mode or mode
        self._by_path[path] = file_id
        if key is not None:
            self._by_both[path, key] = file_id
            self._identify(key, file_id)
        return file_id

    def nameless(self, key: FileKey, mode: int) -> int:
        """A file that was worked on before it had a name, if it ever had one."""
        file_id = self._add(FileRow(NO_PATH, key, mode))
        if key not in self._by_key:
            self._identify(key, file_id)
        return file_id

    def known(self, key: FileKey) -> int | None:
        """The file that an identity was last known as."""
        return self._by_key.get(key)

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
            if key[:2] not in self._inodes:
                self._unclaimed[key[:2]] = seen
            return None
        file_id = None if seen.is_new else self.known(key)
        if file_id is None:
            return self._introduced(key, seen)
        self.rows[file_id].learn(seen)
        return file_id

    def _introduced(self, key: FileKey, seen: Sighting) -> int:
        path = NO_PATH if seen.path is None else self.intern(seen.path)
        row = FileRow(path, key, seen.identity.mode, seen.flags)
        row.learn(seen)
        file_id = self._add(row)
        self._identify(key, file_id)
        if path != NO_PATH:
            self._by_path[path] = self._by_both[path, key] = file_id
        return file_id

    def _identify(self, key: FileKey, file_id: int) -> None:
        self._by_key[key] = file_id
        self._inodes.add(key[:2])

    def used(self, file_id: int, ts_ns: int) -> None:
        row = self.rows[file_id]
        row.first_ns = ts_ns if row.first_ns == NULL else min(ts_ns, row.first_ns)

    def columns(self) -> dict[str, list[object]]:
        """The table `files`, but for the columns that calls tell."""
        table: dict[str, list[object]] = {name: [] for name in COLUMNS}
        for file_id, row in enumerate(self.rows):
            values = {"file_id": file_id} | self._described(row)
            for name, column in table.items():
                column.append(values[name])
        return table

    def _described(self, row: FileRow) -> dict[str, object]:
        raw = None if row.path == NO_PATH else self._paths[row.path]
        name, local, peer = row.name, row.local, row.peer
        if raw is not None and raw.startswith(NAME):
            name, local, peer = parted(raw.removeprefix(NAME))
            raw = None
        texts = [None if text is None else decode(text) for text in (raw, name, local, peer)]
        odd = any(text is not None and text[1] for text in texts)
        path, name_text, local_text, peer_text = (text and text[0] for text in texts)
        return {
            "path": path,
            "name": name_text,
            "local": local_text,
            "peer": peer_text,
            "kind": self._kind(row, raw, name),
            "dev": None if row.key[0] == NULL else row.key[0],
            "inode": row.inode,
            "first_ns": None if row.first_ns == NULL else row.first_ns,
            "flags": int(row.flags | (FileFlag.NOT_UTF8 if odd else 0)),
        }

    def _kind(self, row: FileRow, path: bytes | None, name: bytes | None) -> str | None:
        if name is not None and name.startswith(ANONYMOUS_NAMES):
            return ANONYMOUS
        kind = KINDS.get(stat.S_IFMT(row.mode), ANONYMOUS) if row.mode else None
        if row.terminal or (kind in MAYBE_TERMINAL and (path or b"").startswith(TERMINALS)):
            return TERMINAL
        is_fifo = kind == "pipe" and path is not None and row.key[0] not in self._pipe_devices
        return "fifo" if is_fifo else kind

    def _add(self, row: FileRow) -> int:
        self.rows.append(row)
        return len(self.rows) - 1
