"""What a recorder leaves in `live`, made by hand."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from aklo_trace import meta as meta_file
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import COUNTERS_FILE, EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.ebpf.session import START_FILE
from aklo_trace.meta import Meta
from aklo_trace.open_files import OPEN_FILES_FILE, OpenFile, write_open_files
from aklo_trace.store import LIVE
from aklo_trace.syscalls import by_name

MACHINE = "x86_64"
PAGE_BYTES = 4096
PID, PPID = 4711, 4710
START_NS = 1_000_000
DEVICE = 8 << 20 | 1
CWD_INODE, SUB_INODE = 20, 21
HOME = OpenFile(0, PID, "cwd", None, "/home", os.makedev(8, 1), CWD_INODE, 0o40755)
WORDS = {name: index for index, (name, _) in enumerate(layout.COUNTERS.fields)}


def number(name: str) -> int:
    return by_name()[name].numbers[MACHINE]


@dataclass
class Spools:
    """Calls and records are added in the order in which the kernel would have written them."""

    events: bytearray = field(default_factory=bytearray)
    records: bytearray = field(default_factory=bytearray)
    marks: bytearray = field(default_factory=bytearray)
    own: dict[str, int] = field(default_factory=dict)
    kernel: dict[str, int] = field(default_factory=dict)
    open_files: list[OpenFile] = field(default_factory=lambda: [HOME])
    now_ns: int = START_NS
    sample_hz: int = 0

    def call(self, name: str, *, proc: int = 1, flags: int = 0, **fields: int) -> None:
        self.now_ns += 100
        values = {
            "start_ns": self.now_ns,
            "dur_ns": 50,
            "proc_id": proc,
            "tid": PID + proc - 1,
            "nr": number(name),
            "flags": flags,
        } | fields
        self.events += layout.EVENT.pack(**values)
        slot = f"attempts{values['nr']}"
        self.kernel[slot] = self.kernel.get(slot, 0) + 1

    def path(self, record_id: int, *paths: bytes, **fields: int) -> None:
        texts = [path + b"\0" for path in paths]
        sizes = {f"bytes{which}": len(text) for which, text in enumerate(texts)}
        values = {"kind": layout.RECORD_PATH, "record_id": record_id, **sizes, **fields}
        self._record(layout.PATH_RECORD.pack(**values) + b"".join(texts))

    def fork(self, proc: int, parent: int = 1) -> None:
        self.now_ns += 100
        self._record(
            layout.FORK_RECORD.pack(
                kind=layout.RECORD_FORK,
                proc_id=proc,
                parent_proc_id=parent,
                pid=PID + proc - 1,
                ppid=PID + parent - 1,
                ts_ns=self.now_ns,
            )
        )

    def exec(self, proc: int, filename: bytes, argv_bytes: int, interpreter: bytes = b"") -> None:
        """In the middle of the call that follows."""
        texts = [text + b"\0" if text else b"" for text in (filename, interpreter)]
        head = layout.EXEC_RECORD.pack(
            kind=layout.RECORD_EXEC,
            proc_id=proc,
            pid=PID + proc - 1,
            bytes0=len(texts[0]),
            bytes1=len(texts[1]),
            argv_bytes=argv_bytes,
            ts_ns=self.now_ns + 120,
            inode=99,
            dev=DEVICE,
            mode=0o100755,
            directory_inode=CWD_INODE,
            directory_dev=DEVICE,
            directory_mode=0o40755,
        )
        self._record(head + b"".join(texts))

    def argv(self, proc: int, offset: int, text: bytes) -> None:
        head = layout.ARGV_RECORD.pack(
            kind=layout.RECORD_ARGV, proc_id=proc, offset=offset, bytes=len(text)
        )
        self._record(head + text)

    def exit(self, proc: int, *, last: bool = True, **fields: int) -> None:
        self.now_ns += 100
        values = {"kind": layout.RECORD_EXIT, "proc_id": proc, "last": int(last)}
        self._record(layout.EXIT_RECORD.pack(**values, ts_ns=self.now_ns, **fields))

    def off_cpu(self, proc: int, ready_ns: int, end_ns: int, **fields: int) -> None:
        """The main thread of a process leaves its CPU now, and has one again at `end_ns`."""
        self.now_ns += 100
        values = {"kind": layout.RECORD_OFFCPU, "proc_id": proc, "tid": PID + proc - 1}
        times = {"ts_ns": self.now_ns, "ready_ns": ready_ns, "end_ns": end_ns}
        self._record(layout.OFFCPU_RECORD.pack(**values, **times, **fields))

    def mark(self) -> None:
        """The recorder drains its rings."""
        self.marks += struct.pack("=QQ", len(self.events), len(self.records))

    def write(self, directory: Path) -> Path:
        """A trace whose recorder was interrupted now."""
        live = directory / LIVE
        live.mkdir(parents=True)
        meta_file.write(directory, Meta("ebpf", "by hand", ("true",), "/home", 1))
        start = {
            "offset_ns": 0,
            "machine": MACHINE,
            "page_bytes": PAGE_BYTES,
            "launcher_rss_bytes": 0,
            "sample_hz": self.sample_hz,
            "attribution": True,
            "function_calls": None,
            "cpus": 1,
            "pid": PID,
            "ppid": PPID,
        }
        write_open_files(live / OPEN_FILES_FILE, self.open_files)
        (live / START_FILE).write_text(json.dumps(start))
        for name, content in (
            (EVENTS_FILE, self.events),
            (RECORDS_FILE, self.records),
            (MARKS_FILE, self.marks),
            (COUNTERS_FILE, self._counters(self.own) + self._counters(self.kernel)),
        ):
            (live / name).write_bytes(content)
        return live

    def _record(self, body: bytes) -> None:
        record = struct.pack("=II", len(body), 0) + body
        self.records += record.ljust(record_stride(len(body)), b"\0")

    def _counters(self, values: dict[str, int]) -> bytes:
        return layout.COUNTERS.pack(**values)


def identity(inode: int) -> dict[str, int]:
    """That of a directory which a path starts from."""
    return {"inode0": inode, "dev0": DEVICE, "mode0": 0o40755}


def begun_life() -> Spools:
    """A shell that has entered a directory."""
    spools = Spools()
    spools.exec(1, b"/bin/sh", 10)
    spools.argv(1, 0, b"sh\0-c\0cat\0")
    spools.path(1, b"/bin/sh")
    spools.call("execve", record_id=1)
    spools.path(2, b"sub", base0=layout.BASE_DIRECTORY, **identity(CWD_INODE))
    sub = {"inode": SUB_INODE, "dev": DEVICE, "mode": 0o40755}
    spools.call("chdir", flags=layout.EVENT_HAS_IDENTITY, record_id=2, **sub)
    return spools


def small_life() -> Spools:
    """A shell that starts cat, which reads a file."""
    spools = begun_life()
    spools.fork(2)
    spools.call("clone", ret=PID + 1)
    spools.mark()
    spools.exec(2, b"/bin/cat", 9)
    spools.argv(2, 0, b"cat\0file\0")
    spools.path(3, b"/bin/cat")
    spools.call("execve", proc=2, record_id=3)
    spools.path(4, b"file", base0=layout.BASE_DIRECTORY, **identity(SUB_INODE))
    known = layout.EVENT_HAS_FD | layout.EVENT_HAS_IDENTITY
    file = {"fd": 3, "inode": 12, "dev": DEVICE, "mode": 0o100644}
    spools.call("openat", proc=2, flags=known, record_id=4, ret=3, **file)
    spools.call("read", proc=2, flags=known | layout.EVENT_HAS_OFFSET, ret=100, offset=7, **file)
    spools.call("exit_group", proc=2, flags=layout.EVENT_UNFINISHED, dur_ns=0)
    spools.exit(2, cpu_ns=900, system_ns=300, max_rss_pages=10)
    waker = {"waker_proc_id": 2, "waker_tid": PID + 1}
    spools.off_cpu(1, START_NS + 7_000, START_NS + 9_000, **waker)
    spools.call("wait4", ret=PID + 1)
    spools.call("exit_group", flags=layout.EVENT_UNFINISHED, dur_ns=0)
    spools.exit(1, exit_code=3 << 8, cpu_ns=500, system_ns=200, max_rss_pages=20)
    spools.mark()
    return spools
