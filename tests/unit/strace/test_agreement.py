"""The fast path and the exact reader give the same for every line that the fast path takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aklo_trace.events import NO_STRING, NULL
from aklo_trace.strace import fastpath
from aklo_trace.strace.bytewise import Buffer
from aklo_trace.strace.descriptors import describe
from aklo_trace.strace.fastpath import FastCalls
from aklo_trace.strace.leaders import Leaders, Lines
from aklo_trace.strace.line import Call, Note, NoteKind, Part, read_line
from aklo_trace.strace.marks import Marks
from aklo_trace.strace.quoting import unescape

from .lines import any_line, bodies


def lines_of(texts: list[str]) -> Lines:
    raw = b"".join(text.replace("\n", "").encode() + b"\n" for text in texts)
    return Lines.of(Buffer(raw), len(raw))


def fast_call(calls: FastCalls, row: int, buffer: Buffer) -> Call:
    """A row of the fast path's columns, put as the exact reader puts it."""

    def text(span: tuple[Any, Any]) -> bytes | None:
        start, end = int(span[0][row]), int(span[1][row])
        return buffer.slice(start, end) if start else None

    path, base, file, file2 = map(text, (calls.path, calls.base_text, calls.file, calls.file2))
    status, spawned = int(calls.status[row]), int(calls.spawned[row])
    return Call(
        part=Part(int(calls.part[row])),
        syscall=int(calls.syscall[row]),
        ret=int(calls.ret[row]),
        errno=int(calls.errno[row]),
        dur_ns=int(calls.dur_ns[row]),
        fd=int(calls.fd[row]),
        offset=int(calls.offset[row]),
        path=None if path is None else unescape(path),
        base=int(calls.base[row]) if base is None else describe(base).name or NO_STRING,
        file=None if file is None else describe(file),
        file2=None if file2 is None else describe(file2),
        flags=int(calls.flags[row]),
        thread=bool(calls.thread[row]),
        spawned=None if spawned == NULL else spawned,
        image=calls.images[calls.image[row]] if calls.image[row] >= 0 else None,
        status=None if status < 0 else status,
    )


CORNERS = [
    'write(1, "a) = 3</x"y>',
    'write(1, "a) = 5 (b")',
    'stat("a\\", b", 0x7ffe) = 0',
    'stat("a\\\\", 0x7ffe) = 0',
    'read(3<x<char 1:3>>, "", 1) = 0',
    'read(3</a, "x", 5) = 4</b>',
    'read(3<TCP:[1->2]>, "]>", 5) = 4',
    "mmap(NULL, 1, 2, 3</a, 4, 5>, 0) = 0x1",
    "mmap(NULL, 3, 0) = 0x1",
    "pread64(3, 5) = 1",
    'pread64(3, "a", 1, 2, 3) = 1',
    "pread64(3</x>,  <unfinished ...>",
    "pread64(3</x>, 5 <unfinished ...>",
    "pread64(3</x> <unfinished ...>",
    'pwrite64(3</x>, "a", 1, 5 <unfinished ...>',
    '<... pread64 resumed>"a, 7", 784, 64) = 784',
    '<... pread64 resumed>"a", 64) = 784',
    "<... pread64 resumed>0x7ffe, 784, 64) = -1 EFAULT (Bad address)",
    "<... preadv resumed>[{}], 1, 64) = 784",
    "<... pwrite64 resumed>) = 1",
    "close(3) b = 5",
    "close(3)= 5",
    'execve("/x", ["a", "b"...], 0x7 /* 1 var */) = 0',
    'execve("/x", ["a"], 0x7 /* 1 var */, 3) = -1 EACCES (Permission denied)',
    'execve("/x", ["a" "b"], 0x7 /* 1 var */) = 0',
    "getpid() = 12345678901234567890",
    "brk(NULL) = 0x11223344556677889",
    "umask(022) = 022",
    "close(3) = -1 ENOENT (No (nested) text)",
    "close(3) = ? ERESTARTSYS (To be restarted if SA_RESTART is set) <0.1>",
    "<... read resumed> <unfinished ...>",
]


def test_corner_cases_are_read_alike() -> None:
    lines = lines_of(CORNERS)
    calls = fastpath.read_calls(lines, lines.start, Marks(lines.buffer))
    for row, line in enumerate(calls.line.tolist()):
        assert fast_call(calls, row, lines.buffer) == read_line(lines.text(line)), CORNERS[line]


@settings(max_examples=600, deadline=None)
@given(st.lists(any_line, min_size=1, max_size=4))
@example(['mmap(0, ", , ", 0, 0) = 0'])
def test_lines_that_the_fast_path_takes_are_read_alike(texts: list[str]) -> None:
    lines = lines_of(texts)
    calls = fastpath.read_calls(lines, lines.start, Marks(lines.buffer))
    for row, line in enumerate(calls.line.tolist()):
        exact = read_line(lines.text(line))
        assert fast_call(calls, row, lines.buffer) == exact, lines.text(line)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_line, min_size=1, max_size=6))
def test_notes_that_the_fast_path_takes_are_read_alike(texts: list[str]) -> None:
    lines = lines_of(texts)
    unknown = np.full(len(lines), NULL, np.int64)
    notes = fastpath.read_notes(lines, Leaders(unknown, unknown, lines.start))
    for line, status in zip(notes.exited.tolist(), notes.status.tolist(), strict=True):
        assert read_line(lines.text(line)) == Note(NoteKind.EXITED, status)
    for line in notes.signals.tolist():
        assert read_line(lines.text(line)) == Note(NoteKind.SIGNAL)


def test_the_fast_path_takes_what_a_log_consists_of() -> None:
    """Without this, agreement could be had by taking nothing."""
    regular = [
        'openat(AT_FDCWD</w>, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x> <0.000072>',
        "close(3</x y>)  = 0 <0.000054>",
        'read(0<pipe:[5]>, "a) = 1"..., 128) = 128 <0.000009>',
        "mmap(NULL, 36151, PROT_READ, MAP_PRIVATE, 3</a b>, 0x1000) = 0x7f3cf8505000 <0.000061>",
        "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f3cf850e000",
        'access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)',
        "dup2(3</a>(deleted), 1</dev/null<char 1:3>>) = 1</a>",
        "fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)",
        "wait4(-1,  <unfinished ...>",
        "<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 15087 <0.01>",
        "exit_group(0) = ?",
        'execve("/usr/bin/true", ["true", "a \\"b\\""], 0x7ffe /* 39 vars */) = 0 <0.0003>',
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 77",
        'pread64(3</x>, "\\6\\0"..., 784, 64) = 784',
        "pread64(3</x>,  <unfinished ...>",
        '<... pread64 resumed>"\\6\\0"..., 784, 64) = 784',
    ]
    lines = lines_of(regular)
    calls = fastpath.read_calls(lines, lines.start, Marks(lines.buffer))
    assert calls.line.tolist() == list(range(len(regular)))


@settings(max_examples=300, deadline=None)
@given(st.lists(bodies, min_size=1, max_size=3))
def test_neighbouring_lines_do_not_change_what_a_line_means(texts: list[str]) -> None:
    together, calls = lines_of(texts), []
    for lines in (together, *(lines_of([text]) for text in texts)):
        found = fastpath.read_calls(lines, lines.start, Marks(lines.buffer))
        calls.append([fast_call(found, row, lines.buffer) for row in range(len(found.line))])
    assert calls[0] == [call for alone in calls[1:] for call in alone]
