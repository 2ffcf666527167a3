"""Where relative paths start from.

Paths are relative to the working directory of their process or to a directory that a
descriptor stands for; both are known from earlier calls of the same trace.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

import numpy as np

from aklo_trace.events import BY_IDENTITY, CWD, NO_STRING, EventBatch
from aklo_trace.files import FileTable
from aklo_trace.paths import join
from aklo_trace.syscalls import by_name
from aklo_trace.timeline import UNKNOWN, Timeline

CHDIR, FCHDIR = by_name()["chdir"].code, by_name()["fchdir"].code


class Interned:
    """Texts with a code each."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._codes: dict[bytes, int] = {}

    def code(self, text: bytes) -> int:
        code = self._codes.setdefault(text, len(self._texts))
        if code == len(self._texts):
            self._texts.append(text)
        return code

    def text(self, code: int) -> bytes | None:
        return None if code == UNKNOWN else self._texts[code]


class Directories:
    """The directories that the calls of one batch start from or change to."""

    def __init__(
        self, batch: EventBatch, files: FileTable, cwds: Timeline, known: Interned
    ) -> None:
        self._batch, self._files, self._cwds = batch, files, cwds
        self.known = known

    def entered(self, row: int) -> bytes | None:
        """The directory that the chdir or fchdir in `row` changes to, if it can be known."""
        batch = self._batch
        if batch.syscall[row] == CHDIR:
            return self._path(row)
        if batch.fd_path[row] != NO_STRING:
            return batch.strings[int(batch.fd_path[row])]
        return self._opened_as(int(batch.dev[row]), int(batch.inode[row]), row)

    def base(self, row: int, which: int = 0) -> bytes | None:
        """The directory that path `which` of the call in `row` starts from."""
        batch = self._batch
        base = int((batch.base, batch.base2)[which][row])
        if base >= 0:
            return batch.strings[base]
        if base == CWD:
            code = self._cwds.at(int(batch.proc_id[row]), int(batch.ts_ns[row]))
            return self.known.text(code)
        if base == BY_IDENTITY and (row, which) in batch.directories:
            identity = batch.directories[row, which]
            return self._opened_as(identity.dev, identity.inode, row)
        return None

    def _path(self, row: int) -> bytes | None:
        batch = self._batch
        if batch.path[row] == NO_STRING:
            return None
        raw = batch.strings[batch.path[row]]
        directory = None if raw.startswith(b"/") else self.base(row)
        path = join(directory, raw)
        return path if path.startswith(b"/") else None

    def _opened_as(self, dev: int, inode: int, row: int) -> bytes | None:
        """The name under which a directory was last opened before `row`."""
        openings = self._openings.get((dev, inode), [])
        before = bisect_left(openings, row)
        return self._path(openings[before - 1]) if before else self._files.known_as(dev, inode)

    @cached_property
    def _openings(self) -> dict[tuple[int, int], list[int]]:
        """Rows of the batch that opened a directory, by its identity."""
        batch = self._batch
        rows = np.flatnonzero((batch.mode & 0o170000 == 0o040000) & (batch.path != NO_STRING))
        openings: dict[tuple[int, int], list[int]] = {}
        devices, inodes = batch.dev[rows].tolist(), batch.inode[rows].tolist()
        for row, dev, inode in zip(rows.tolist(), devices, inodes, strict=True):
            openings.setdefault((dev, inode), []).append(row)
        return openings
