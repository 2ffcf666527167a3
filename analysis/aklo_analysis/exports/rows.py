"""A call as a row, for formats that have one per call: what it did, to what, and which line of
shell code it was."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from aklo_analysis.exports.calls import Call, calls
from aklo_analysis.exports.processes import programs_of
from aklo_analysis.exports.shell_code import NOWHERE, Place, places_of
from aklo_analysis.frames import Source
from aklo_trace.restarts import RESTARTS
from aklo_trace.schema import SyscallFlag

ERRORS: Final = {**errno.errorcode, **{number: name for name, number in RESTARTS.items()}}
FLAGS: Final = {flag: flag.name or "" for flag in SyscallFlag}


class Row(NamedTuple):
    """What is not known is None. `process` is the trace's own number of the process, which is never
    reused, and `flags` are names of `aklo_trace.schema.SyscallFlag`, with commas between them."""

    ts_ns: int
    dur_ns: int | None
    process: int
    pid: int
    tid: int
    program: str | None
    syscall: str
    ret: int | None
    errno: int | None
    error: str | None
    fd: int | None
    path: str | None
    path2: str | None
    bytes: int | None
    offset: int | None
    function: str | None
    script: str | None
    line: int | None
    flags: str


def rows(trace: Source) -> Iterator[Row]:
    """Raises CorruptTrace."""
    programs, places = programs_of(trace), places_of(trace)
    for call in calls(trace):
        program = programs.get(call.image_id)
        yield _row(call, program.name if program else None, places.get(call.site_id, NOWHERE))


def _row(call: Call, program: str | None, place: Place) -> Row:
    return Row(
        call.ts_ns,
        call.dur_ns,
        call.proc_id,
        call.pid,
        call.tid,
        program,
        call.syscall,
        call.ret,
        call.errno,
        error_name(call.errno),
        call.fd,
        call.file,
        call.file2,
        call.bytes,
        call.offset,
        place.function,
        place.script,
        place.line,
        flag_names(call.flags),
    )


@cache
def flag_names(flags: int) -> str:
    return ",".join(name for flag, name in FLAGS.items() if flags & flag)


def error_name(number: int | None) -> str | None:
    """`ENOENT`; the number itself for one without a name."""
    return None if number is None else ERRORS.get(number, str(number))
