"""The spool of records, parsed: paths of calls, and the life of processes.

Records are of any size, so finding their beginnings is a walk; all else is done for whole
columns. A spool that ends in the middle of a record (its recorder was killed) is read up to
the last whole one.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.events import ImageStart, ProcessEnd, ProcessEvent, ProcessStart
from aklo_trace.schema import ImageFlag

_BODY: Final = layout.RING_HEADER_BYTES


def dtype_of(layout_struct: layout.Struct) -> np.dtype[np.void]:
    return np.dtype(list(layout_struct.fields))


def map_file(path: Path) -> memoryview:
    """The bytes of a file, not read until they are looked at; empty if it does not exist."""
    if not path.exists() or path.stat().st_size == 0:
        return memoryview(b"")
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return memoryview(mmap.mmap(fd, 0, prot=mmap.PROT_READ))
    finally:
        os.close(fd)


@dataclass
class PathRecords:
    """Records of paths: their fixed part, and for each of both paths its text."""

    heads: npt.NDArray[np.void]
    texts: list[tuple[bytes, bytes]]


@dataclass
class _Exec:
    """An exec whose argument block is still being put together."""

    image: dict[str, int]
    filename: bytes
    interpreter: bytes
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
            dev=kernel_device(self.image["dev"]) if self.image["mode"] else None,
            inode=self.image["inode"] if self.image["mode"] else None,
            flags=int(flags),
        )


def kernel_device(dev: int) -> int:
    """The kernel packs a device as major << 20 | minor; makedev(3) spreads them."""
    return os.makedev(dev >> 20, dev & 0xFFFFF)


class RecordStream:
    """Reads a spool of records piece by piece; `offset_ns` turns boot time into wall time."""

    def __init__(self, path: Path, offset_ns: int, page_bytes: int) -> None:
        self._data = map_file(path)
        whole = len(self._data) & ~7
        self._words = self._data[:whole].cast("I")
        self._end = whole
        self._position = 0
        self._offset_ns = offset_ns
        self._page_bytes = page_bytes
        self._execs: dict[int, _Exec] = {}
        self._times: dict[int, tuple[int, int]] = {}
        self._events: list[ProcessEvent] = []
        self._paths: list[int] = []
        self._handlers: Final[dict[int, Callable[[int], None]]] = {
            layout.RECORD_PATH: self._paths.append,
            layout.RECORD_FORK: self._fork,
            layout.RECORD_EXEC: self._exec,
            layout.RECORD_ARGV: self._argv,
            layout.RECORD_EXIT: self._exit,
        }

    def read(self, end: int) -> tuple[PathRecords, list[ProcessEvent]]:
        """All up to byte `end`, and beyond it as far as an exec's arguments reach."""
        self._paths.clear()
        for start in self._starts(end):
            self._handlers[self._words[start + _BODY >> 2]](start + _BODY)
        events, self._events = self._events, []
        return self._path_records(), sorted(events, key=lambda event: event.ts_ns)

    def finish(self) -> list[ProcessEvent]:
        """What never became whole because records were lost."""
        return [execution.event(self._offset_ns) for execution in self._execs.values()]

    def _starts(self, end: int) -> Iterator[int]:
        words = self._words
        while self._position < min(end, self._end) or (self._execs and self._position < self._end):
            start = self._position
            stride = record_stride(words[start >> 2] & ~layout.RING_BUSY)
            if start + stride > self._end:
                self._end = start
                return
            self._position = start + stride
            yield start

    def _path_records(self) -> PathRecords:
        size = layout.PATH_RECORD.size
        heads = b"".join([self._data[start : start + size] for start in self._paths])
        array = np.frombuffer(heads, dtype_of(layout.PATH_RECORD))
        data, texts = self._data, []
        for start, first, second in zip(
            self._paths, array["bytes0"].tolist(), array["bytes1"].tolist(), strict=True
        ):
            text = start + size
            middle = text + first
            texts.append(
                (bytes(data[text : middle - 1]), bytes(data[middle : middle + second - 1]))
            )
        return PathRecords(array, texts)

    def _unpack(self, kind: layout.Struct, start: int) -> dict[str, int]:
        values = struct.unpack_from(kind.format, self._data, start)
        return {name: value for (name, _), value in zip(kind.fields, values, strict=True)}

    def _fork(self, start: int) -> None:
        record = self._unpack(layout.FORK_RECORD, start)
        self._events.append(
            ProcessStart(
                record["ts_ns"] + self._offset_ns,
                record["proc_id"],
                record["pid"],
                record["parent_proc_id"],
                record["ppid"],
            )
        )

    def _exec(self, start: int) -> None:
        record = self._unpack(layout.EXEC_RECORD, start)
        text = start + layout.EXEC_RECORD.size
        middle = text + record["bytes0"]
        filename = bytes(self._data[text:middle]).rstrip(b"\0")
        interpreter = bytes(self._data[middle : middle + record["bytes1"]]).rstrip(b"\0")
        stale = self._execs.pop(record["proc_id"], None)
        if stale:
            self._events.append(stale.event(self._offset_ns))
        self._execs[record["proc_id"]] = _Exec(record, filename, interpreter)
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

    def _settle(self, proc_id: int) -> None:
        if self._execs[proc_id].complete:
            self._events.append(self._execs.pop(proc_id).event(self._offset_ns))

    def _exit(self, start: int) -> None:
        record = self._unpack(layout.EXIT_RECORD, start)
        proc_id, code = record["proc_id"], record["exit_code"]
        before_ns, before_system_ns = self._times.pop(proc_id, (0, 0))
        cpu_ns = before_ns + record["cpu_ns"]
        system_ns = before_system_ns + record["system_ns"]
        if not record["last"]:
            self._times[proc_id] = (cpu_ns, system_ns)
            return
        signal = code & 0x7F
        self._events.append(
            ProcessEnd(
                record["ts_ns"] + self._offset_ns,
                proc_id,
                exit_status=None if signal else code >> 8 & 0xFF,
                signal=signal or None,
                max_rss_bytes=record["max_rss_pages"] * self._page_bytes,
                utime_ns=cpu_ns - system_ns,
                stime_ns=system_ns,
            )
        )
