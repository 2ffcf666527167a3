"""Events of a recorder, with the names that a person would give what they belong to.

As the tables of a trace have them, but without keeping anything of what has ended: of processes
what lives is known, and of files those that were named last. A program that a shell has started
belongs to the line that started it.
"""

from __future__ import annotations

import stat
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from errno import ENOENT
from typing import Final

import numpy as np

from aklo_analysis.activity import ACTIVITIES, MEDIA, activity_codes
from aklo_analysis.dashboard.seen import NOTHING, UNTIMED, Int32, Int64, Interner, Seen
from aklo_analysis.program import program_name
from aklo_trace import syscalls
from aklo_trace.events import (
    CWD,
    DIRECTORY,
    NO_SITE,
    NO_STRING,
    NULL,
    EventBatch,
    ImageStart,
    ProcessEnd,
    ProcessStart,
    Site,
)
from aklo_trace.paths import resolve
from aklo_trace.text import decode

MOST_FILES: Final = 20_000
MOST_PROCESSES: Final = 50_000
UNKNOWN: Final = "(unknown)"
OUTSIDE: Final = "(outside functions)"
NOT_SHELL: Final = "(not shell code)"
MOVES_BYTES: Final = np.array([call.returns == "bytes" for call in syscalls.table()])
NAMES: Final = [call.name for call in syscalls.table()]
CHDIR: Final = syscalls.by_name()["chdir"].code
WAITS: Final = np.array([activity.waits for activity in ACTIVITIES])
MODES: Final = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "file",
    stat.S_IFLNK: "file",
    stat.S_IFBLK: "file",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "terminal",
    0: "unknown",
}
"""The medium of a file, by its kind in st_mode. What has none but an inode is an event."""
NAMELESS: Final = {"pipe": "(pipe)", "socket": "(socket)", "event": "(event)"}

Blame = tuple[str, str]
"""A function, and a line."""


@dataclass(slots=True)
class _Process:
    program: str = UNKNOWN
    cwd: bytes | None = None
    blame: Blame = (NOT_SHELL, NOTHING)


