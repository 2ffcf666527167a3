"""The files of a trace: paths and identities, each combination once.

A call names a path, or works on an open file whose identity (device, inode) the engine knows,
or both at once when it opens one. One row stands for one path with one identity; a path whose
identity is never learned has a row too, and so has an identity whose path is never learned.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import Final

from aklo_trace.events import NULL
from aklo_trace.schema import FileFlag
from aklo_trace.text import decode

NO_PATH: Final = -1

KINDS: Final = {
    stat.S_IFREG: "regular",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
ANONYMOUS: Final = "anonymous"
"""Descriptors without a type of file: epoll, eventfd and the like."""


@dataclass(slots=True)
class FileRow:
    path: int
    dev: int
    inode: int
    mode: int = 0
    flags: int = 0

    @property
    def identified(self) -> bool:
        return self.inode != NULL

    def kind(self, has_path: bool) -> str | None:
        if not self.mode:
            return None
        kind = KINDS.get(stat.S_IFMT(self.mode), ANONYMOUS)
        return "fifo" if kind == "pipe" and has_path else kind


class FileTable:
    """Hands out file ids. Paths are interned: callers pass the code of `intern`."""

    def __init__(self) -> None:
        self.rows: list[FileRow] = []
        self._paths: list[bytes] = []
        self._codes: dict[bytes, int] = {}
        self._by_path: dict[int, int] = {}
        self._by_identity: dict[tuple[int, int], int] = {}
        self._by_both: dict[tuple[int, int, int], int] = {}

    def intern(self, path: bytes) -> int:
        code = self._codes.setdefault(path, len(self._paths))
        if code == len(self._paths):
            self._paths.append(path)
        return code

    def path(self, file_id: int) -> bytes | None:
        code = self.rows[file_id].path
        return None if code == NO_PATH else self._paths[code]

    def named(self, path: int, dev: int, inode: int, mode: int, flags: int) -> int:
        """The file of a path; `inode` is NULL when the engine did not tell its identity."""
        current = self._by_path.get(path)
        if inode == NULL:
            file_id = self._add(FileRow(path, NULL, NULL, mode)) if current is None else current
        elif (path, dev, inode) in self._by_both:
            file_id = self._by_both[path, dev, inode]
        elif current is not None and not self.rows[current].identified:
            file_id = current
            self.rows[file_id] = FileRow(path, dev, inode, mode, self.rows[file_id].flags)
        else:
            file_id = self._add(FileRow(path, dev, inode, mode))
        row = self.rows[file_id]
        row.flags |= flags
        row.mode = row.mode or mode
        self._by_path[path] = file_id
        if inode != NULL:
            self._by_both[path, dev, inode] = self._by_identity[dev, inode] = file_id
        return file_id

    def nameless(self, dev: int, inode: int, mode: int) -> int:
        """A file that was worked on before it had a name, if it ever had one."""
        file_id = self._add(FileRow(NO_PATH, dev, inode, mode))
        self._by_identity.setdefault((dev, inode), file_id)
        return file_id

    def known(self, dev: int, inode: int) -> int | None:
        """The file that an identity was last known as."""
        return self._by_identity.get((dev, inode))

    def known_as(self, dev: int, inode: int) -> bytes | None:
        """The path that an identity was last known as, if it is absolute."""
        file_id = self._by_identity.get((dev, inode))
        path = None if file_id is None else self.path(file_id)
        return path if path and path.startswith(b"/") else None

    def columns(self) -> dict[str, list[object]]:
        """The table `files`."""
        table: dict[str, list[object]] = {
            name: [] for name in ("file_id", "path", "kind", "dev", "inode", "flags")
        }
        for file_id, row in enumerate(self.rows):
            raw = self.path(file_id)
            text, odd = decode(raw) if raw is not None else (None, False)
            flags = row.flags | (FileFlag.NOT_UTF8 if odd else 0)
            dev = None if row.dev == NULL else row.dev
            inode = None if row.inode == NULL else row.inode
            values = (file_id, text, row.kind(raw is not None), dev, inode, int(flags))
            for column, value in zip(table.values(), values, strict=True):
                column.append(value)
        return table

    def _add(self, row: FileRow) -> int:
        self.rows.append(row)
        return len(self.rows) - 1
