"""What a log became, in a form that tests can compare and people can read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from aklo_trace.events import CWD, NO_STRING, NULL, EventBatch, ProcessEvent
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace.log import StraceLog, read_logs
from aklo_trace.strace.sources import LogSource
from aklo_trace.strace.statistics import Statistics
from aklo_trace.syscalls import table

BASES = {NO_STRING: None, CWD: "<cwd>"}


@dataclass
class Readable:
    """Events and process events as dictionaries, without what is unknown."""

    events: list[dict[str, Any]]
    processes: list[dict[str, Any]]
    statistics: Statistics
    batches: list[EventBatch] = field(default_factory=list)

    def event(self, syscall: str, place: int = 0) -> dict[str, Any]:
        return [event for event in self.events if event["syscall"] == syscall][place]

    def started(self, pid: int, place: int = 0) -> dict[str, Any]:
        found = [p for p in self.processes if p["type"] == "ProcessStart" and p["pid"] == pid]
        return found[place]

    def of_type(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.processes if event["type"] == name]


def read(text: str | bytes, **options: Any) -> Readable:
    """Read a log in this process. The name of an option is one of `read_logs`, or `pid`."""
    raw = text.encode() if isinstance(text, str) else text
    source = LogSource(pid=options.pop("pid", None), stream=io.BytesIO(raw))
    options.setdefault("start_date", date(2024, 5, 1))
    return readable(read_logs([source], workers=0, **options))


def readable(log: StraceLog) -> Readable:
    batches = list(log.batches())
    return Readable(
        [event for batch in batches for event in _events(batch)],
        [_process(event) for batch in batches for event in batch.process_events],
        log.statistics,
        batches,
    )


def _events(batch: EventBatch) -> Iterator[dict[str, Any]]:
    for row in range(len(batch)):
        yield dict(_known(_columns(batch, row)))


def _columns(batch: EventBatch, row: int) -> dict[str, Any]:
    def text(code: int) -> str | None:
        return batch.strings[code].decode("latin1") if code >= 0 else BASES[code]

    def number(value: int) -> int | None:
        return None if value == NULL else value

    return {
        "ts_ns": int(batch.ts_ns[row]),
        "dur_ns": number(int(batch.dur_ns[row])),
        "proc_id": int(batch.proc_id[row]),
        "tid": int(batch.tid[row]),
        "syscall": table()[batch.syscall[row]].name,
        "ret": number(int(batch.ret[row])),
        "errno": int(batch.errno[row]) or None,
        "fd": number(int(batch.fd[row])),
        "offset": number(int(batch.offset[row])),
        "path": text(int(batch.path[row])),
        "base": text(int(batch.base[row])),
        "path2": text(int(batch.path2[row])),
        "base2": text(int(batch.base2[row])),
        "fd_path": text(int(batch.fd_path[row])),
        "fd2_path": text(int(batch.fd2_path[row])),
        "dev": number(int(batch.dev[row])),
        "inode": number(int(batch.inode[row])),
        "mode": oct(batch.mode[row]) if batch.mode[row] else None,
        "flags": _flags(int(batch.flags[row])),
    }


def _flags(bits: int) -> str | None:
    return "|".join(flag.name or "" for flag in SyscallFlag if flag & bits) or None


def _process(event: ProcessEvent) -> dict[str, Any]:
    values = {"type": type(event).__name__, **asdict(event)}
    values["flags"] = values.get("flags") or None
    return {
        name: [word.decode("latin1") for word in value]
        if isinstance(value, tuple)
        else value.decode("latin1")
        if isinstance(value, bytes)
        else value
        for name, value in _known(values)
    }


def _known(values: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, value in values.items() if value is not None)