class Namer:
    """`cwd` is where the first process starts; `sees_code`: whether shells are asked where they
    are."""

    def __init__(self, cwd: str | None) -> None:
        self._cwd = None if cwd is None else cwd.encode("utf-8", "surrogateescape")
        self._processes: OrderedDict[int, _Process] = OrderedDict()
        self._files: OrderedDict[tuple[int, int], str] = OrderedDict()

    def seen(self, batch: EventBatch) -> Seen:
        names = Interner()
        programs, blamed = self._follow(batch, names)
        functions, lines = self._places(batch, blamed, names)
        media = _media(batch)
        files = self._file_names(batch, media, names)
        calls = np.array([names.code(name) for name in NAMES], np.int32)
        activities = activity_codes(NAMES, media, batch.syscall)
        return Seen(
            ts_ns=batch.ts_ns,
            dur_ns=np.where(batch.dur_ns == NULL, UNTIMED, batch.dur_ns),
            bytes=np.where(MOVES_BYTES[batch.syscall] & (batch.ret > 0), batch.ret, 0),
            failed=batch.errno > 0,
            absent=batch.errno == ENOENT,
            waits=WAITS[activities],
            codes=np.stack([functions, lines, programs, files, calls[batch.syscall]]),
            names=names.names,
            started=sum(isinstance(one, ProcessStart) for one in batch.process_events),
            ended=sum(isinstance(one, ProcessEnd) for one in batch.process_events),
        )

    def _follow(self, batch: EventBatch, names: Interner) -> tuple[Int32, Int32]:
        """For each call the program, and the place among `names` of who is to blame for its
        process: the function and the next one the line."""
        programs, blamed = (np.empty(len(batch), np.int32) for _ in range(2))
        order = np.argsort(batch.proc_id, kind="stable")
        ids, firsts = np.unique(batch.proc_id[order], return_index=True)
        rows_of = dict(zip(ids.tolist(), np.split(order, firsts[1:]), strict=True))
        for proc_id, rows in rows_of.items():
            self._fill(proc_id, rows, programs, blamed, names)
        for event in batch.process_events:
            match event:
                case ProcessStart():
                    self._start(event)
                case ImageStart():
                    self._exec(event)
                case _:
                    continue
            rows = rows_of.get(event.proc_id)
            if rows is not None:
                later = rows[np.searchsorted(batch.ts_ns[rows], event.ts_ns) :]
                self._fill(event.proc_id, later, programs, blamed, names)
        for row in np.flatnonzero((batch.syscall == CHDIR) & (batch.ret == 0)).tolist():
            self._move(batch, row)
        for event in batch.process_events:
            if isinstance(event, ProcessEnd):
                self._processes.pop(event.proc_id, None)
        while len(self._processes) > MOST_PROCESSES:  # whose ends were lost
            self._processes.popitem(last=False)
        return programs, blamed

    def _fill(
        self, proc_id: int, rows: Int64, programs: Int32, blamed: Int32, names: Interner
    ) -> None:
        process = self._of(proc_id)
        programs[rows] = names.code(process.program)
        function = names.code("\0".join(process.blame))
        blamed[rows] = function

    def _of(self, proc_id: int) -> _Process:
        found = self._processes.get(proc_id)
        if found is None:
            found = self._processes[proc_id] = _Process(cwd=self._cwd)
        return found

    def _start(self, event: ProcessStart) -> None:
        parent = self._processes.get(event.parent_proc_id or 0, _Process(cwd=self._cwd))
        blame = _blame(event.site) if event.site else parent.blame
        self._processes[event.proc_id] = _Process(parent.program, event.cwd or parent.cwd, blame)

    def _exec(self, event: ImageStart) -> None:
        exe, script = (t if t is None else decode(t)[0] for t in (event.exe, event.script))
        argv = [decode(word)[0] for word in event.argv or ()]
        process = self._of(event.proc_id)
        process.program = program_name(exe, script, argv) or UNKNOWN
        if event.site:
            process.blame = _blame(event.site)

    def _move(self, batch: EventBatch, row: int) -> None:
        code = int(batch.path[row])
        if code != NO_STRING:
            process = self._of(int(batch.proc_id[row]))
            process.cwd = resolve(process.cwd, batch.strings[code])

    def _places(self, batch: EventBatch, blamed: Int32, names: Interner) -> tuple[Int32, Int32]:
        """The function and line of each call: the shell's own place, or that of who started its
        process."""
        own = [_blame(site) for site in batch.sites]
        inherited = [tuple(text.split("\0", 1)) for text in names.names]
        pairs = [*own, *(pair if len(pair) == 2 else ("", "") for pair in inherited)]
        codes = np.array([[names.code(text) for text in pair] for pair in pairs], np.int32)
        places = np.where(batch.site != NO_SITE, batch.site, blamed + len(own))
        found = codes.reshape(-1, 2)[places]
        return found[:, 0], found[:, 1]

    def _file_names(
        self, batch: EventBatch, media: np.typing.NDArray[np.int8], names: Interner
    ) -> Int32:
        """The path that a call names, or that its file was named by before."""
        files = np.full(len(batch), names.code(NOTHING), np.int32)
        for sighting in batch.sightings:
            if sighting.path is not None:
                identity = sighting.identity
                self._name(identity.dev, identity.inode, decode(sighting.path)[0])
        identified = (batch.inode != NULL) & (batch.mode != 0)
        opened = identified & (batch.path != NO_STRING) & (batch.ret >= 0)
        for rows, path in self._paths(batch):
            files[rows] = names.code(path)
            for row in rows[opened[rows]][-1:].tolist():
                self._name(int(batch.dev[row]), int(batch.inode[row]), path)
        while len(self._files) > MOST_FILES:
            self._files.popitem(last=False)
        nameless = np.flatnonzero(identified & (files == names.code(NOTHING)))
        keys = np.stack([batch.dev[nameless], batch.inode[nameless]], axis=1)
        values, places = np.unique(keys, axis=0, return_inverse=True)
        kinds = np.zeros(len(values), np.int8)
        kinds[places.reshape(-1)] = media[nameless]
        found = [
            names.code(self._files.get((dev, inode)) or NAMELESS.get(MEDIA[kind], UNKNOWN))
            for (dev, inode), kind in zip(values.tolist(), kinds.tolist(), strict=True)
        ]
        files[nameless] = np.array(found, np.int32)[places.reshape(-1)] if found else 0
        return files

    def _paths(self, batch: EventBatch) -> Iterator[tuple[Int64, str]]:
        """Rows, and the path that they name, as far as what came before tells."""
        named = np.where(batch.path != NO_STRING, batch.path, batch.fd_path)
        rows = np.flatnonzero(named != NO_STRING)
        if not len(rows):
            return
        bases = np.where(batch.path[rows] != NO_STRING, batch.base[rows], NO_STRING)
        movers = np.where(bases == CWD, batch.proc_id[rows], 0)
        keys = np.stack([named[rows].astype(np.int64), bases.astype(np.int64), movers], axis=1)
        values, places = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(places.reshape(-1), kind="stable")
        ends = np.cumsum(np.bincount(places.reshape(-1)))[:-1]
        groups = np.split(order, ends)
        for place in sorted(range(len(values)), key=lambda place: int(groups[place][0])):
            code, base, mover = values[place].tolist()
            yield rows[groups[place]], self._path(batch, code, base, mover)

    def _path(self, batch: EventBatch, code: int, base: int, mover: int) -> str:
        directory = None
        if base == CWD:
            process = self._processes.get(mover)
            directory = process.cwd if process else None
        elif base <= DIRECTORY:
            identity = batch.directories[DIRECTORY - base]
            known = self._files.get((identity.dev, identity.inode))
            directory = None if known is None else known.encode("utf-8", "surrogateescape")
        elif base >= 0:
            directory = batch.strings[base]
        return decode(resolve(directory, batch.strings[code]))[0]

    def _name(self, dev: int, inode: int, path: str) -> None:
        self._files[dev, inode] = path
        self._files.move_to_end((dev, inode))


def _media(batch: EventBatch) -> np.typing.NDArray[np.int8]:
    """Places in `MEDIA`."""
    kinds = batch.mode & 0o170000
    media = np.full(len(batch), MEDIA.index("event"), np.int8)
    for kind, medium in MODES.items():
        media[kinds == kind] = MEDIA.index(medium)
    media[(batch.mode == 0) & (batch.inode != NULL)] = MEDIA.index("event")
    media[(kinds == 0) & (batch.path != NO_STRING)] = MEDIA.index("file")
    return media


def _blame(site: Site) -> Blame:
    frames = site.frames
    function = decode(frames[0].function)[0] if frames else OUTSIDE
    if frames and function in ("main", "source"):
        function = OUTSIDE if function == "main" and len(frames) == 1 else function
    source = decode(frames[0].source)[0] if frames else ""
    return function, f"{source}:{site.line}" if source else NOTHING
