"""``summary.json``: what lists, dashboards and digests say of a trace without reading its tables.

It is made of the trace's report, by the process that makes that, and lies beside `meta.json`. A
trace without one, because no report was made or the file is damaged or of another version, is told
by its `meta.json` alone. The file is small and nothing heavy is imported; of a thousand of them the
totals, which come first in it, are read in a tenth of a second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from aklo_trace import meta as meta_file
from aklo_trace.alerting.standing import command_of
from aklo_trace.meta import Meta
from aklo_trace.plain_file import read_plain, write_whole
from aklo_trace.restoring import restored

T = TypeVar("T")

FILE: Final = "summary.json"
VERSION: Final = 1
"""Grows when a key changes its meaning or goes away; new keys do not change it."""
TOP: Final = 5
"""Rows of each list, the costliest first; of `caches` and `alerts` there are up to `MOST`."""
MOST: Final = 24
MOST_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 512
"""The unit of st_blocks, stat(2)."""


@dataclass(frozen=True, slots=True)
class FoundIssue:
    """A finding, as in `aklo_analysis.rules.finding`. `share` is of the wall time, 0 to 1."""

    code: str
    severity: str
    title: str
    function: str | None
    file: str | None
    line: int | None
    saving_ns: int
    share: float


@dataclass(frozen=True, slots=True)
class SlowCall:
    """One of the single calls that took longest; `start_ns` counts from the start."""

    syscall: str
    dur_ns: int
    program: str | None
    path: str | None
    start_ns: int | None


@dataclass(frozen=True, slots=True)
class SlowOperation:
    """All calls of one kind: `activity` is what they did, as `reading files`; `work_ns` the time in
    them. Percentiles are None if no call has a duration."""

    syscall: str
    activity: str
    calls: int
    work_ns: int
    p95_ns: int | None
    max_ns: int | None


@dataclass(frozen=True, slots=True)
class CacheUse:
    """As in `aklo_analysis.tables.caches`."""

    name: str
    lookups: int
    hits: int
    saved_ns: int | None
    size_bytes: int | None
    limit_bytes: int | None

    @property
    def hit_ratio(self) -> float | None:
        return self.hits / self.lookups if self.lookups else None


def together(uses: Iterable[CacheUse]) -> dict[str, CacheUse]:
    """By cache the sums over uses, which are newest first; sizes are those of the newest. What was
    saved is None if no use tells."""
    found: dict[str, CacheUse] = {}
    for one in uses:
        known = found.get(one.name)
        found[one.name] = one if known is None else _added(known, one)
    return found


def _added(known: CacheUse, one: CacheUse) -> CacheUse:
    saved = [use.saved_ns for use in (known, one) if use.saved_ns is not None]
    return replace(
        known,
        lookups=known.lookups + one.lookups,
        hits=known.hits + one.hits,
        saved_ns=sum(saved) if saved else None,
    )


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert, as it stood after this trace."""

    name: str
    severity: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A part of the wall time; `doing` as in `aklo_analysis.wall.doings`."""

    doing: str
    ns: int


@dataclass(frozen=True, slots=True)
class Totals:
    """`command` is what runs of one command have in common, as alerts do. Without `is_analysed`
    it is of the meta.json alone: what that has not is None. `finding_count` is of all findings,
    `saving_ns` what following all of them would save. `size_bytes` is what the other files of the
    trace take on disk; None if it was not looked up."""

    command: str
    cwd: str | None
    user: str
    engine: str
    started_at_ns: int
    wall_ns: int | None
    exit_status: int | None
    signal: int | None
    complete: bool
    incomplete_reason: str | None
    calls: int
    lost: int
    version: int = VERSION
    is_analysed: bool = False
    failed: int | None = None
    processes: int | None = None
    programs_started: int | None = None
    cpu_ns: int | None = None
    max_rss_bytes: int | None = None
    size_bytes: int | None = None
    finding_count: int | None = None
    saving_ns: int | None = None
    alert_count: int | None = None

    @property
    def ended_at_ns(self) -> int:
        """When the command ended; when it started, if it is not known how long it ran."""
        return self.started_at_ns + (self.wall_ns or 0)

    @property
    def has_failed(self) -> bool:
        return self.signal is not None or bool(self.exit_status)


@dataclass(frozen=True, slots=True)
class TraceSummary(Totals):
    """The totals, and the first rows of some tables; `spent` is of the whole wall time."""

    spent: tuple[Spent, ...] = ()
    findings: tuple[FoundIssue, ...] = ()
    slowest: tuple[SlowCall, ...] = ()
    operations: tuple[SlowOperation, ...] = ()
    caches: tuple[CacheUse, ...] = ()
    alerts: tuple[AlertState, ...] = ()


BEHIND_TOTALS: Final = b',"spent":'
"""Where the totals end in the file. Within a text of JSON there can be no such bytes: its quotes
have a backslash before them."""


def of_meta(meta: Meta) -> TraceSummary:
    """What is known without an analysis."""
    return TraceSummary(
        command=command_of(meta.argv),
        cwd=meta.cwd,
        user=meta.user,
        engine=meta.engine,
        started_at_ns=meta.started_at_ns,
        wall_ns=meta.wall_ns,
        exit_status=meta.exit_status,
        signal=meta.signal,
        complete=meta.complete,
        incomplete_reason=meta.incomplete_reason,
        calls=meta.tables.get("syscalls", 0),
        lost=meta.lost,
        processes=meta.tables.get("processes"),
        programs_started=meta.tables.get("images"),
    )


def packed(summary: TraceSummary) -> bytes:
    """As it is written: in ASCII, so that lone surrogates stay what they are."""
    return json.dumps(asdict(summary), separators=(",", ":"), allow_nan=False).encode() + b"\n"


def unpacked(raw: bytes) -> TraceSummary:
    """What `packed` gave. Raises ValueError for anything else, other versions included."""
    return _restored(TraceSummary, raw)


def write(directory: Path, summary: TraceSummary) -> None:
    """Raises OSError."""
    write_whole(directory / FILE, packed(summary))


def written(directory: Path) -> TraceSummary | None:
    """The one that the trace has; None if it has none that can be used."""
    try:
        return unpacked(read_plain(directory / FILE, MOST_BYTES))
    except (OSError, ValueError):
        return None


def read(directory: Path) -> TraceSummary:
    """That of a trace, or what its meta.json tells. Raises NotATrace, CorruptTrace or
    NewerTrace."""
    return written(directory) or of_meta(meta_file.read(directory))


def totals(directory: Path) -> Totals:
    """The totals alone, which takes a third of the time. Raises as `read`."""
    try:
        raw = read_plain(directory / FILE, MOST_BYTES)
        head, behind, _ = raw.partition(BEHIND_TOTALS)
        return _restored(Totals, head + b"}" if behind else raw)
    except (OSError, ValueError):
        return of_meta(meta_file.read(directory))


def _restored(kind: type[T], raw: bytes) -> T:
    try:
        found = json.loads(raw.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise ValueError(f"it is not of version {VERSION}")
    return restored(kind, found)


def disk_bytes(directory: Path) -> int:
    """What a trace takes on disk, its summary left out. What cannot be seen counts nothing."""
    files = (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
    return sum(_blocks(path) for path in files if path != directory / FILE) * BLOCK_BYTES


def _blocks(file: Path) -> int:
    try:
        return file.lstat().st_blocks
    except OSError:  # it was removed meanwhile
        return 0
