"""Processes that were running before they were traced: how they are marked, and what is known of
their past.

Marking is done by iterators in the kernel, which also say what a process was at that moment: its
program and its working directory. Its arguments and the names of its open files have to be read
from /proc, a moment later.
"""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.layout import JOINED
from aklo_trace.ebpf.libbpf import Object
from aklo_trace.ebpf.shells import Binary, examine_named
from aklo_trace.errors import CaptureError
from aklo_trace.open_files import OpenFile, open_files
from aklo_trace.threads import living_thread

PROGRAMS: Final = ("join_tasks", "on_joining_exit")
"""What is loaded only to join running processes."""
JOINED_FILE: Final = "joined.json"
SCRIPT_FD: Final = 255
"""Where bash keeps its script open, unless it may not have that many files."""
MOST_ROUNDS: Final = 100
"""Of marking: each finds what was forked in the one before. Two are usual."""


@dataclass(frozen=True)
class JoinedProcess:
    """What a process was when it was marked. Times are of the boot clock; `pid` is that of the
    initial pid namespace, `own_pid` that of ours. By `seen_tid` /proc shows it to us: its own
    pid, unless its first thread has ended. The arguments were read at `read_ns`."""

    proc_id: int
    parent_proc_id: int | None
    pid: int
    ppid: int
    own_pid: int
    ts_ns: int
    cwd: str | None
    exe: str | None
    dev: int
    inode: int
    seen_tid: int
    argv: tuple[str, ...] | None = None
    read_ns: int = 0
    script: tuple[str, str] | None = None
    """Of a shell whose script was given by a relative name, that name and the file."""
    began: bool = False
    """Whether it is traced from the exec on that it is in the trace for."""


def join(bpf: Object, pids: list[int]) -> list[JoinedProcess]:
    """Mark these processes, with all their threads and living descendants; all that were marked.

    Raises CaptureError.
    """
    try:
        for pid in pids:
            bpf.update("join_pids", struct.pack("=I", pid), struct.pack("=I", 1))
        return [_with_arguments(process) for process in _marked(bpf)]
    except OSError as error:
        raise CaptureError(
            f"Running processes cannot be marked for tracing: {error.strerror} ({error.filename})."
        ) from error


def open_files_of(processes: list[JoinedProcess]) -> Iterator[OpenFile]:
    """What they have open, each as if it had been looked at when it was marked: calls since then
    work on the files themselves, whatever these are called."""
    for process in processes:
        with suppress(OSError):  # it has ended, or may not be looked at
            yield from open_files(process.seen_tid, since_ns=process.ts_ns)


def write(live: Path, processes: list[JoinedProcess]) -> None:
    """For the reader of the recording. Raises OSError."""
    fd = os.open(live / JOINED_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump([asdict(process) for process in processes], file)


def read(live: Path) -> list[JoinedProcess]:
    """What `write` wrote; nothing if it did not."""
    path = live / JOINED_FILE
    found = json.loads(path.read_text()) if path.exists() else []
    return [
        JoinedProcess(
            **{
                **values,
                **{name: values[name] and tuple(values[name]) for name in ("argv", "script")},
            }
        )
        for values in found
    ]


def _marked(bpf: Object) -> list[JoinedProcess]:
    found: dict[int, JoinedProcess] = {}
    for _ in range(MOST_ROUNDS):
        told = bpf.iterate("join_tasks")
        for task in _tasks(told):
            first = found.setdefault(task.pid, task)
            if first.exe is None:  # the first thread has ended, and let go of all it had
                found[task.pid] = _seen_by_another(first, task)
        if not told:
            return list(found.values())
    raise CaptureError(
        "The processes to trace start others faster than these can be found. Stop them for a "
        "moment (kill -STOP) and try again."
    )


def _tasks(told: bytes) -> Iterator[JoinedProcess]:
    """The processes as each of their threads has them, the first thread of each before others."""
    for head, rest in _parts(JOINED, told, ("bytes0", "bytes1")):
        cwd, exe = (path_of(text) for text in rest)
        yield JoinedProcess(
            proc_id=head["proc_id"],
            parent_proc_id=head["parent_proc_id"] or None,
            pid=head["pid"],
            ppid=head["ppid"],
            own_pid=head["pid_for_reader"],
            ts_ns=head["ts_ns"],
            cwd=(cwd or "/") if head["has_cwd"] else None,
            exe=exe,
            dev=head["dev"],
            inode=head["inode"],
            seen_tid=head["pid_for_reader"],
        )


def _seen_by_another(process: JoinedProcess, task: JoinedProcess) -> JoinedProcess:
    """The process, with what another of its threads still has."""
    tid = None
    with suppress(OSError):
        tid = living_thread(process.own_pid)
    return replace(
        process,
        cwd=task.cwd,
        exe=task.exe,
        dev=task.dev,
        inode=task.inode,
        seen_tid=tid or process.own_pid,
    )


def _parts(
    kind: layout.Struct, told: bytes, lengths: tuple[str, ...]
) -> Iterator[tuple[dict[str, int], list[bytes]]]:
    """Each struct, and the texts behind it."""
    position = 0
    while position < len(told):
        values = struct.unpack_from(kind.format, told, position)
        head = {name: value for (name, _), value in zip(kind.fields, values, strict=True)}
        position += kind.size
        texts = []
        for length in lengths:
            texts.append(told[position : position + head[length]])
            position += head[length]
        yield head, texts


def path_of(names: bytes) -> str | None:
    """The path whose names, innermost first, each end with a NUL; None if there are none."""
    if not names:
        return None
    return os.fsdecode(b"/" + b"/".join(reversed(names.removesuffix(b"\0").split(b"\0"))))


def _with_arguments(process: JoinedProcess) -> JoinedProcess:
    argv: tuple[str, ...] | None
    try:
        block = Path(f"/proc/{process.seen_tid}/cmdline").read_bytes()
    except OSError:  # it has ended, or may not be looked at
        argv = None
    else:
        words = block.removesuffix(b"\0").split(b"\0") if block else []
        argv = tuple(os.fsdecode(word) for word in words) or None
    read_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    script = _script(process.seen_tid, argv or ())
    return replace(process, argv=argv, script=script, read_ns=read_ns)


def _script(pid: int, argv: tuple[str, ...]) -> tuple[str, str] | None:
    """The script that a bash executes, by the relative name that it was given, and the file: where
    it was when it opened that it may not be any more."""
    with suppress(OSError):
        path = Path(f"/proc/{pid}/fd/{SCRIPT_FD}").readlink()
        for word in argv[1:]:
            if not word.startswith("/") and path.is_absolute() and Path(word).name == path.name:
                return word, str(path)
    return None


def unknown_programs(
    processes: list[JoinedProcess], known: list[tuple[Binary, bytes]]
) -> Iterator[tuple[Binary, bytes]]:
    """What the processes run and is not among the known, with its struct shell_layout."""
    seen = {(binary.dev, binary.inode) for binary, _ in known}
    for process in processes:
        identity = process.dev, process.inode
        if process.exe is None or identity in seen:
            continue
        seen.add(identity)
        with suppress(OSError):  # it has ended, or may not be looked at
            found = examine_named(f"/proc/{process.seen_tid}/exe", process.exe, identity)
            if found:
                yield found
