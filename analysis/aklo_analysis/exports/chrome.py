"""Events for https://ui.perfetto.dev and chrome://tracing: programs, the functions of shell code in
them, and calls, on a track for each thread.

All that takes time is a pair of events, its beginning and its end, since these are taken in the
order of the file where they are at the same time; complete events (one with a duration) are put
into each other wrongly then. Times are in µs, ns behind the point, from the first event on, and
what no process may be again is a new number. The format:
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.

Functions are seen from the calls that were made in them: one that makes no call is not there, and
two in a row are one. With --function-calls they are as they were.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, TextIO

from aklo_analysis.exports.calls import Call, calls
from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.function_calls import FunctionCall, function_calls
from aklo_analysis.exports.processes import Numbers, Program, processes_of, programs_of
from aklo_analysis.exports.rows import error_name, flag_names
from aklo_analysis.exports.shell_code import NOWHERE, Place, places_of
from aklo_analysis.exports.text import title
from aklo_analysis.exports.tracks import FOREVER, Track
from aklo_analysis.frames import Source
from aklo_trace import __version__
from aklo_trace.meta import MEASURED
from aklo_trace.schema import SyscallFlag

PROGRAM, FUNCTION, CALL = "program", "function", "syscall"
"""Categories of events."""
UNKNOWN: Final = "(unknown)"
TEXTS: Final = 1 << 16
"""How many texts are kept as JSON: names repeat."""


def write(subject: Subject, stream: TextIO, _: Choice) -> None:
    """Raises CorruptTrace."""
    meta = subject.trace.meta
    about = {
        "command": title(meta),
        "engine": meta.engine,
        "host": meta.host,
        "complete": meta.complete,
        "incomplete_reason": meta.incomplete_reason,
        "made_by": f"aklo-trace {__version__}",
    }
    stream.write(f'{{"displayTimeUnit": "ns", "otherData": {json.dumps(about)}, "traceEvents": [')
    for place, event in enumerate(_Events(subject.trace).all()):
        stream.write((",\n" if place else "\n") + event)
    stream.write("\n]}\n")


class _Thread:
    """The events of one thread, in their order."""

    def __init__(self, pid: int, tid: int, is_main: bool, first_ns: int) -> None:
        self.is_main = is_main
        self.is_begun = False
        self.image: int | None = None
        self.functions: tuple[str, ...] = ()
        self._who = f'"pid":{pid},"tid":{tid}'
        self._first_ns = first_ns
        self._track = Track()

    @property
    def now_ns(self) -> int:
        return self._track.now_ns

    def begin(self, ts_ns: int, end_ns: int, name: str, kind: str, **about: Any) -> str:
        self._track.begin(ts_ns, end_ns)
        return self._event("B", ts_ns, name, kind, about)

    def instant(self, ts_ns: int, name: str, kind: str, **about: Any) -> str:
        self._track.pass_through(ts_ns)
        return self._event("i", ts_ns, name, kind, about)

    def until(self, ts_ns: int) -> Iterator[str]:
        return map(self._end, self._track.until(ts_ns))

    def close(self, depth: int, ts_ns: int) -> Iterator[str]:
        return map(self._end, self._track.close(depth, ts_ns))

    def run(self, functions: tuple[str, ...], ts_ns: int) -> Iterator[str]:
        """Be in these functions, outermost first."""
        if functions == self.functions:
            return
        same = _same(self.functions, functions)
        yield from self.close(self.is_main + same, self.now_ns)
        for name in functions[same:]:
            yield self.begin(ts_ns, FOREVER, name, FUNCTION)
        self.functions = functions

    def told(self, what: str, **about: Any) -> str:
        """Something that is so all the time."""
        return f'{{"ph":"M","name":"{what}",{self._who},"args":{json.dumps(about)}}}'

    def _event(self, phase: str, ts_ns: int, name: str, kind: str, about: dict[str, Any]) -> str:
        known = [f'"{key}":{_json(value)}' for key, value in about.items() if value is not None]
        scope = ',"s":"t"' if phase == "i" else ""
        return (
            f'{{"ph":"{phase}"{scope},{self._when(ts_ns)},{self._who},"name":{_text(name)},'
            f'"cat":"{kind}","args":{{{",".join(known)}}}}}'
        )

    def _end(self, ts_ns: int) -> str:
        return f'{{"ph":"E",{self._when(ts_ns)},{self._who}}}'

    def _when(self, ts_ns: int) -> str:
        whole, rest = divmod(ts_ns - self._first_ns, 1000)
        return f'"ts":{whole}.{rest:03}'


class _Events:
    """The events of a trace as JSON, those of each thread in their order."""

    def __init__(self, trace: Source) -> None:
        self._trace = trace
        self._processes, self._programs = processes_of(trace), programs_of(trace)
        in_turn = reversed(self._programs.values())
        self._first = {program.proc_id: program.image_id for program in in_turn}
        self._places = places_of(trace)
        self._are_counted = bool(trace.meta.tables.get("calls"))
        self._is_measured = trace.meta.timing == MEASURED
        self._numbers = Numbers()
        self._threads: dict[tuple[int, int], _Thread] = {}
        in_order = self._in_order()
        first = tuple(islice(in_order, 1))
        self._in_time = chain(first, in_order)
        starts = [process.start_ns for process in self._processes.values()]
        self._first_ns = min([trace.meta.started_at_ns, *starts, *(one.ts_ns for one in first)])

    def all(self) -> Iterator[str]:
        for process in self._processes.values():  # who comes first keeps its number
            self._thread(process.proc_id, process.pid)
        for one in self._in_time:
            yield from self._call(one) if isinstance(one, Call) else self._function_call(one)
        for process in self._processes.values():
            thread = self._thread(process.proc_id, process.pid)
            if not thread.is_begun:
                yield from self._run(thread, process.proc_id, None, process.start_ns)
        for place, ((proc_id, tid), thread) in enumerate(self._threads.items()):
            yield from thread.close(0, self._end_ns(proc_id, thread))
            yield from self._names(thread, tid, place)

    def _in_order(self) -> Iterator[Call | FunctionCall]:
        if not self._are_counted:
            return calls(self._trace)
        found = (function_calls(self._trace), calls(self._trace))
        return heapq.merge(*found, key=attrgetter("ts_ns"))

    def _call(self, call: Call) -> Iterator[str]:
        thread = self._thread(call.proc_id, call.tid)
        place = self._places.get(call.site_id, NOWHERE)
        yield from thread.until(call.ts_ns)
        yield from self._run(thread, call.proc_id, call.image_id, call.ts_ns)
        if not self._are_counted:
            yield from thread.run(place.stack, call.ts_ns)
        about = _about(call, place)
        if call.end_ns is not None:
            yield thread.begin(call.ts_ns, call.end_ns, call.syscall, CALL, **about)
        elif self._is_measured and call.flags & SyscallFlag.UNFINISHED:
            yield thread.begin(call.ts_ns, FOREVER, call.syscall, CALL, **about)
        else:
            yield thread.instant(call.ts_ns, call.syscall, CALL, **about)

    def _function_call(self, call: FunctionCall) -> Iterator[str]:
        thread = self._thread(call.proc_id, call.tid)
        yield from thread.until(call.ts_ns)
        yield from self._run(thread, call.proc_id, call.image_id, call.ts_ns)
        end_ns = FOREVER if call.dur_ns is None else call.ts_ns + call.dur_ns
        name = call.function or UNKNOWN
        yield thread.begin(call.ts_ns, end_ns, name, FUNCTION, script=call.file)

    def _run(self, thread: _Thread, proc_id: int, image: int | None, ts_ns: int) -> Iterator[str]:
        """Let the main thread of a process be in this program."""
        if image is None:  # as of the launcher's last call, that executes the first program
            image = self._first.get(proc_id)
        if not thread.is_main or (thread.is_begun and thread.image == image):
            return
        yield from thread.close(0, thread.now_ns)
        program = self._programs.get(image)
        began_ns = self._began_ns(thread, proc_id, program)
        at_ns = ts_ns if began_ns is None else min(began_ns, ts_ns)
        name, argv = (program.name, program.argv) if program else (None, None)
        thread.is_begun, thread.image, thread.functions = True, image, ()
        at_ns = max(at_ns, thread.now_ns)
        yield thread.begin(at_ns, FOREVER, name or UNKNOWN, PROGRAM, argv=argv)

    def _began_ns(self, thread: _Thread, proc_id: int, program: Program | None) -> int | None:
        """When what a process runs began; None if that is not known."""
        if thread.is_begun:
            return program.ts_ns if program else None
        process = self._processes.get(proc_id)
        return process.start_ns if process else None

    def _thread(self, proc_id: int, tid: int) -> _Thread:
        found = self._threads.get((proc_id, tid))
        if found is None:
            pid = self._processes[proc_id].pid if proc_id in self._processes else tid
            number = self._numbers.thread(proc_id, pid)
            own = self._numbers.thread(proc_id, tid)
            found = _Thread(number, own, tid == pid, self._first_ns)
            self._threads[proc_id, tid] = found
        return found

    def _end_ns(self, proc_id: int, thread: _Thread) -> int:
        """That of the process; of one that outlived the recording, that of the recording."""
        process = self._processes.get(proc_id)
        if process and process.end_ns is not None:
            return max(process.end_ns, thread.now_ns)
        return max(self._trace.meta.ended_at_ns if self._is_measured else 0, thread.now_ns)

    def _names(self, thread: _Thread, tid: int, place: int) -> Iterator[str]:
        if not thread.is_main:
            yield thread.told("thread_name", name=f"thread {tid}")
            return
        program = self._programs.get(thread.image)
        name = (program and program.name) or UNKNOWN
        yield thread.told("process_name", name=name)
        yield thread.told("process_sort_index", sort_index=place)
        yield thread.told("thread_name", name=name)


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many functions two stacks have in common, from the outermost on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _about(call: Call, place: Place) -> dict[str, Any]:
    return {
        "ret": call.ret,
        "error": error_name(call.errno),
        "fd": call.fd,
        "file": call.file,
        "file2": call.file2,
        "bytes": call.bytes,
        "offset": call.offset,
        "script": place.script,
        "line": place.line,
        "flags": flag_names(call.flags) or None,
    }


def _json(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


@lru_cache(TEXTS)
def _text(text: str) -> str:
    return json.dumps(text)
