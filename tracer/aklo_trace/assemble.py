"""Batches of events, turned into the tables of the schema.

Engines say what was called, with which words; here the words get their meaning: a path is
made absolute with the working directory that the process had at that moment, a descriptor's
file gets the name under which it was opened, and a call gets the program that made it. All of
it works on whole columns; only what changes a process's state is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.directories import (
    CHDIR,
    FCHDIR,
    NAMES_ITS_FILE,
    Directories,
    DirectoryNames,
    Naming,
)
from aklo_trace.events import (
    CWD,
    DIRECTORY,
    NULL,
    EventBatch,
    ImageStart,
    Int32,
    Int64,
    OffCpu,
    ProcessEnd,
    ProcessEvent,
    ProcessStart,
    Site,
    Untold,
)
from aklo_trace.files import FileTable
from aklo_trace.function_calls import function_call_columns
from aklo_trace.naming import Names, distinct, name_files
from aklo_trace.paths import resolve
from aklo_trace.pipe_ends import PipeEnds
from aklo_trace.schema import ImageFlag, ProcessFlag, SyscallFlag
from aklo_trace.sites import Scripts, SiteTable
from aklo_trace.syscalls import table
from aklo_trace.text import decode
from aklo_trace.timeline import UNKNOWN, Timeline

Columns = dict[str, "npt.NDArray[np.generic] | list[object]"]
"""Columns of one table. Arrays of int64 hold NULL where the value is null."""

MOST_PROCESSES: Final = 1 << 26
"""What is beyond is damage, and would take all memory."""
FILES_AT_ONCE: Final = 1 << 16
"""Whose rows are made together: they take a hundred times what is kept of a file."""
SITE_UNKNOWN: Final = int(SyscallFlag.SITE_UNKNOWN)
MOVES_BYTES: Final = np.array([call.returns == "bytes" for call in table()])


@dataclass(frozen=True)
class Target:
    """The first process of a trace: when it began, and how it ended if that was seen."""

    proc_id: int | None = None
    start_ns: int | None = None
    argv: tuple[str, ...] = ()
    wall_ns: int | None = None
    exit_status: int | None = None
    signal: int | None = None

    def ended(self, end: ProcessEnd) -> Target:
        wall_ns = None if self.start_ns is None else end.ts_ns - self.start_ns
        if wall_ns is not None and wall_ns < 0:  # the clock of a log was set back
            wall_ns = None
        return replace(self, wall_ns=wall_ns, exit_status=end.exit_status, signal=end.signal)


class Assembler:
    """Turns the batches of one recording, in order, into rows of the tables.

    `cwd` is the working directory of processes whose beginning was not seen.
    """

    def __init__(self, cwd: bytes | None) -> None:
        self._cwd = cwd
        self._cwds = Timeline()
        self._images = Timeline()
        self._directories = DirectoryNames()
        self._processes: dict[int, ProcessStart] = {}
        self._pids = np.zeros(1024, np.int64)
        self._files = FileTable()
        self._pipe_ends = PipeEnds()
        self._is_shell: list[bool] = []
        self._scripts = Scripts()
        self._sites = SiteTable(self._scripts)
        self._image_count = 0
        self._untold_ns: dict[int, int] = {}
        self.target = Target()

    def add(self, batch: EventBatch) -> dict[str, Columns]:
        """The rows that this batch completes, by table."""
        directories = Directories(batch, self._cwds, self._directories)
        processes, images = self._follow(batch, directories)
        named = name_files(batch, self._files, self._cwds, directories)
        self._note_files(batch, named)
        ran = self._images.of(batch.proc_id, batch.ts_ns)
        by_shell = np.array([*self._is_shell, False])[ran]
        self._note_scripts(batch, by_shell, named.file_ids)
        columns: Columns = {
            "ts_ns": batch.ts_ns,
            "dur_ns": batch.dur_ns,
            "proc_id": batch.proc_id,
            "image_id": _nullable(ran),
            "pid": self._pids[batch.proc_id],
            "tid": batch.tid,
            "syscall": batch.syscall,
            "ret": batch.ret,
            "errno": np.where(batch.errno > 0, batch.errno.astype(np.int64), NULL),
            "fd": batch.fd,
            "file_id": _nullable(named.file_ids),
            "file2_id": _nullable(named.file2_ids),
            "bytes": np.where(MOVES_BYTES[batch.syscall] & (batch.ret >= 0), batch.ret, NULL),
            "offset": batch.offset,
            "site_id": _nullable(self._sites.column(batch)),
            "flags": np.where(by_shell, batch.flags, batch.flags & ~SITE_UNKNOWN) | named.flags,
        }
        self._cwds.forget_ended()
        self._images.forget_ended()
        return {
            "syscalls": columns,
            "processes": processes.columns(self._site_id),
            "images": images.columns(self._site_id),
            "samples": self._sampled(batch),
            "calls": self._called(batch),
            "offcpu": _off_cpu(batch),
        }

    def finish(self) -> Iterator[dict[str, Columns]]:
        """The rows of what was still running, and of all files and places."""
        rows = _Rows()
        for start in self._processes.values():
            rows.add(_forked_at(start), **_process_row(start, None))
        yield {"processes": rows.columns(self._site_id)}
        for first in range(0, len(self._files), FILES_AT_ONCE):
            end = min(first + FILES_AT_ONCE, len(self._files))
            ends = self._pipe_ends.columns(first, end)
            yield {"files": {**self._files.columns(first, end), **ends}}
        yield {"sites": dict(self._sites.columns())}

    def scripts(self) -> set[str]:
        """The files of all shell code, as the table `sites` names them."""
        return self._sites.files()

    def _follow(self, batch: EventBatch, directories: Directories) -> tuple[_Rows, _Rows]:
        """Bring the state of the processes up to the end of the batch."""
        processes, images = _Rows(), _Rows()
        for event in _in_order(batch, directories):
            match event:
                case ProcessStart():
                    self._start(event)
                case ImageStart():
                    images.add((event.proc_id, event.ts_ns, event.site), **self._image(event))
                case ProcessEnd():
                    start = self._processes.pop(event.proc_id, None)
                    self._cwds.end(event.proc_id)
                    self._images.end(event.proc_id)
                    self._untold_ns.pop(event.proc_id, None)
                    if event.proc_id == self.target.proc_id:
                        self.target = self.target.ended(event)
                    if start:
                        processes.add(_forked_at(start), **_process_row(start, event))
                case Untold():
                    self._lose_track(event)
                case Naming():
                    directories.learn(event)
                case row:
                    self._move(batch, directories, int(row))
        return processes, images

    def _start(self, event: ProcessStart) -> None:
        if not 0 <= event.proc_id <= MOST_PROCESSES:
            raise ValueError(f"there is no process {event.proc_id}")
        if self.target.proc_id is None:
            self.target = Target(event.proc_id, event.ts_ns)
        self._processes[event.proc_id] = event
        if event.proc_id >= len(self._pids):
            self._pids = np.concatenate([self._pids, np.zeros(event.proc_id + 1, np.int64)])
        self._pids[event.proc_id] = event.pid
        self._scripts.start(event.proc_id, event.ts_ns, event.parent_proc_id)
        self._images.start(event.proc_id, event.ts_ns, event.parent_proc_id)
        self._cwds.start(event.proc_id, event.ts_ns, event.parent_proc_id)
        begins_here = event.parent_proc_id is None and not event.flags & ProcessFlag.START_UNSEEN
        cwd = event.cwd or (self._cwd if begins_here else None)
        if cwd is not None:
            self._cwds.change(event.proc_id, event.ts_ns, self._directories.code(cwd))

    def _move(self, batch: EventBatch, directories: Directories, row: int) -> None:
        proc_id, moved_ns = int(batch.proc_id[row]), _end_ns(batch, row)
        is_last = int(batch.ts_ns[row]) > self._untold_ns.get(proc_id, NULL)
        target = directories.entered(row) if is_last else None
        self._cwds.change(proc_id, moved_ns, self._directories.code(target))

    def _lose_track(self, event: Untold) -> None:
        """A change of directory that had begun before may not have been the last one."""
        self._untold_ns[event.proc_id] = event.ts_ns
        self._cwds.change(event.proc_id, event.ts_ns, UNKNOWN)
        if event.image:
            self._images.change(event.proc_id, event.ts_ns, UNKNOWN)

    def _image(self, event: ImageStart) -> dict[str, object]:
        image_id = self._image_count
        self._image_count += 1
        self._images.change(event.proc_id, event.ts_ns, image_id)
        self._is_shell.append(event.shell is not None)
        if event.script_name is not None and event.script is not None:
            self._scripts.opened(event.proc_id, event.ts_ns, event.script_name, event.script)
        cwd = self._started_from(event)
        texts = [resolve(cwd, name) for name in (event.exe, event.script) if name is not None]
        decoded = [decode(text) for text in [*texts, *(event.argv or ())]]
        names = [text for text, _ in decoded]
        odd = any(flag for _, flag in decoded)
        if event.proc_id == self.target.proc_id and not self.target.argv:
            self.target = replace(self.target, argv=tuple(names[len(texts) :]))
        return {
            "image_id": image_id,
            "proc_id": event.proc_id,
            "ts_ns": event.ts_ns,
            "exe": names[0] if event.exe is not None else None,
            "script": names[len(texts) - 1] if event.script is not None else None,
            "argv": names[len(texts) :] if event.argv is not None else None,
            "dev": event.dev,
            "inode": event.inode,
            "shell": event.shell,
            "flags": event.flags | (ImageFlag.NOT_UTF8 if odd else 0),
        }

    def _sampled(self, batch: EventBatch) -> Columns:
        rows = _Rows()
        for sample in batch.samples:
            image = self._images.at(sample.proc_id, sample.ts_ns)
            rows.add(
                (sample.proc_id, sample.ts_ns, sample.site),
                ts_ns=sample.ts_ns,
                proc_id=sample.proc_id,
                image_id=None if image == UNKNOWN else image,
                tid=sample.tid,
                period_ns=sample.period_ns,
                flags=sample.flags,
            )
        return rows.columns(self._site_id)

    def _started_from(self, event: ImageStart) -> bytes | None:
        """The directory that the name of a program starts from."""
        if event.directory is not None:
            return self._directories.at(event.directory.key, event.ts_ns)
        return self._directories.text(self._cwds.at(event.proc_id, event.ts_ns))

    def _note_files(self, batch: EventBatch, named: Names) -> None:
        """Keep when files were seen first, and who uses pipes."""
        self._pipe_ends.note(batch, self._files, (named.file_ids, named.file2_ids))
        for ids in (named.file_ids, named.file2_ids):
            rows = np.flatnonzero(ids != UNKNOWN)
            found, _, firsts = distinct(ids[rows].astype(np.int64))
            self._files.used(found, batch.ts_ns[rows[firsts]])

    def _note_scripts(
        self, batch: EventBatch, by_shell: npt.NDArray[np.bool_], file_ids: Int32
    ) -> None:
        """Keep what the relative names meant that shells opened."""
        relative = (batch.base == CWD) | (batch.base <= DIRECTORY) | (batch.base >= 0)
        opened = by_shell & relative & NAMES_ITS_FILE[batch.syscall] & (batch.ret >= 0)
        for row in np.flatnonzero(opened).tolist():
            path = self._files.path(int(file_ids[row]))
            if path is not None:
                name = batch.strings[batch.path[row]]
                self._scripts.opened(int(batch.proc_id[row]), int(batch.ts_ns[row]), name, path)

    def _called(self, batch: EventBatch) -> Columns:
        calls = batch.function_calls
        return dict(function_call_columns(calls, self._images, self._sites)) if calls else {}

    def _site_id(self, proc_id: int, ts_ns: int, site: Site | None) -> int | None:
        return None if site is None else self._sites.of(proc_id, ts_ns, site)


def _off_cpu(batch: EventBatch) -> Columns:
    found = batch.off_cpu
    return {field.name: getattr(found, field.name) for field in fields(OffCpu)} if found else {}


def _end_ns(batch: EventBatch, row: int) -> int:
    """When a call returned; its beginning if it is not known how long it took."""
    dur_ns = int(batch.dur_ns[row])
    return int(batch.ts_ns[row]) + (0 if dur_ns == NULL else dur_ns)


def _in_order(batch: EventBatch, directories: Directories) -> Iterator[ProcessEvent | Naming | int]:
    """Process events, names of directories, and the rows that change a working directory, by
    time."""
    moved = np.isin(batch.syscall, [CHDIR, FCHDIR]) & (batch.ret == 0)
    timed: list[tuple[int, ProcessEvent | Naming | int]] = [
        (event.ts_ns, event) for event in (*batch.process_events, *directories.namings())
    ]
    timed += [(_end_ns(batch, row), row) for row in np.flatnonzero(moved).tolist()]
    return (item for _, item in sorted(timed, key=lambda entry: entry[0]))


Place = tuple[int, int, Site | None]
"""Who was where in its code, and when."""


class _Rows:
    """Rows of a small table, as columns; each was caused by some place in shell code."""

    def __init__(self) -> None:
        self._lists: dict[str, list[object]] = {}
        self._places: list[Place] = []

    def add(self, place: Place, **values: object) -> None:
        self._places.append(place)
        for name, value in values.items():
            self._lists.setdefault(name, []).append(value)

    def columns(self, site_id: Callable[[int, int, Site | None], int | None]) -> Columns:
        if not self._places:
            return {}
        return {**self._lists, "site_id": [site_id(*place) for place in self._places]}


def _process_row(start: ProcessStart, end: ProcessEnd | None) -> dict[str, object]:
    return {
        "proc_id": start.proc_id,
        "pid": start.pid,
        "parent_proc_id": start.parent_proc_id,
        "ppid": start.ppid,
        "start_ns": start.ts_ns,
        "end_ns": end.ts_ns if end else None,
        "exit_status": end.exit_status if end else None,
        "signal": end.signal if end else None,
        "max_rss_bytes": end.max_rss_bytes if end else None,
        "utime_ns": end.utime_ns if end else None,
        "stime_ns": end.stime_ns if end else None,
        "run_delay_ns": end.run_delay_ns if end else None,
        "stopped_ns": end.stopped_ns if end else None,
        "flags": start.flags | (0 if end else ProcessFlag.END_UNSEEN),
    }


def _forked_at(start: ProcessStart) -> Place:
    forked_by = start.proc_id if start.parent_proc_id is None else start.parent_proc_id
    return forked_by, start.ts_ns, start.site


def _nullable(codes: Int32 | Int64) -> Int64:
    return np.where(codes == UNKNOWN, NULL, codes.astype(np.int64))
