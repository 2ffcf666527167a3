"""Text as strace writes it, with `-f -ttt -y -T` and times in ns.

    4711  1700000000.000000001 read(3</etc/passwd>, ...) = 1024 <0.000012345>

What was not recorded, as most arguments, is `...`. All text is ASCII; names have C's escapes.
"""

from __future__ import annotations

import heapq
import os
import re
import signal
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Final, TextIO

from aklo_analysis.exports.calls import Call, calls
from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.processes import Process, Program, processes_of, programs_of
from aklo_analysis.exports.rows import error_name
from aklo_analysis.frames import Source
from aklo_trace.restarts import RESTART_FIRST
from aklo_trace.schema import SyscallFlag
from aklo_trace.syscalls import NONE, by_name

EXECS: Final = frozenset({"execve", "execveat"})
OF_ONE: Final = frozenset(
    {"chdir", "chroot", "close", "dup", "fchdir", "fdatasync", "fsync", "rmdir", "syncfs", "unlink"}
)
"""Calls that have no more arguments than one, which is recorded."""
ADDRESSES: Final = frozenset({"brk", "mmap", "mremap", "shmat"})
"""Calls that return one."""
NOT_RECORDED: Final = "..."
ESCAPES: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\v": "\\v", "\f": "\\f"}
ODD_BYTE: Final = re.compile(r"\\x([0-9a-f]{2})")
TEXTS: Final = 1 << 16
"""How many texts are kept as they are written: names repeat."""


def write(subject: Subject, stream: TextIO, _: Choice) -> None:
    """Raises CorruptTrace."""
    in_order = heapq.merge(_calls(subject.trace), _ends(subject.trace), key=itemgetter(0))
    stream.writelines(line for _, line in in_order)


def _calls(trace: Source) -> Iterator[tuple[int, str]]:
    programs = _Programs(trace)
    for call in calls(trace):
        yield call.ts_ns, _line(call, programs.started_by(call))


def _ends(trace: Source) -> Iterator[tuple[int, str]]:
    ended = [one for one in processes_of(trace).values() if one.end_ns is not None]
    for process in sorted(ended, key=lambda one: one.end_ns or 0):
        if end := _end(process):
            yield process.end_ns or 0, f"{_begun(process.pid, process.end_ns or 0)} {end}\n"


def _end(process: Process) -> str | None:
    """None if it is not known how."""
    if process.signal is not None:
        known = process.signal in [*signal.Signals]
        name = signal.Signals(process.signal).name if known else f"SIG_{process.signal}"
        return f"+++ killed by {name} +++"
    if process.exit_status is not None:
        return f"+++ exited with {process.exit_status} +++"
    return None


class _Programs:
    """What the calls of exec have started, found by the order of both in each process."""

    def __init__(self, trace: Source) -> None:
        self._next: dict[int, deque[Program]] = defaultdict(deque)
        for program in programs_of(trace).values():
            self._next[program.proc_id].append(program)

    def started_by(self, call: Call) -> Program | None:
        if call.syscall not in EXECS or call.ret != 0:
            return None
        waiting = self._next[call.proc_id]
        while waiting and waiting[0].ts_ns < call.ts_ns:
            waiting.popleft()
        return waiting.popleft() if waiting else None


def _begun(tid: int, ts_ns: int) -> str:
    return f"{tid:<5} {ts_ns // 10**9}.{ts_ns % 10**9:09}"


def _line(call: Call, program: Program | None) -> str:
    lasted = "" if call.dur_ns is None else f" <{call.dur_ns // 10**9}.{call.dur_ns % 10**9:09}>"
    arguments = ", ".join(_arguments(call, program))
    return (
        f"{_begun(call.tid, call.ts_ns)} {call.syscall}({arguments}) = {_returned(call)}{lasted}\n"
    )


def _arguments(call: Call, program: Program | None) -> list[str]:
    """The descriptor and the paths at their places, and `...` between and after them."""
    known = by_name().get(call.syscall)
    found: dict[int, str] = {}
    is_odd = bool(call.flags & SyscallFlag.NOT_UTF8)
    if known is not None:
        if known.path is not None and call.file is not None:
            found[known.path.index] = _quoted(call.file, is_odd)
        if known.path2 is not None and call.file2 is not None:
            found[known.path2.index] = _quoted(call.file2, is_odd)
        if known.fd != NONE and call.fd is not None:
            name = "" if call.file is None or known.path else f"<{_bare(call.file, is_odd)}>"
            found.setdefault(known.fd, f"{call.fd}{name}")
    if program is not None and program.argv is not None:
        found[max(found, default=0) + 1] = _argv(program)
    last = max(found, default=-1)
    after = () if found and call.syscall in OF_ONE else (NOT_RECORDED,)
    return [*(found.get(place, NOT_RECORDED) for place in range(last + 1)), *after]


def _argv(program: Program) -> str:
    words = ", ".join(_quoted(word, program.is_odd) for word in program.argv or ())
    return f"[{words}{', ...' if program.is_cut else ''}]"


def _returned(call: Call) -> str:
    if call.errno is not None:
        name = error_name(call.errno)
        value = "?" if call.errno >= RESTART_FIRST else "-1"
        return f"{value} {name} ({os.strerror(call.errno)})"
    if call.ret is None:
        return "?"
    known = by_name().get(call.syscall)
    if known is not None and known.returns == "fd" and call.file is not None:
        return f"{call.ret}<{_bare(call.file, bool(call.flags & SyscallFlag.NOT_UTF8))}>"
    return hex(call.ret) if call.syscall in ADDRESSES else str(call.ret)


def _quoted(text: str, is_odd: bool) -> str:
    return '"' + _escaped(text, is_odd, '"') + '"'


def _bare(text: str, is_odd: bool) -> str:
    """As the name of a descriptor: what would end it is escaped."""
    return _escaped(text, is_odd, "<>")


@lru_cache(TEXTS)
def _escaped(text: str, is_odd: bool, marks: str) -> str:
    """With C's escapes for backslashes, what is not printable ASCII, and these marks. `is_odd`:
    it has bytes that were not UTF-8, as ``\\xNN``."""
    pieces = ODD_BYTE.split(text) if is_odd else [text]
    plain = (piece.encode("utf-8", "surrogateescape") for piece in pieces[::2])
    odd = (bytes.fromhex(piece) for piece in pieces[1::2])
    raw = next(plain) + b"".join(one + two for one, two in zip(odd, plain, strict=True))
    return "".join(_character(chr(byte), marks) for byte in raw)


def _character(one: str, marks: str) -> str:
    if one in ESCAPES:
        return ESCAPES[one]
    if one == "\\" or (one in marks and marks == '"'):
        return f"\\{one}"
    return one if " " <= one <= "~" and one not in marks else f"\\{ord(one):03o}"
