"""A recording of the engine `ebpf`, turned into batches of events."""

from __future__ import annotations

import json
import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aklo_trace.ebpf import joined_events, layout
from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.machine import COMPAT_MACHINE
from aklo_trace.ebpf.probe_cost import Probes
from aklo_trace.ebpf.recorder import COUNTERS_FILE, EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.records import (
    NO_RECORDS,
    PathRecords,
    RecordStream,
    dtype_of,
    map_file,
)
from aklo_trace.ebpf.session import END_FILE, START_FILE, TARGET_PROC_ID
from aklo_trace.ebpf.shell_images import Shells
from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.engine import Account
from aklo_trace.events import (
    ANY_INSTANCE,
    CWD,
    DIRECTORY,
    NO_STRING,
    NULL,
    EventBatch,
    Identity,
    Int32,
    Int64,
    ProcessEnd,
    ProcessEvent,
    ProcessStart,
    Sighting,
)
from aklo_trace.files import plain_name
from aklo_trace.loss import Loss
from aklo_trace.meta import COUNT, MEMORY
from aklo_trace.naming import distinct
from aklo_trace.open_files import OPEN_FILES_FILE, OpenFile, read_open_files
from aklo_trace.restarts import RESTART_FIRST, RESTART_LAST
from aklo_trace.schema import FileFlag, ProcessFlag, SyscallFlag
from aklo_trace.syscalls import UNKNOWN, by_name, by_number, table

NS_PER_SECOND: Final = 1_000_000_000
BATCH_EVENTS: Final = 1 << 19
KERNEL_FLAGS: Final = (1 << 12) - 1
"""Bits above are the kernel side's own."""
ERRNO_MAX: Final = 4095
RECORDS_APART: Final = {
    Loss.FUNCTION_RECORDS: layout.RECORD_FUNCTION,
    Loss.OFF_CPU_RECORDS: layout.RECORD_OFFCPU,
}
"""Causes of loss of their own, for whatever reason: records that stand for rows."""
UNSAMPLED: Final = (
    "No samples were taken (--sample-hz 0): what a shell computes between two calls is charged to "
    "the lines of these calls, and a line or function that makes none has nothing."
)
_SPOOLED: Final = dtype_of(layout.EVENT)
ALL: Final = np.iinfo(np.int64).max

TEXTS: Final = ("path", "base", "path2", "base2", "fd_path", "fd2_path")

Events = npt.NDArray[np.void]


