"""The spool of records, parsed: paths of calls, and the life of processes.

Records are of any size, so finding their beginnings is a walk; all else is done for whole
columns. A spool that ends in the middle of a record (its recorder was killed) is read up to
the last whole one.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.function_calls import CallPairs
from aklo_trace.ebpf.stacks import Stacks
from aklo_trace.events import (
    NULL,
    Identity,
    ImageStart,
    Int32,
    Int64,
    OffCpu,
    ProcessEnd,
    ProcessEvent,
    ProcessStart,
    Sample,
    Sighting,
    Site,
    Untold,
)
from aklo_trace.schema import CallFlag, ImageFlag, SampleFlag, SyscallFlag
from aklo_trace.sockets import address_text

_BODY: Final = layout.RING_HEADER_BYTES
_SIZE_BITS: Final = layout.RING_BUSY - 1
READ_AHEAD_BYTES: Final = 16 << 20
"""How far behind an exec the last of its arguments can be: the kernel takes 6 MiB of them, and
programs on other CPUs write in between."""


def dtype_of(layout_struct: layout.Struct) -> np.dtype[np.void]:
    return np.dtype(list(layout_struct.fields))


def map_file(path: Path) -> mmap.mmap | bytes:
    """The bytes of a file, not read until they are looked at; empty if it does not exist."""
    if not path.exists() or path.stat().st_size == 0:
        return b""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    finally:
        os.close(fd)


@dataclass
class PathRecords:
    """Records of paths: their fixed part, and the code of their texts in `PathTexts`."""

    heads: npt.NDArray[np.void]
    codes: Int32

    def chosen(self, rows: Int64) -> PathRecords:
        return PathRecords(self.heads[rows], self.codes[rows])

    def followed_by(self, other: PathRecords) -> PathRecords:
        heads = np.concatenate([self.heads, other.heads])
        return PathRecords(heads, np.concatenate([self.codes, other.codes]))


NO_RECORDS: Final = PathRecords(np.empty(0, dtype_of(layout.PATH_RECORD)), np.empty(0, np.int32))


class PathTexts:
    """The texts of path records, each once: few different ones stand in many records."""

    def __init__(self) -> None:
        self._codes: dict[bytes, int] = {}
        self._pairs: dict[int, tuple[bytes, bytes]] = {}
        self._next = 0

    def code(self, text: bytes) -> int:
        """Of both paths of a record, each followed by a NUL; an absent first one is empty."""
        code = self._codes.setdefault(text, self._next)
        if code == self._next:
            first, second, *_ = (*text.split(b"\0"), b"")
            self._pairs[code] = first, second
            self._next += 1
        return code

    def keep(self, codes: Int32) -> None:
        """Forget all others, which no record that is still wanted has."""
        kept = set(codes.tolist())
        self._codes = {text: code for text, code in self._codes.items() if code in kept}
        self._pairs = {code: self._pairs[code] for code in kept}

    def pair(self, code: int) -> tuple[bytes, bytes]:
        """Both paths of a record; one that is absent is empty."""
        return self._pairs[code]


@dataclass
class _Exec:
    """An exec whose argument block is still being put together."""

    image: dict[str, int]
    filename: bytes
    interpreter: bytes
    site: Site | None
    argv: bytearray = field(default_factory=bytearray)
    unreadable: bool = False

    @property
    def complete(self) -> bool:
        return self.unreadable or len(self.argv) >= self.image["argv_bytes"]

    def event(self, offset_ns: int) -> ImageStart:
        flags = 0
        if self.unreadable:
            flags = ImageFlag.ARGV_TRUNCATED if self.argv else ImageFlag.ARGV_UNREADABLE
        elif not self.complete:
            flags = ImageFlag.ARGV_LOST
        argv = tuple(bytes(self.argv).removesuffix(b"\0").split(b"\0")) if self.argv else None
        return ImageStart(
            ts_ns=self.image["ts_ns"] + offset_ns,
            proc_id=self.image["proc_id"],
            exe=self.interpreter or self.filename or None,
            script=self.filename if self.interpreter else None,
            argv=argv,
            dev=unpacked(self.image["dev"]) if self.image["mode"] else None,
            inode=self.image["inode"] if self.image["mode"] else None,
            flags=int(flags),
            site=self.site,
            directory=identity_of(self.image, "directory_"),
        )


def identity_of(record: Mapping[str, int], prefix: str = "") -> Identity:
    """A struct identity within a record, whose fields have that prefix."""
    inode, dev, mode, instance = (
        record[prefix + name] for name in ("inode", "dev", "mode", "instance")
    )
    return Identity(unpacked(dev), inode, mode, instance)


def _address(sockaddr: bytes) -> bytes | None:
    text = address_text(sockaddr)
    return None if text is None else os.fsencode(text)


def _known(count: int, unit: int = 1) -> int | None:
    """A count, or a sum of several, unless one of them is unknown."""
    return count * unit if count < layout.UNKNOWN_COUNT else None


def _ending(code: int) -> tuple[int | None, int | None]:
    """Exit status and signal from what wait(2) gives."""
    if code == layout.UNKNOWN_EXIT_CODE:
        return None, None
    signal = code & 0x7F
    return (None, signal) if signal else (code >> 8 & 0xFF, None)


class RecordStream:
    """Reads a spool of records piece by piece; `offset_ns` turns boot time into wall time, and a
    sample stands for `period_ns`."""

    def __init__(self, path: Path, offset_ns: int, page_bytes: int, period_ns: int) -> None:
        self._path = path
        self._position = 0
        self.grow()
        self._offset_ns = offset_ns
        self._page_bytes = page_bytes
        self._period_ns = period_ns
        self._samples: list[Sample] = []
        self._execs: dict[int, _Exec] = {}
        self._times: dict[int, tuple[int, int, int, int]] = {}
        self._events: list[ProcessEvent] = []
        self._ends: dict[int, ProcessEnd] = {}
        self._sightings: list[Sighting] = []
        self._off_cpu: list[int] = []
        self.texts = PathTexts()
        self.stacks = Stacks()
        self.calls = CallPairs(self.stacks, offset_ns)
        self._handlers: Final[dict[int, Callable[[int], None]]] = {
            layout.RECORD_FORK: self._fork,
            layout.RECORD_EXEC: self._exec,
            layout.RECORD_ARGV: self._argv,
            layout.RECORD_EXIT: self._exit,
            layout.RECORD_STACK: self._stack,
            layout.RECORD_SAMPLE: self._sample,
            layout.RECORD_FILE: self._file,
            layout.RECORD_FUNCTION: self._function,
            layout.RECORD_LOST_MOVE: self._lost_move,
        }

    def go_on_in(self, path: Path) -> None:
        """Read another file, in which records follow on those read so far."""
        self._path, self._position = path, 0
        self.grow()

    def grow(self) -> None:
        """See what was added to the file."""
        self._bytes = map_file(self._path)
        self._data = memoryview(self._bytes)
        whole = len(self._data) & ~7
        self._words = self._data[:whole].cast("I")
        self._aligned = np.frombuffer(self._data[:whole], np.uint64)
        self._end = whole

    def read(self, end: int) -> tuple[PathRecords, list[ProcessEvent]]:
        """All up to byte `end`, and beyond it as far as an exec's arguments reach."""
        paths = self._walk(min(end, self._end))
        begun, ahead = dict(self._execs), self._position + READ_AHEAD_BYTES
        while self._pending(begun) and self._position < min(ahead, self._end):
            paths += self._walk(self._position + 1)
        for proc_id in self._pending(begun):
            self._give_up(proc_id)
        if self._position >= self._end:
            self.calls.finish()
        events, self._events = [*self._events, *self._ends.values()], []
        self._ends.clear()
        return self._path_records(paths), sorted(events, key=lambda event: event.ts_ns)

    def samples(self) -> list[Sample]:
        """Those among what was read since the last time."""
        samples, self._samples = self._samples, []
        return samples

    def sightings(self) -> list[Sighting]:
        """What was told of files in the records read since this was asked last, by time."""
        found, self._sightings = self._sightings, []
        return sorted(found, key=lambda seen: seen.ts_ns)

    def _walk(self, end: int) -> list[int]:
        """Go over the records that begin before `end`; the places of those of paths. The
        records are many: this loop is written for speed."""
        words, position, whole_end = self._words, self._position, self._end
        handlers, off_cpu = self._handlers, self._off_cpu
        paths: list[int] = []
        while position < end:
            place = position >> 2
            following = position + ((words[place] & _SIZE_BITS) + _BODY + 7 & ~7)
            if following > whole_end:
                self._end = position
                break
            kind = words[place + 2] & layout.KIND_MASK  # without the tree, of a watch
            if kind == layout.RECORD_PATH:
                paths.append(position + _BODY)
            elif kind == layout.RECORD_OFFCPU:
                off_cpu.append(position + _BODY)
            elif kind in handlers:
                handlers[kind](position + _BODY)
            else:
                raise ValueError(f"there is no record of kind {kind}, as at byte {position}")
            position = following
        self._position = position
        return paths

    def off_cpu(self) -> OffCpu | None:
        """Of what was read since the last time; None if there is nothing."""
        found = self._heads(layout.OFFCPU_RECORD, np.array(self._off_cpu, np.int64))
        self._off_cpu.clear()
        if not len(found):
            return None
        columns = {name: found[name].astype(np.int64) for name, _ in layout.OFFCPU_RECORD.fields}
        ready_ns = columns["ready_ns"]
        woken = columns["waker_proc_id"] != 0
        return OffCpu(
            ts_ns=columns["ts_ns"] + self._offset_ns,
            dur_ns=columns["end_ns"] - columns["ts_ns"],
            ready_ns=np.where(ready_ns == 0, NULL, ready_ns + self._offset_ns),
            proc_id=columns["proc_id"],
            tid=columns["tid"],
            waker_proc_id=np.where(woken, columns["waker_proc_id"], NULL),
            waker_tid=np.where(woken, columns["waker_tid"], NULL),
            flags=columns["flags"],
        )

    def _heads(self, kind: layout.Struct, begins: Int64) -> npt.NDArray[np.void]:
        """The records that begin at these bytes, without what follows their fixed part."""
        words = self._aligned[begins[:, None] // 8 + np.arange(kind.size // 8)]
        found: npt.NDArray[np.void] = words.view(dtype_of(kind)).reshape(-1)
        return found

    def _path_records(self, starts: list[int]) -> PathRecords:
        code, data = self.texts.code, self._bytes
        begins = np.array(starts, np.int64)
        array = self._heads(layout.PATH_RECORD, begins)
        first = array["bytes0"].astype(np.int64)
        begins += layout.PATH_RECORD.size
        ends = begins + first + array["bytes1"]
        codes = [
            code(data[begin:end]) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        ]
        for row in np.flatnonzero(first == 0).tolist():
            codes[row] = code(b"\0" + data[begins[row] : ends[row]])
        return PathRecords(array, np.array(codes, np.int32))

    def _unpack(self, kind: layout.Struct, start: int) -> dict[str, int]:
        values = struct.unpack_from(kind.format, self._data, start)
        return {name: value for (name, _), value in zip(kind.fields, values, strict=True)}

    def _lost_move(self, start: int) -> None:
        record = self._unpack(layout.LOST_MOVE_RECORD, start)
        self._events.append(Untold(record["ts_ns"] + self._offset_ns, record["proc_id"]))

    def _fork(self, start: int) -> None:
        record = self._unpack(layout.FORK_RECORD, start)
        self._events.append(
            ProcessStart(
                record["ts_ns"] + self._offset_ns,
                record["proc_id"],
                record["pid"],
                record["parent_proc_id"],
                record["ppid"],
                site=self._site(record),
            )
        )

    def _exec(self, start: int) -> None:
        record = self._unpack(layout.EXEC_RECORD, start)
        text = start + layout.EXEC_RECORD.size
        middle = text + record["bytes0"]
        filename = bytes(self._data[text:middle]).rstrip(b"\0")
        interpreter = bytes(self._data[middle : middle + record["bytes1"]]).rstrip(b"\0")
        self._give_up(record["proc_id"])
        self.calls.close(record["proc_id"], record["ts_ns"], CallFlag.ENDED_BY_EXEC)
        self._execs[record["proc_id"]] = _Exec(record, filename, interpreter, self._site(record))
        self._settle(record["proc_id"])

    def _argv(self, start: int) -> None:
        record = self._unpack(layout.ARGV_RECORD, start)
        execution = self._execs.get(record["proc_id"])
        if execution is None:
            return
        text = start + layout.ARGV_RECORD.size
        if record["bytes"] and record["offset"] == len(execution.argv):
            execution.argv += self._data[text : text + record["bytes"]]
        else:
            execution.unreadable = True
        self._settle(record["proc_id"])

    def _pending(self, begun: dict[int, _Exec]) -> list[int]:
        return [proc_id for proc_id, e in begun.items() if self._execs.get(proc_id) is e]

    def _give_up(self, proc_id: int) -> None:
        """Take an exec for what is there: the rest of its arguments was lost."""
        execution = self._execs.pop(proc_id, None)
        if execution:
            self._events.append(execution.event(self._offset_ns))

    def _settle(self, proc_id: int) -> None:
        if self._execs[proc_id].complete:
            self._events.append(self._execs.pop(proc_id).event(self._offset_ns))

    def _exit(self, start: int) -> None:
        record = self._unpack(layout.EXIT_RECORD, start)
        proc_id, code = record["proc_id"], record["exit_code"]
        before = self._times.pop(proc_id, (0, 0, 0, 0))
        cpu_ns = before[0] + record["cpu_ns"]
        system_ns = before[1] + record["system_ns"]
        delay_ns = before[2] + record["run_delay_ns"]
        stopped_ns = max(before[3], record["stopped_ns"])
        if proc_id in self._ends:  # it ended together with the one that was taken for the last
            end = self._ends[proc_id]
            user_ns = (end.utime_ns or 0) + cpu_ns - system_ns
            system_ns += end.stime_ns or 0
            self._ends[proc_id] = replace(end, utime_ns=user_ns, stime_ns=system_ns)
            return
        if not record["last"]:
            self._times[proc_id] = (cpu_ns, system_ns, delay_ns, stopped_ns)
            return
        self.calls.close(proc_id, record["ts_ns"], CallFlag.ENDED_BY_EXIT)
        exit_status, signal = _ending(code)
        self._ends[proc_id] = ProcessEnd(
            record["ts_ns"] + self._offset_ns,
            proc_id,
            exit_status=exit_status,
            signal=signal,
            max_rss_bytes=_known(record["max_rss_pages"], self._page_bytes),
            utime_ns=cpu_ns - system_ns,
            stime_ns=system_ns,
            run_delay_ns=_known(delay_ns),
            stopped_ns=stopped_ns,
        )

    def _stack(self, start: int) -> None:
        record = self._unpack(layout.STACK_RECORD, start)
        text = start + layout.STACK_RECORD.size
        self.stacks.add(record, bytes(self._data[text : text + record["bytes"]]))

    def _function(self, start: int) -> None:
        self.calls.add(self._unpack(layout.FUNCTION_RECORD, start))

    def _sample(self, start: int) -> None:
        record = self._unpack(layout.SAMPLE_RECORD, start)
        flags = SampleFlag.IN_SYSCALL if record["flags"] & layout.SAMPLE_IN_CALL else 0
        if record["site_flags"] & SyscallFlag.SITE_UNKNOWN:
            flags |= SampleFlag.SITE_UNKNOWN
        self._samples.append(
            Sample(
                record["ts_ns"] + self._offset_ns,
                record["proc_id"],
                record["tid"],
                self._period_ns,
                self._site(record),
                int(flags),
            )
        )

    def _file(self, start: int) -> None:
        record = self._unpack(layout.FILE_RECORD, start)
        texts = start + layout.FILE_RECORD.size
        own, peer = (
            bytes(self._data[text : text + record[f"bytes{which}"]])
            for which, text in enumerate((texts, texts + layout.FILE_TEXT_BYTES))
        )
        is_socket = record["flags"] & layout.FILE_SOCKET
        self._sightings.append(
            Sighting(
                record["ts_ns"] + self._offset_ns,
                identity_of(record),
                is_new=bool(record["flags"] & layout.FILE_NEW),
                name=None if is_socket else own or None,
                local=_address(own) if is_socket else None,
                peer=_address(peer) if is_socket else None,
                terminal=bool(record["flags"] & layout.FILE_TERMINAL),
            )
        )

    def _site(self, record: dict[str, int]) -> Site | None:
        return self.stacks.site(record["stack"], record["line"], record["site_flags"])
