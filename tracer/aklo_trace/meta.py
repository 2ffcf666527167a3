"""``meta.json``: what a trace is of, how it was made, and what it lacks.

Written when a recording begins and again when it is finished, each time as a whole. Nothing
heavy is imported: listing many traces reads only these.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aklo_trace import __version__, schema
from aklo_trace.errors import CorruptTrace, NewerTrace, NotATrace
from aklo_trace.plain_file import read_plain, write_whole

FILE: Final = "meta.json"

MEASURED: Final = "measured"
INSTANTS: Final = "instants"
ORDER: Final = "order"
"""Values of `timing`."""
MEMORY: Final = "memory"
XTRACE: Final = "xtrace"
"""Values of `attribution`."""
MOST_BYTES: Final = 64 << 20
"""The kernel takes 6 MiB of arguments, of which JSON can make six times as many bytes."""
COUNT: Final = range(1 << 62)
"""What a number can be: the sum of two still is an int64."""
RANGES: Final = {
    "clock_offset_ns": range(-1 << 62, 1 << 62),
    "exit_status": range(256),
    "signal": range(1, 128),
    "target_proc_id": range(1 << 31),
}
"""Where it is not COUNT."""


@dataclass(frozen=True)
class Meta:
    """What is null is not known (yet). Times are ns since the Unix epoch."""

    engine: str
    """The engine that captured it."""
    engine_reason: str
    """Why that engine, and why no better one."""
    argv: tuple[str, ...]
    """The command that was traced; bytes that are not UTF-8 are lone surrogates."""
    cwd: str | None
    """The working directory that it started in."""
    started_at_ns: int
    """When it started."""
    timing: str = MEASURED
    """What is known of time: `measured`, when calls began and how long they took; `instants`,
    not how long, so that what processes did between calls is unknown; `order`, only which came
    first: all times are numbers in that order, and it started when it was imported."""
    attribution: str | None = None
    """How places in shell code are known: from the `memory` of each shell at the call, or from
    what it said by `xtrace` before its last command; null if they are not."""
    schema_version: int = schema.VERSION
    """The version of the tables and of this file."""
    started_at: str = ""
    """When it started, as ISO 8601 in UTC."""
    wall_ns: int | None = None
    """How long the command ran."""
    exit_status: int | None = None
    """Its exit status, unless a signal ended it."""
    signal: int | None = None
    """The signal that ended it."""
    target_proc_id: int | None = None
    """The command's own process, as in `processes`."""
    complete: bool = False
    """Whether the recording ended in order and nothing was lost."""
    incomplete_reason: str | None = "the recording has not been finished"
    """Why it is not complete, in words."""
    attempts: int | None = None
    """Calls that were made: the rows of `syscalls`, and those lost, and those in flight."""
    lost: int = 0
    """Calls that were made and are not in the trace."""
    loss: dict[str, int] = field(default_factory=dict)
    """What was lost, calls and other things, by cause."""
    lost_by_syscall: dict[str, int] = field(default_factory=dict)
    """The calls that were lost, by name."""
    in_flight_by_syscall: dict[str, int] = field(default_factory=dict)
    """Calls that had not returned when the recording ended, and have no row, by name."""
    notes: tuple[str, ...] = ()
    """What the recording could not see, in sentences."""
    tables: dict[str, int] = field(default_factory=dict)
    """Rows of each table."""
    tool_version: str = ""
    """The version of aklo-trace that recorded it."""
    kernel: str | None = None
    """The release of the kernel."""
    machine: str | None = None
    """The architecture."""
    cpus: int | None = None
    """How many CPUs the command could use."""
    host: str | None = None
    """The host's name."""
    user: str = ""
    """The user who asked for the trace."""
    clock_offset_ns: int | None = None
    """What was added to the engine's clock to make it time since the epoch."""
    recorder_cpu_ns: int | None = None
    """CPU time of the recording process."""
    recorder_max_rss_bytes: int | None = None
    """Peak resident set size of the recording process."""
    filter: tuple[str, ...] = ()
    """What was asked to be recorded, if not everything."""
    scripts: dict[str, str] = field(default_factory=dict)
    """By path the SHA-256 of each script that `sites` names, if it had not been changed between the
    start and the making of the tables."""

    @property
    def ended_at_ns(self) -> int:
        """When the command ended; when it started, if it is not known how long it ran."""
        return self.started_at_ns + (self.wall_ns or 0)


