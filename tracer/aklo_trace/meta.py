"""``meta.json``: what a trace is of, how it was made, and what it lacks.

Written when a recording begins and again when it is finished, each time as a whole. Nothing
heavy is imported: listing many traces reads only these.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aklo_trace import schema
from aklo_trace.errors import CorruptTrace, NewerTrace, NotATrace

FILE: Final = "meta.json"


@dataclass(frozen=True)
class Meta:
    """Fields that are None are not known (yet). Times are ns since the Unix epoch.

    `lost` counts syscall events that were attempted and are not in the trace; `loss` has them,
    and other things that were lost, by cause. `complete` says that the recording ended in order
    and that nothing was lost.
    """

    engine: str
    engine_reason: str
    argv: tuple[str, ...]
    cwd: str | None
    started_at_ns: int
    schema_version: int = schema.VERSION
    started_at: str = ""
    wall_ns: int | None = None
    exit_status: int | None = None
    signal: int | None = None
    target_proc_id: int | None = None
    complete: bool = False
    incomplete_reason: str | None = "the recording has not been finished"
    attempts: int | None = None
    lost: int = 0
    loss: dict[str, int] = field(default_factory=dict)
    lost_by_syscall: dict[str, int] = field(default_factory=dict)
    in_flight_by_syscall: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: dict[str, int] = field(default_factory=dict)
    tool_version: str = ""
    kernel: str = ""
    machine: str = ""
    host: str = ""
    user: str = ""
    clock_offset_ns: int | None = None
    recorder_cpu_ns: int | None = None
    recorder_max_rss_bytes: int | None = None
    filter: tuple[str, ...] = ()


def iso(ts_ns: int) -> str:
    """The instant as ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).isoformat(timespec="microseconds")


def write(directory: Path, meta: Meta) -> None:
    """Replace the file as a whole. Raises OSError."""
    text = json.dumps(asdict(meta), indent=2, ensure_ascii=False) + "\n"
    temporary = directory / f".{FILE}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / FILE)


def read(directory: Path) -> Meta:
    """Raises NotATrace, CorruptTrace or NewerTrace."""
    path = directory / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NotATrace(
            f"{directory} is not a trace: it has no {FILE}. 'aklo-trace list' shows the traces "
            "there are; 'aklo-trace import' makes one from a strace log."
        ) from None
    except PermissionError as error:
        raise NotATrace(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError, OSError) as error:
        raise CorruptTrace(f"{path} is damaged: {error}. The trace cannot be read.") from error
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
        case simple:
            return type(value).__name__ == simple


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
