"""How a log is cut into pieces for the workers."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from aklo_trace.errors import TraceError, UsageError
from aklo_trace.strace.family import family_head, family_tasks
from aklo_trace.strace.layout import Clock, Layout, PidStyle
from aklo_trace.strace.slices import LONGEST_LINE_BYTES, NO_TID, Slice, Task, is_interrupted
from aklo_trace.strace.sources import HEAD_BYTES, Head, LogSource
from aklo_trace.strace.times import LINE_NS, first_midnight_ns, midnight_ns

PIECE_BYTES: Final = 2 << 20
STREAM_BYTES: Final = 1 << 16
"""As much of a stream as is lost where its end cannot be decompressed."""


@dataclass(frozen=True)
class Plan:
    """The pieces of a log, in order. `start_ns` is where its times count from, if they do not
    count from the epoch; `size_bytes` is None where it can't be known beforehand. `problems`
    are added while the tasks are taken; `spool` must live until they have been read."""

    tasks: Iterator[Task]
    layout: Layout
    clock: Clock
    start_ns: int
    own_pid: int | None
    own_cwd: bytes | None
    size_bytes: int | None
    problems: list[str] = field(default_factory=list)
    spool: TemporaryDirectory[str] | None = None


def plan(sources: Sequence[LogSource], start_date: date | None) -> Plan:
    """Cut one log, or a family of `-ff` files, into pieces. Raises TraceError where a file
    cannot be read, UsageError for files that don't belong together."""
    if not sources:
        raise UsageError("no strace log was given: name at least one file, or - for standard input")
    if len(sources) == 1:
        return _single(sources[0], start_date)
    nameless = [source.name for source in sources if source.pid is None]
    if nameless:
        raise UsageError(
            f"{nameless[0]} cannot be read together with other logs: its name does not end in the "
            "pid of a process, as the files of 'strace -ff -o LOG' do. Import it alone."
        )
    return _family(sources, start_date)


def _single(source: LogSource, start_date: date | None) -> Plan:
    stream, problems = source.open(), list[str]()
    chunks, first = _chunks(source, stream, problems), b""
    while len(first) < HEAD_BYTES and (more := next(chunks, b"")):
        first += more
    if problems and not first:
        raise TraceError(problems[0])
    head = Head.of(first)
    layout = head.layout
    if layout.pid_style is PidStyle.NONE and source.pid is None:
        layout = replace(layout, pid_style=PidStyle.BRACKET)
    size = len(first) if len(first) < HEAD_BYTES else None  # the stream has ended
    if (
        source.path is not None
        and source.is_plain_file
        and layout.pid_style is not PidStyle.BRACKET
    ):
        chunks.close()
        size = source.path.stat().st_size
        tasks = _ranges(source, size, layout)
    else:
        tasks = _blocks(chunks, first, layout)
    own_pid = source.pid if layout.pid_style is PidStyle.NONE else head.own_pid
    start_ns = _start_ns(source, head, start_date)
    return Plan(tasks, layout, layout.clock, start_ns, own_pid, head.own_cwd, size, problems)


def _start_ns(source: LogSource, head: Head, start_date: date | None) -> int:
    if head.layout.clock is Clock.ORDER:
        return LINE_NS
    if head.layout.clock is Clock.DAY:
        return first_midnight_ns(start_date, source.modified(), head.first_ns or 0)
    if start_date:
        return midnight_ns(start_date)
    return int(source.modified().timestamp()) * 1_000_000_000


def _ranges(source: LogSource, size: int, layout: Layout) -> Iterator[Task]:
    """Pieces of a file that the workers read themselves."""
    tid = NO_TID if source.pid is None or layout.pid_style is not PidStyle.NONE else source.pid
    for start in range(0, size, PIECE_BYTES):
        end = min(start + PIECE_BYTES, size)
        yield Task([Slice(0, source.path, start, end, tid=tid)], layout)


def _blocks(chunks: Iterator[bytes], text: bytes, layout: Layout) -> Iterator[Task]:
    """Pieces of a stream, which must be read in order. A line is not cut, nor parted from the
    next one where a diagnostic of strace interrupts it."""
    parts, size = [text], len(text)
    for more in chunks:
        parts.append(more)
        size += len(more)
        if size < PIECE_BYTES or (b"\n" not in more and size < LONGEST_LINE_BYTES):
            continue
        text = b"".join(parts)
        while len(text) >= PIECE_BYTES and (cut := _last_cut(text, layout)):
            yield Task([Slice(0, data=text[:cut])], layout)
            text = text[cut:]
        if len(text) >= LONGEST_LINE_BYTES:
            yield Task([Slice(0, data=text)], layout)
            text = b""
        parts, size = [text], len(text)
    text = b"".join(parts)
    while text:
        cut = _last_cut(text, layout) or len(text)
        yield Task([Slice(0, data=text[:cut])], layout)
        text = text[cut:]


def _chunks(source: LogSource, stream: BinaryIO, problems: list[str]) -> Generator[bytes]:
    try:
        while chunk := stream.read(STREAM_BYTES):
            yield chunk
    except OSError as error:
        problems.append(
            f"{source.name} could be read only in part: {error.strerror or error}. "
            "What comes after is missing; read a whole copy of it if there is one."
        )
    finally:
        stream.close()


def _last_cut(text: bytes, layout: Layout) -> int:
    """Where to cut a piece off: after a line, 0 if there is no whole one."""
    cut = text.rfind(b"\n", 0, PIECE_BYTES) + 1 or text.find(b"\n") + 1
    while layout.pid_style is PidStyle.BRACKET and cut and is_interrupted(text[:cut]):
        cut = text.find(b"\n", cut) + 1
    return cut


def _family(sources: Sequence[LogSource], start_date: date | None) -> Plan:
    spool = TemporaryDirectory(prefix="aklo-trace-")
    sources = [source.spooled(Path(spool.name)) for source in sources]
    head = family_head(sources)
    tasks = family_tasks(sources, head.layout, start_date)
    start_ns = _start_ns(sources[0], head, start_date)
    clock = Clock.EPOCH if head.layout.clock in (Clock.EPOCH, Clock.DAY) else head.layout.clock
    size = sum(source.path.stat().st_size for source in sources if source.path)
    return Plan(tasks, head.layout, clock, start_ns, None, head.own_cwd, size, spool=spool)