def begun(
    engine: str, reason: str, argv: Iterable[str], cwd: str | None, user: str, started_ns: int
) -> Meta:
    """What is known of a trace when it begins, on this machine."""
    return Meta(
        engine=engine,
        engine_reason=reason,
        argv=tuple(map(as_utf8, argv)),
        cwd=as_utf8(cwd) if cwd else None,
        started_at_ns=started_ns,
        started_at=iso(started_ns),
        tool_version=__version__,
        kernel=platform.release(),
        machine=platform.machine(),
        cpus=len(os.sched_getaffinity(0)),
        host=platform.node(),
        user=user,
    )


def as_utf8(name: str) -> str:
    """A name that Python decoded as the locale says, as it is kept here: decoded as UTF-8, with
    a lone surrogate for every other byte (PEP 383)."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def iso(ts_ns: int) -> str:
    """The instant as ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).isoformat(timespec="microseconds")


def write(directory: Path, meta: Meta) -> None:
    """Replace the file as a whole. Raises OSError."""
    text = json.dumps(asdict(meta), indent=2, ensure_ascii=False) + "\n"
    write_whole(directory / FILE, text.encode("utf-8", "backslashreplace"))


def check(meta: Meta, origin: Path) -> None:
    """Raises CorruptTrace if what is found in `origin` could not be read again once it is
    written."""
    _checked(json.loads(json.dumps(asdict(meta))), origin)


def read(directory: Path) -> Meta:
    """Raises NotATrace, CorruptTrace or NewerTrace."""
    path = directory / FILE
    try:
        found = json.loads(read_plain(path, MOST_BYTES).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NotATrace(
            f"{directory} is not a trace: it has no {FILE}. 'aklo-trace list' shows the traces "
            "there are; 'aklo-trace import' makes one from a strace log."
        ) from None
    except PermissionError as error:
        raise NotATrace(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CorruptTrace(f"{path} is damaged: {reason}. The trace cannot be read.") from error
    return _checked(found, path)


def _checked(found: Any, path: Path) -> Meta:
    version = found.get("schema_version") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise NotATrace(f"{path} is not aklo-trace's: it names no schema version.")
    if version > schema.VERSION:
        raise NewerTrace(
            f"{path.parent} was written with schema version {version}; this aklo-trace reads up "
            f"to {schema.VERSION}. Install a newer aklo-trace to read it."
        )
    types = {item.name: str(item.type) for item in fields(Meta)}
    values = {name: _tupled(value) for name, value in found.items() if name in types}
    for name, value in values.items():
        if not _fits(value, types[name]):
            raise CorruptTrace(f"{path} is damaged: its {name} is not of type {types[name]}.")
        if not _is_possible(value, RANGES.get(name, COUNT)):
            raise CorruptTrace(f"{path} is damaged: its {name} is out of range.")
    try:
        return Meta(**values)
    except TypeError as error:
        raise CorruptTrace(f"{path} is damaged: {error}. The trace cannot be read.") from error


def _fits(value: Any, kind: str) -> bool:
    """Whether a value that was read is of the type that its field is declared as."""
    if value is None:
        return kind.endswith("| None")
    match kind.removesuffix(" | None"):
        case "tuple[str, ...]":
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        case "dict[str, int]":
            return isinstance(value, dict) and all(type(item) is int for item in value.values())
        case "dict[str, str]":
            return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        case simple:
            return type(value).__name__ == simple


def _is_possible(value: Any, numbers: range) -> bool:
    """Whether all numbers of a value of the right type are in the range."""
    found = value.values() if isinstance(value, dict) else [value]
    return all(number in numbers for number in found if type(number) is int)


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
