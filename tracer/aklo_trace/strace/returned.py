"""What stands after the ``=``: value, error, notes, duration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aklo_trace.events import NULL
from aklo_trace.restarts import RESTART_FIRST, RESTART_LAST
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace.arguments import DESCRIPTION, integer
from aklo_trace.strace.calls import ERRNOS
from aklo_trace.strace.descriptors import Descriptor, describe
from aklo_trace.strace.ranges import LAST_ERRNO

_RETURNED: Final = re.compile(
    rb"""
    (?P<value> \? | -?\d{1,20} | 0x[0-9a-f]{1,16} )
    (?P<text>"""
    + DESCRIPTION
    + rb""")? (?:\(deleted\))? (?:\ \[[^\]]*\])?
    (?: \ /\*\ (?P<own_pid>\d{1,9})\ in\ strace's\ PID\ NS\ \*/ )?
    (?: \ (?P<errno>E[A-Z0-9_]+) )?
    (?: \ \(errno\ (?P<number>\d{1,4})\) )?
    (?P<notes> \ \(.*\) )?
    (?: \ <unavailable> )?
    (?: \ <(?P<seconds>\d{1,9})(?:\.(?P<fraction>\d{1,9}))?> )?
    """,
    re.VERBOSE,
)
_OCTAL: Final = re.compile(rb"0[0-7]+")
_INT64_SPAN: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Returned:
    """`value` is the return value as in `EventBatch.ret`; `pid` is the value as strace's own
    pid namespace counts."""

    value: int
    pid: int
    errno: int
    dur_ns: int
    file: Descriptor | None
    flags: int


def read_returned(text: bytes) -> Returned | None:
    """Read the text after ``= ``. None if it is not what strace writes there."""
    found = _RETURNED.fullmatch(text)
    if not found:
        return None
    error, value = _error(found), _value(found["value"])
    if error is None or value is None:
        return None
    flags = SyscallFlag.INJECTED if b"(INJECTED" in (found["notes"] or b"") else SyscallFlag(0)
    if RESTART_FIRST <= error <= RESTART_LAST:
        value, flags = NULL, flags | SyscallFlag.INTERRUPTED
    elif value == NULL and not error:
        flags |= SyscallFlag.UNFINISHED
    return Returned(
        value=value,
        pid=int(found["own_pid"] or value),
        errno=error,
        dur_ns=duration(found["seconds"], found["fraction"]),
        file=describe(found["text"][1:-1]) if found["text"] else None,
        flags=int(flags),
    )


def duration(seconds: bytes | None, fraction: bytes | None) -> int:
    """Nanoseconds; `NULL` if strace printed none."""
    if seconds is None:
        return NULL
    return int(seconds) * 1_000_000_000 + int((fraction or b"0").ljust(9, b"0"))


def _value(text: bytes) -> int | None:
    """None for a number that has no place in a register."""
    if text == b"?":
        return NULL
    value = int(text, 8) if _OCTAL.fullmatch(text) else integer(text)
    if not -_INT64_SPAN // 2 <= value < _INT64_SPAN:
        return None
    return value - _INT64_SPAN if value >= _INT64_SPAN // 2 else value


def _error(found: re.Match[bytes]) -> int | None:
    """The error number, 0 for success, None for a name or number that is none."""
    if found["errno"]:
        return ERRNOS.get(found["errno"])
    number = int(found["number"] or 0)
    return number if number <= LAST_ERRNO else None