class EbpfRecorded:
    """What a recording left in `live`. Raises FileNotFoundError when its beginning is missing."""

    def __init__(self, live: Path) -> None:
        self._live = live
        self._start = json.loads((live / START_FILE).read_text())
        self._codes = _codes_of_slots(self._start["machine"])
        self._known: set[int] = set()
        self._stream = RecordStream(
            live / RECORDS_FILE,
            self._start["offset_ns"],
            self._start["page_bytes"],
            NS_PER_SECOND // max(self._start["sample_hz"], 1),
        )
        self._open_files = sorted(
            read_open_files(live / OPEN_FILES_FILE), key=lambda file: file.boot_ns
        )
        self._probes = Probes.of(self._start["function_calls"])
        probed = self._probes.shells if self._probes else None
        self._shells = Shells(live / SHELLS_FILE, probed, asked=self._start["attribution"])
        self._waiting = NO_RECORDS
        self._read = np.zeros(layout.SYSCALL_SLOTS, np.int64)

    def batches(self) -> Iterator[EventBatch]:
        data = memoryview(map_file(self._live / EVENTS_FILE))
        events = np.frombuffer(data[: len(data) // layout.EVENT.size * layout.EVENT.size], _SPOOLED)
        first = 0
        joined = joined_events.of(self._live, self._start["offset_ns"])
        for last, records_end in _pieces(self._live / MARKS_FILE, len(events)):
            yield self._piece(events[first:last], records_end, joined)
            self._stream.texts.keep(self._waiting.codes)
            first, joined = last, []

    def _piece(self, piece: Events, records_end: int, joined: joined_events.Joined) -> EventBatch:
        """Events, with what the records up to that byte say; `joined` came before them."""
        paths, process_events = self._stream.read(records_end)
        process_events = joined_events.before(joined, process_events)
        self._read += np.bincount(piece["nr"], minlength=layout.SYSCALL_SLOTS)
        batch = self._batch(piece, self._waiting.followed_by(paths), process_events)
        return replace(batch, sightings=self._sightings(batch, is_last=records_end == ALL))

    def account(self) -> Account:
        words = _counted(self._live / COUNTERS_FILE)
        slots = layout.SYSCALL_SLOTS
        own, kernel = words[0], words[1:].sum(axis=0)
        lost = kernel[slots : 2 * slots] + own[slots : 2 * slots]
        # The accounts of a recorder that was killed may be older than its last events.
        attempts = np.maximum(kernel[:slots], self._read + lost)
        in_flight = attempts - self._read - lost
        causes, end = _causes(own, kernel), self._end()
        if "live_tasks" in end:
            causes[Loss.UNACCOUNTED] = max(int(in_flight.sum()) - end["live_tasks"], 0)
            causes[Loss.PROGRAM_NOT_RUN] = end["missed_runs"]
        return Account(
            attempts=int(attempts.sum()),
            read=int(self._read.sum()),
            lost={str(cause): count for cause, count in causes.items() if count},
            lost_by_syscall=self._by_name(lost),
            in_flight_by_syscall=self._by_name(in_flight),
            notes=(*self._shells.notes(), *self._probe_costs(kernel), *self._unsampled()),
            clock_offset_ns=self._start["offset_ns"],
            recorder_cpu_ns=end.get("cpu_ns"),
            recorder_max_rss_bytes=end.get("max_rss_bytes"),
            attribution=MEMORY if self._start["attribution"] else None,
        )

    def _probe_costs(self, counts: Int64) -> tuple[str, ...]:
        if self._probes is None:
            return ()
        hits, program_ns, others = (
            int(counts[layout.COUNTERS.offset(name) // 8])
            for name in ("probe_hits", "probe_ns", "stranger_hits")
        )
        return (self._probes.cost(hits, program_ns, others),)

    def _unsampled(self) -> tuple[str, ...]:
        is_said = self._start["attribution"] and not self._start["sample_hz"]
        return (UNSAMPLED,) if is_said else ()

    def _end(self) -> dict[str, int]:
        try:
            found = json.loads((self._live / END_FILE).read_text())
        except (OSError, ValueError):  # the recorder was killed
            return {}
        for name, value in found.items():
            if type(value) is not int or value not in COUNT:
                raise ValueError(f"{name} is out of range in {END_FILE}")
        return dict(found)

    def _by_name(self, counts: Int64) -> dict[str, int]:
        totals = np.bincount(self._codes, weights=counts, minlength=len(table())).astype(int)
        return {call.name: int(totals[call.code]) for call in table() if totals[call.code]}

    def _batch(
        self, events: Events, paths: PathRecords, process_events: list[ProcessEvent]
    ) -> EventBatch:
        events = events[np.argsort(events["start_ns"], kind="stable")]
        ts_ns = events["start_ns"].astype(np.int64) + self._start["offset_ns"]
        unfinished = events["flags"] & layout.EVENT_UNFINISHED != 0
        ret, errno, flags = _results(events, unfinished, self._codes)
        has_fd = (events["flags"] & layout.EVENT_HAS_FD != 0) & (events["fd"] >= 0)
        sites, places = self._stream.stacks.sites(events)
        batch = EventBatch(
            ts_ns=ts_ns,
            dur_ns=np.where(unfinished, NULL, events["dur_ns"].astype(np.int64)),
            proc_id=events["proc_id"].astype(np.int32),
            tid=events["tid"].astype(np.int32),
            syscall=self._codes[events["nr"]],
            ret=ret,
            errno=errno,
            fd=np.where(has_fd, events["fd"].astype(np.int64), NULL),
            offset=np.where(events["flags"] & layout.EVENT_HAS_OFFSET != 0, events["offset"], NULL),
            **_no_texts(events),
            **_identities(events),
            flags=flags,
            site=sites,
            sites=places,
            process_events=self._introduced(
                events, ts_ns, self._shells.named(self._own_peaks(process_events))
            ),
            samples=self._stream.samples(),
            function_calls=self._stream.calls.taken(),
            off_cpu=self._stream.off_cpu(),
        )
        return self._with_paths(batch, events["record_id"], paths)

    def _sightings(self, batch: EventBatch, is_last: bool) -> list[Sighting]:
        """Of the calls of a batch, and what was open by its end."""
        end_ns = ALL if is_last else int(batch.ts_ns.max(initial=0))
        seen = [_sighting(file, self._start["offset_ns"]) for file in self._open_files]
        before = bisect_right([one.ts_ns for one in seen], end_ns)
        self._open_files = self._open_files[before:]
        found = [*seen[:before], *self._stream.sightings()]
        return sorted(found, key=lambda one: one.ts_ns)

    def _with_paths(self, batch: EventBatch, record_ids: Int64, paths: PathRecords) -> EventBatch:
        """Give each event the texts of its record; keep the records that no event asked for:
        they belong to calls that have not returned yet."""
        order = np.argsort(paths.heads["record_id"], kind="stable")
        held = np.append(paths.heads["record_id"][order], np.uint64(0))
        rows = np.flatnonzero(record_ids)
        places = np.searchsorted(held[:-1], record_ids[rows])
        is_held = held[places] == record_ids[rows]
        batch.flags[rows[~is_held]] |= int(SyscallFlag.PATH_LOST)  # it did not fit on the disk
        rows, found = rows[is_held], order[places[is_held]]
        waiting = np.ones(len(order), bool)
        waiting[found] = False
        self._waiting = paths.chosen(np.flatnonzero(waiting))
        if not len(rows):
            return batch
        records = paths.chosen(found)
        distinct, places = np.unique(records.codes, return_inverse=True)
        pairs = [self._stream.texts.pair(code) for code in distinct.tolist()]
        columns: dict[str, Any] = {}
        directories: list[Identity] = []
        for which, (path, base) in enumerate((("path", "base"), ("path2", "base2"))):
            has = records.heads[f"bytes{which}"] > 0
            texts = places[has] + which * len(pairs)
            bases = _bases(records.heads[has], which, directories)
            columns[path] = _scattered(len(batch), rows[has], texts)
            columns[base] = _scattered(len(batch), rows[has], bases)
        return replace(
            batch,
            **columns,
            strings=[first for first, _ in pairs] + [second for _, second in pairs],
            directories=directories,
            second_files=_second_files(columns, rows, records.heads),
        )

    def _own_peaks(self, process_events: list[ProcessEvent]) -> list[ProcessEvent]:
        """The kernel counts the launcher's memory to the target, which was forked from it: a
        peak that is no higher than the launcher's says nothing of the target."""
        launcher = self._start["launcher_rss_bytes"]
        return [
            replace(event, max_rss_bytes=None)
            if isinstance(event, ProcessEnd)
            and event.proc_id == TARGET_PROC_ID
            and (event.max_rss_bytes or 0) <= launcher
            else event
            for event in process_events
        ]

    def _introduced(
        self, events: Events, ts_ns: Int64, process_events: list[ProcessEvent]
    ) -> list[ProcessEvent]:
        """The process events, with a beginning for every process that has none: the target,
        and processes whose fork was lost."""
        self._known.update(e.proc_id for e in process_events if isinstance(e, ProcessStart))
        acting = dict.fromkeys(e.proc_id for e in process_events)
        procs, firsts = np.unique(events["proc_id"], return_index=True)
        first_of = dict(zip(procs.tolist(), firsts.tolist(), strict=True))
        starts: list[ProcessEvent] = []
        for proc_id in [*first_of, *acting]:
            if proc_id in self._known:
                continue
            self._known.add(proc_id)
            times = [e.ts_ns for e in process_events if e.proc_id == proc_id]
            if proc_id in first_of:
                times.append(int(ts_ns[first_of[proc_id]]))
            starts.append(self._start_of(proc_id, min(times), events, first_of.get(proc_id)))
        return sorted([*starts, *process_events], key=lambda event: event.ts_ns)

    def _start_of(
        self, proc_id: int, ts_ns: int, events: Events, first: int | None
    ) -> ProcessStart:
        own_pid, own_ppid = self._start["pid"], self._start["ppid"]
        pid = int(events["tid"][first]) if first is not None else 0
        if proc_id != TARGET_PROC_ID:
            return ProcessStart(ts_ns, proc_id, pid, flags=int(ProcessFlag.START_UNSEEN))
        if pid in (0, own_pid):
            return ProcessStart(ts_ns, proc_id, own_pid, ppid=own_ppid)
        return ProcessStart(ts_ns, proc_id, pid)  # in a pid namespace: ours are not the kernel's


def _counted(path: Path) -> Int64:
    """The counters of the recorder, and those of each CPU. Raises ValueError."""
    counters = np.frombuffer(map_file(path), dtype_of(layout.COUNTERS)).view(np.uint64)
    if counters.astype(np.float64).sum() >= COUNT.stop:
        raise ValueError(f"a number is out of range in {path.name}")
    return counters.reshape(-1, layout.COUNTERS.size // 8).astype(np.int64)


def _causes(own: Int64, kernel: Int64) -> dict[str, int]:
    """What was lost, by cause, as the recorder and the kernel side have counted it."""
    slots = slice(layout.SYSCALL_SLOTS, 2 * layout.SYSCALL_SLOTS)
    first = layout.COUNTERS.offset("records_lost0") // 8
    records, tasks = slice(first, first + layout.RECORD_SLOTS), first + layout.RECORD_SLOTS
    apart = {name: first + kind for name, kind in RECORDS_APART.items()}
    others = [*apart.values()]
    return {
        Loss.EVENT_RING_FULL: int(kernel[slots].sum()),
        Loss.DISK_WRITE_FAILED: int(own[slots].sum()),
        Loss.RECORD_RING_FULL: int(kernel[records].sum() - kernel[others].sum()),
        Loss.RECORD_DISK_WRITE_FAILED: int(own[records].sum() - own[others].sum()),
        **{name: int(kernel[at]) + int(own[at]) for name, at in apart.items()},
        Loss.TASK_STATE_FULL: int(kernel[tasks]),
    }


def _codes_of_slots(machine: str) -> Int32:
    """Syscall.code by slot of the kernel's table."""
    codes = np.full(layout.SYSCALL_SLOTS, by_name()[UNKNOWN].code, np.int32)
    for first, name in ((0, machine), (layout.COMPAT_SLOT, COMPAT_MACHINE.get(machine))):
        for number, call in (by_number(name) if name else {}).items():
            codes[first + number] = call.code
    return codes


def _pieces(marks: Path, count: int) -> Iterator[tuple[int, int]]:
    """Where to cut the events, and how far the records must be read for each piece."""
    data = memoryview(map_file(marks))
    pairs = np.frombuffer(data[: len(data) & ~15], np.uint64).reshape(-1, 2).astype(np.int64)
    taken = 0
    for events_end, records_end in pairs.tolist():
        events_end //= layout.EVENT.size
        if events_end - taken >= BATCH_EVENTS and events_end < count:
            yield events_end, records_end
            taken = events_end
    yield count, ALL


def _no_texts(events: Events) -> dict[str, Any]:
    """The columns of texts: an event has none, they are in records."""
    return dict.fromkeys(TEXTS, np.full(len(events), NO_STRING, np.int32))


def _identities(events: Events) -> dict[str, Any]:
    """The columns that say which file each call worked on."""
    known = events["flags"] & layout.EVENT_HAS_IDENTITY != 0
    return {
        "dev": np.where(known, _devices(events["dev"]), NULL),
        "inode": np.where(known, events["inode"].astype(np.int64), NULL),
        "instance": np.where(known, events["instance"], 0).astype(np.int32),
        "mode": np.where(known, events["mode"], 0).astype(np.int32),
    }


def _results(
    events: Events, unfinished: npt.NDArray[np.bool_], codes: Int32
) -> tuple[Int64, Int32, Int32]:
    """Return value, error number and flags. rt_sigreturn returns a restored register, which
    says nothing about the call."""
    raw = events["ret"]
    calls = codes[events["nr"]]
    meaningless = np.isin(calls, [by_name()["rt_sigreturn"].code, by_name()["sigreturn"].code])
    failed = (raw < 0) & (raw >= -ERRNO_MAX) & ~unfinished & ~meaningless
    errno = np.where(failed, -raw, 0).astype(np.int32)
    restarted = (errno >= RESTART_FIRST) & (errno <= RESTART_LAST)
    ret = np.where(failed, -1, raw)
    ret[unfinished | meaningless | restarted] = NULL
    flags = (events["flags"] & KERNEL_FLAGS).astype(np.int32)
    flags[restarted] |= int(SyscallFlag.INTERRUPTED)
    return ret, errno, flags


def _devices(kernel: npt.NDArray[np.uint32]) -> Int64:
    """unpacked() for a column."""
    devices, places = np.unique(kernel, return_inverse=True)
    return np.array([unpacked(dev) for dev in devices.tolist()], np.int64)[places]


def _scattered(length: int, rows: Int64, values: Int32 | Int64) -> Int32:
    column = np.full(length, NO_STRING, np.int32)
    column[rows] = values
    return column


def _bases(heads: Events, which: int, directories: list[Identity]) -> Int32:
    """Where the paths start from, as in `EventBatch.base`; adds to `directories`."""
    bases = np.full(len(heads), NO_STRING, np.int32)
    bases[heads[f"base{which}"] == layout.BASE_CWD] = CWD
    is_known = (heads[f"base{which}"] != layout.BASE_NONE) & (heads[f"mode{which}"] > 0)
    known = np.flatnonzero(is_known)
    first = layout.PATH_RECORD.offset(f"inode{which}") // 8
    words = (
        np.ascontiguousarray(heads[known]).view(np.int64).reshape(-1, layout.PATH_RECORD.size // 8)
    )
    inodes, inode_places, _ = distinct(words[:, first])
    _, rest_places, _ = distinct(words[:, first + 1])
    _, places, firsts = distinct(rest_places * max(len(inodes), 1) + inode_places)
    bases[known] = DIRECTORY - len(directories) - places
    directories += [_identity(heads[row], which) for row in known[firsts].tolist()]
    return bases


def _identity(head: np.void, which: int) -> Identity:
    names = (f"{name}{which}" for name in ("dev", "inode", "mode", "instance"))
    dev, *rest = (int(head[name]) for name in names)
    return Identity(unpacked(dev), *rest)


def _second_files(columns: dict[str, Int32], rows: Int64, heads: Events) -> dict[int, Identity]:
    """The files behind second descriptors, of calls like sendfile."""
    second = (columns["path2"][rows] == NO_STRING) & (heads["mode1"] != 0)
    return {
        int(rows[place]): _identity(heads[place], 1) for place in np.flatnonzero(second).tolist()
    }


def _sighting(file: OpenFile, offset_ns: int) -> Sighting:
    """A file that a process had open before it was traced."""
    name = os.fsencode(file.name)
    is_path = name.startswith(b"/") and not name.startswith(b"/memfd:")
    is_named = not is_path and not stat.S_ISFIFO(file.mode) and not stat.S_ISSOCK(file.mode)
    return Sighting(
        file.boot_ns + offset_ns,
        Identity(file.dev, file.inode, file.mode, ANY_INSTANCE),
        path=name if is_path else None,
        name=plain_name(name) if is_named else None,
        local=None if file.local is None else os.fsencode(file.local),
        peer=None if file.peer is None else os.fsencode(file.peer),
        terminal=file.terminal,
        flags=int(FileFlag.INHERITED | (FileFlag.DELETED if file.deleted else 0)),
    )
