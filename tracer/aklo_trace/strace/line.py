"""One line of a log, read exactly: the part after pid and time.

A line is a call or a part of one (`Call`), something that is known not to be a call (`Note`),
or not what strace writes (None). `fastpath` reads the regular lines of a whole piece at once
and must agree with this module on each of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from aklo_trace.events import NO_STRING, NULL
from aklo_trace.schema import SyscallFlag
from aklo_trace.strace import arguments
from aklo_trace.strace.calls import (
    CODES,
    EXECS,
    EXITS,
    LARGEST_RETURNED,
    OFFSET_FROM_END,
    RETURNS_FD,
    RETURNS_NOTHING,
    SPAWNS,
    UNKNOWN_CODE,
    WRITES_PAIR,
    Image,
    signal_number,
)
from aklo_trace.strace.descriptors import Descriptor
from aklo_trace.strace.ranges import LAST_PID, LAST_SIGNAL, LAST_STATUS
from aklo_trace.strace.returned import Returned, read_returned
from aklo_trace.syscalls import NONE, PathArgument, Syscall, table


class Part(IntEnum):
    """How much of a call a line holds."""

    WHOLE = 0
    BEGIN = 1
    END = 2


class NoteKind(StrEnum):
    """Lines that are not calls."""

    EXITED = "exited"
    KILLED = "killed"
    SIGNAL = "signal"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    PERSONALITY = "personality"
    CONTINUED = "continued"
    DIAGNOSTIC = "diagnostic"
    STACK = "stack"
    DUMP = "dump"
    SUMMARY = "summary"
    HOLE = "hole"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Note:
    """`value` is the exit status, the signal, the pid of the thread that made the exec, the number
    of missing lines, or whether the process now makes 32-bit calls."""

    kind: NoteKind
    value: int | None = None


@dataclass(slots=True)
class Call:
    """A call, or the part of it that a line holds; what a line does not say is left as it is.

    Of a spawn, `thread` says whether it makes a thread and `spawned` what it made; `image` is
    what an exec was given, `status` what an exit was given. `is_mark`: a shell told by it where
    in its code it is (`site_marks`).
    """

    part: Part
    syscall: int
    ret: int = NULL
    errno: int = 0
    dur_ns: int = NULL
    fd: int = NULL
    offset: int = NULL
    path: bytes | None = None
    base: bytes | int = NO_STRING
    path2: bytes | None = None
    base2: bytes | int = NO_STRING
    file: Descriptor | None = None
    file2: Descriptor | None = None
    flags: int = 0
    thread: bool = False
    spawned: int | None = None
    image: Image | None = None
    status: int | None = None
    is_mark: bool = False


_NAME: Final = rb"([a-z_]\w*|\?{3,4})"
"""A call has question marks for its name if its thread was killed before strace could look."""
_CALL: Final = re.compile(_NAME + rb"\((.*)\) += (.*)")
_RESUMED: Final = re.compile(rb"<\.\.\. " + _NAME + rb" resumed>(.*)\) += (.*)")
_BEGUN: Final = re.compile(
    _NAME + rb"\((.*) <(?:unfinished|(?P<lost>detached)|pid changed to \d+) \.\.\.>"
)
_DETACHED: Final = re.compile(rb"<\.\.\. " + _NAME + rb" resumed>(.*) <detached \.\.\.>")
_CONTINUED: Final = re.compile(rb"<\.\.\. " + _NAME + rb" resumed>.*<unfinished \.\.\.>")

_SUMMARY: Final = (
    rb"% time +seconds.*|-{6} -.*|System call usage summary for .*|"
    rb" *\d+\.\d+ +\d+\.\d+ +\d+ .*"
)
_NOTES: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (NoteKind.EXITED, rb"\+\+\+ exited with (?P<status>\d{1,5}) \+\+\+"),
        (NoteKind.KILLED, rb"\+\+\+ killed by (?P<signal>\w+) (?:\(core dumped\) )?\+\+\+"),
        (NoteKind.STOPPED, rb"--- stopped by SIG\w+ ---"),
        (NoteKind.SIGNAL, rb"--- .* ---"),
        (NoteKind.SUPERSEDED, rb"\+\+\+ superseded by execve in pid (?P<pid>\d{1,9}) \+\+\+"),
        (
            NoteKind.PERSONALITY,
            rb"\[ Process PID=\d+ runs in (?:(?P<compat>32 bit|x32)|\S+(?: bit)?) mode\. \]",
        ),
        (NoteKind.CONTINUED, _CONTINUED.pattern),
        (NoteKind.DIAGNOSTIC, rb"strace: .*|Process \d+ (?:attached|detached|suspended|resumed).*"),
        (NoteKind.STACK, rb" > .*"),
        (NoteKind.DUMP, rb" \| .*| \* \d+ (?:bytes|buffers?|vectors?) in (?:buffer|vector).*"),
        (NoteKind.SUMMARY, _SUMMARY),
        (NoteKind.HOLE, rb"aklo-trace: (?P<lines>\d{1,12}) lines are missing here"),
        (NoteKind.BLANK, rb"\s*"),
    )
)


_NUMBERS: Final = ("status", "pid", "lines")
_POSSIBLE: Final = {
    NoteKind.EXITED: range(LAST_STATUS + 1),
    NoteKind.KILLED: range(1, LAST_SIGNAL + 1),
    NoteKind.SUPERSEDED: range(1, LAST_PID + 1),
}


def read_line(body: bytes) -> Call | Note | None:
    """Read what stands after pid and time."""
    call = _read_call(body)
    return call if call is not None else read_note(body)


def read_note(body: bytes) -> Note | None:
    for kind, pattern in _NOTES:
        found = pattern.fullmatch(body)
        if found:
            value = _value(found.groupdict(), kind)
            impossible = value is not None and kind in _POSSIBLE and value not in _POSSIBLE[kind]
            return None if impossible else Note(kind, value)
    return None


def _value(groups: dict[str, bytes | None], kind: NoteKind) -> int | None:
    if kind is NoteKind.PERSONALITY:
        return int(groups["compat"] is not None)
    if kind is NoteKind.KILLED:
        return signal_number(groups["signal"] or b"")
    number = next((groups[name] for name in _NUMBERS if name in groups), None)
    return None if number is None else int(number)


def _read_call(body: bytes) -> Call | None:
    masked = arguments.mask(body)
    for pattern, read in _READERS:
        found = pattern.fullmatch(masked)
        if found:
            return read(body, found)
    return None


def _spec(name: bytes) -> Syscall:
    return table()[CODES.get(name, UNKNOWN_CODE)]


def _returned(body: bytes, found: re.Match[bytes], spec: Syscall) -> Returned | None:
    returned = read_returned(body[found.start(3) :])
    if returned is None or max(returned.value, returned.pid) > LARGEST_RETURNED[spec.code]:
        return None
    return returned


def _whole(body: bytes, found: re.Match[bytes]) -> Call | None:
    spec = _spec(found[1])
    returned = _returned(body, found, spec)
    if returned is None:
        return None
    call = Call(Part.WHOLE, spec.code)
    _fill_arguments(call, spec, body[slice(*found.span(2))], found[2])
    _fill_returned(call, spec, returned)
    return call


def _begin(body: bytes, found: re.Match[bytes]) -> Call:
    spec = _spec(found[1])
    lost = found["lost"] is not None
    call = Call(Part.WHOLE if lost else Part.BEGIN, spec.code)
    _fill_arguments(call, spec, body[slice(*found.span(2))], found[2])
    if lost:
        call.flags |= int(SyscallFlag.UNFINISHED)
    return call


def _end(body: bytes, found: re.Match[bytes]) -> Call | None:
    spec = _spec(found[1])
    returned = _returned(body, found, spec)
    if returned is None:
        return None
    call = Call(Part.END, spec.code)
    words = arguments.split(body[slice(*found.span(2))], found[2])
    _fill_pair(call, words)
    if spec.code in OFFSET_FROM_END:
        place = OFFSET_FROM_END[spec.code]
        call.offset = arguments.number(words[-place]) if len(words) >= place else NULL
    _fill_returned(call, spec, returned)
    return call


def _lost(_body: bytes, found: re.Match[bytes]) -> Call:
    return Call(Part.END, _spec(found[1]).code, flags=int(SyscallFlag.UNFINISHED))


def _fill_arguments(call: Call, spec: Syscall, text: bytes, masked: bytes) -> None:
    words = arguments.split(text, masked)
    if spec.fd != NONE and spec.fd < len(words):
        call.fd, call.file = arguments.descriptor(words[spec.fd])
    if spec.fd2 != NONE and spec.fd2 < len(words):
        _, call.file2 = arguments.descriptor(words[spec.fd2])
    if spec.path:
        call.path, call.base = _path(call, words, spec.path)
    if spec.path2:
        call.path2, call.base2 = _path(call, words, spec.path2)
    if spec.offset != NONE and spec.offset < len(words):
        call.offset = arguments.number(words[spec.offset])
    _fill_pair(call, words)
    if spec.code in SPAWNS:
        call.thread = arguments.makes_thread(text)
    elif spec.code in EXECS and spec.path:
        call.image = _image(words, spec.path)
    elif spec.code in EXITS:
        status = arguments.number(words[0])
        call.status = None if status == NULL else status & 0xFF


def _fill_pair(call: Call, words: list[bytes]) -> None:
    """New descriptors stand among the arguments, once the call has returned."""
    if call.syscall in WRITES_PAIR and (found := arguments.pair(words)):
        (call.fd, call.file), (_, call.file2) = found


def _path(call: Call, words: list[bytes], where: PathArgument) -> tuple[bytes | None, bytes | int]:
    if where.index >= len(words) or not words[where.index]:
        return None, NO_STRING
    text = arguments.path_text(words[where.index])
    if text.cut:
        call.flags |= int(SyscallFlag.PATH_TRUNCATED)
    if not text.readable:
        call.flags |= int(SyscallFlag.PATH_UNREADABLE)
    if text.path is None:
        return None, NO_STRING
    if not text.path and where.dirfd != NONE:
        number, file = arguments.descriptor(words[where.dirfd])
        if number != NULL:  # AT_EMPTY_PATH: the descriptor itself
            call.fd, call.file = number, file
            return None, NO_STRING
    return text.path, arguments.base(words[where.dirfd] if where.dirfd != NONE else b"AT_FDCWD")


def _image(words: list[bytes], where: PathArgument) -> Image | None:
    if where.index + 1 >= len(words):
        return None
    exe = arguments.path_text(words[where.index]).path
    return arguments.image(exe, words[where.index + 1])


def _fill_returned(call: Call, spec: Syscall, returned: Returned) -> None:
    call.dur_ns = returned.dur_ns
    if spec.code not in RETURNS_NOTHING:
        call.ret, call.errno = returned.value, returned.errno
        call.flags |= returned.flags
    if RETURNS_FD[spec.code] and returned.value >= 0:
        call.fd, call.file = returned.value, returned.file
    if spec.code in SPAWNS and returned.pid > 0:
        call.spawned = returned.pid


_READERS: Final = (
    (_BEGUN, _begin),
    (_DETACHED, _lost),
    (_CALL, _whole),
    (_RESUMED, _end),
)
