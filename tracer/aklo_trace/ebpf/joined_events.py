"""Processes that were running before they were traced, as events for the tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.joining import JoinedProcess, read
from aklo_trace.events import ImageStart, ProcessEvent, ProcessStart
from aklo_trace.schema import ImageFlag, ProcessFlag

Joined = list[tuple[JoinedProcess, list[ProcessEvent]]]


def of(live: Path, offset_ns: int) -> Joined:
    """What is known of each; `offset_ns` turns boot time into time since the epoch."""
    return [(process, list(_events(process, offset_ns))) for process in read(live)]


def before(joined: Joined, process_events: list[ProcessEvent]) -> list[ProcessEvent]:
    """The process events of a recording's first batch, with those before them. Arguments that
    may be those of the next program, since they were read after an exec, are taken out."""
    first_execs: dict[int, int] = {}
    for event in process_events:
        if isinstance(event, ImageStart):
            first_execs.setdefault(event.proc_id, event.ts_ns)
    past: list[ProcessEvent] = []
    for process, events in joined:
        start_ns = events[0].ts_ns
        read_ns = start_ns + process.read_ns - process.ts_ns
        certain = first_execs.get(process.proc_id, read_ns + 1) > read_ns
        past += events if certain else map(_without_arguments, events)
    return [*past, *process_events]


def _without_arguments(event: ProcessEvent) -> ProcessEvent:
    if isinstance(event, ImageStart):
        flags = int(ImageFlag.ARGV_UNREADABLE)
        return replace(event, argv=None, script=None, script_name=None, flags=flags)
    return event


def _events(process: JoinedProcess, offset_ns: int) -> Iterator[ProcessEvent]:
    ts_ns = process.ts_ns + offset_ns
    yield ProcessStart(
        ts_ns,
        process.proc_id,
        process.pid,
        process.parent_proc_id,
        process.ppid,
        cwd=None if process.cwd is None else os.fsencode(process.cwd),
        flags=0 if process.began else int(ProcessFlag.START_UNSEEN),
    )
    if process.exe is not None:
        name, script = map(os.fsencode, process.script) if process.script else (None, None)
        yield ImageStart(
            ts_ns,
            process.proc_id,
            os.fsencode(process.exe),
            None if process.argv is None else tuple(map(os.fsencode, process.argv)),
            dev=unpacked(process.dev),
            inode=process.inode,
            flags=0 if process.argv else int(ImageFlag.ARGV_UNREADABLE),
            script=script,
            script_name=name,
        )
