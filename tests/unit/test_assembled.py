"""Whole columns at a time, the assembler says what a walk over the calls one by one says,
wherever the calls are cut into batches."""

from __future__ import annotations

import itertools
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aklo_trace.assemble import Assembler
from aklo_trace.events import (
    CWD,
    DIRECTORY,
    NO_STRING,
    NULL,
    EventBatch,
    Identity,
    ImageStart,
    ProcessEnd,
    ProcessEvent,
    ProcessStart,
    Untold,
)
from aklo_trace.paths import comes_back, entered, resolve
from aklo_trace.syscalls import by_name

HOME = b"/home"
STEP_NS, DUR_NS = 100, 50
FILES = {inode: Identity(7, inode, 0o040755 if inode < 3 else 0o100644) for inode in range(1, 5)}
FILES[5] = Identity(7, 4, 0o100644, instance=9)  # after inode 4 was deleted
TEXTS = (b"a", b"b", b"./a", b"sub/a", b"..", b"/a", b"/b", b"/sub")


@dataclass(frozen=True)
class Call:
    """One call. A relative path starts from the working directory, or from the directory
    `directory`."""

    proc: int
    name: str
    path: bytes | None = None
    directory: Identity | None = None
    path2: bytes | None = None
    file: Identity | None = None
    second: Identity | None = None
    ret: int = 0


Happening = Call | ProcessEvent


@dataclass
class Known:
    """A file, as it is known."""

    path: bytes | None
    identity: tuple[int, int] | None
    mode: int = 0


@dataclass
class Walk:
    """What the assembler is to say, worked out call by call."""

    cwds: dict[int, bytes | None] = field(default_factory=dict)
    images: dict[int, int | None] = field(default_factory=dict)
    by_path: dict[bytes, Known] = field(default_factory=dict)
    by_identity: dict[Identity, Known] = field(default_factory=dict)
    by_both: dict[tuple[bytes, Identity], Known] = field(default_factory=dict)
    directories: dict[Identity, bytes] = field(default_factory=dict)
    rows: list[tuple[Known | None, Known | None, int | None]] = field(default_factory=list)
    image_count: int = 0

    def over(self, happenings: Sequence[Happening]) -> list[Any]:
        for happening in happenings:
            match happening:
                case ProcessStart(proc_id=proc, parent_proc_id=parent):
                    self.cwds[proc] = HOME if parent is None else self.cwds[parent]
                    self.images[proc] = None if parent is None else self.images[parent]
                case ImageStart(proc_id=proc):
                    self.images[proc] = self.image_count
                    self.image_count += 1
                case Untold(proc_id=proc, image=image):
                    self.cwds[proc] = None
                    self.images[proc] = None if image else self.images[proc]
                case Call():
                    self.call(happening)
        return self.rows

    def call(self, call: Call) -> None:
        path = self.absolute(call, call.path, call.directory)
        path2 = self.absolute(call, call.path2, None)
        image = self.images[call.proc]
        first = self.first(call, path)
        second = self.named(path2) if path2 is not None else None
        if call.second:
            second = self.worked_on(call.second)
        self.rows.append((first, second, image))
        if call.ret == 0 and call.name == "chdir" and path is not None:
            own = None if call.directory else entered(self.cwds[call.proc], call.path or b"")
            self.cwds[call.proc] = own or (path if path.startswith(b"/") else None)
        if call.ret == 0 and call.name == "fchdir" and call.file:
            self.cwds[call.proc] = self.opened_as(call.file)

    def absolute(self, call: Call, path: bytes | None, directory: Identity | None) -> bytes | None:
        if path is None or path.startswith(b"/"):
            return None if path is None else resolve(None, path)
        return resolve(self.opened_as(directory) if directory else self.cwds[call.proc], path)

    def opened_as(self, directory: Identity) -> bytes | None:
        return self.directories.get(directory)

    def first(self, call: Call, path: bytes | None) -> Known | None:
        if path is None:
            return self.worked_on(call.file) if call.file else None
        return self.named(path) if call.file is None else self.opened(path, call.file)

    def named(self, path: bytes) -> Known:
        return self.by_path.setdefault(path, Known(path, None))

    def opened(self, path: bytes, file: Identity) -> Known:
        known = self.by_both.get((path, file))
        if known is None:
            current = self.by_path.get(path)
            known = current if current and not current.identity else Known(path, None)
            known.identity, known.mode = (file.dev, file.inode), file.mode
        self.by_path[path] = self.by_identity[file] = self.by_both[path, file] = known
        name = self.directories.get(file)
        returns = name is not None and comes_back(path, name)
        if path.startswith(b"/") and stat.S_ISDIR(file.mode) and not returns:
            self.directories[file] = path
        return known

    def worked_on(self, file: Identity) -> Known:
        return self.by_identity.setdefault(file, Known(None, (file.dev, file.inode), file.mode))


def batch_of(happenings: Sequence[tuple[int, Happening]]) -> EventBatch:
    """The happenings with their places in time, as an engine hands them over."""
    calls = [(place, call) for place, call in happenings if isinstance(call, Call)]
    count = len(calls)
    strings: list[bytes] = []
    columns: dict[str, Any] = {
        name: np.full(count, NO_STRING, np.int32)
        for name in ("path", "base", "path2", "base2", "fd_path", "fd2_path", "site")
    }
    batch = EventBatch(
        ts_ns=np.array([place * STEP_NS for place, _ in calls], np.int64),
        dur_ns=np.full(count, DUR_NS, np.int64),
        proc_id=np.array([call.proc for _, call in calls], np.int32),
        tid=np.array([call.proc for _, call in calls], np.int32),
        syscall=np.array([by_name()[call.name].code for _, call in calls], np.int32),
        ret=np.array([call.ret for _, call in calls], np.int64),
        errno=np.zeros(count, np.int32),
        fd=np.full(count, NULL, np.int64),
        offset=np.full(count, NULL, np.int64),
        dev=np.array([c.file.dev if c.file else NULL for _, c in calls], np.int64),
        inode=np.array([c.file.inode if c.file else NULL for _, c in calls], np.int64),
        instance=np.array([c.file.instance if c.file else 0 for _, c in calls], np.int32),
        mode=np.array([c.file.mode if c.file else 0 for _, c in calls], np.int32),
        flags=np.zeros(count, np.int32),
        strings=strings,
        process_events=[event for _, event in happenings if not isinstance(event, Call)],
        **columns,
    )
    for row, (_, call) in enumerate(calls):
        for text, directory, column, base in (
            (call.path, call.directory, batch.path, batch.base),
            (call.path2, None, batch.path2, batch.base2),
        ):
            if text is not None:
                column[row] = len(strings)
                strings.append(text)
                if not text.startswith(b"/") or not directory:  # CWD says nothing then
                    base[row] = DIRECTORY - len(batch.directories) if directory else CWD
                if directory:
                    batch.directories.append(directory)
        if call.second:
            batch.second_files[row] = call.second
    return batch


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """What a few processes might do, in order of time."""
    happenings: list[Happening] = [ProcessStart(0, 1, 1001)]
    alive, made = [1], 1
    for _ in range(draw(st.integers(1, 25))):
        proc = draw(st.sampled_from(alive))
        place = len(happenings) * STEP_NS
        match draw(st.sampled_from(("fork", "exec", "exit", "untold", *["call"] * 8))):
            case "fork" if made < 4:
                made += 1
                happenings.append(ProcessStart(place, made, 1000 + made, proc, 1000 + proc))
                alive.append(made)
            case "exec":
                happenings.append(ImageStart(place, proc, b"/bin/sh", (b"sh",)))
            case "untold":
                happenings.append(Untold(place, proc, draw(st.booleans())))
            case "exit" if len(alive) > 1:
                happenings.append(ProcessEnd(place, proc, exit_status=0))
                alive.remove(proc)
            case _:
                happenings.append(draw(calls(proc)))
    return happenings


def calls(proc: int) -> st.SearchStrategy[Call]:
    files, texts = st.sampled_from(list(FILES.values())), st.sampled_from(TEXTS)
    directories = st.none() | st.sampled_from([FILES[1], FILES[2]])
    entered = st.sampled_from([FILES[1], FILES[2]])
    who = st.just(proc)
    return st.one_of(
        st.builds(Call, who, st.just("openat"), texts, directories, file=files, ret=st.just(3)),
        st.builds(Call, who, st.just("openat"), texts, directories, ret=st.just(-1)),
        st.builds(Call, who, st.just("newfstatat"), texts, directories),
        st.builds(Call, who, st.just("read"), file=files, ret=st.just(5)),
        st.builds(Call, who, st.just("rename"), texts, path2=texts),
        st.builds(Call, who, st.just("sendfile"), file=files, second=files),
        st.builds(Call, who, st.just("chdir"), texts, ret=st.sampled_from([0, 0, -1])),
        st.builds(Call, who, st.just("chdir"), texts, directories, file=entered),
        st.builds(Call, who, st.just("fchdir"), file=entered),
        st.builds(Call, who, st.just("getpid")),
    )


def assembled(happenings: list[Happening], cuts: list[int]) -> list[Any]:
    """The same as Walk.over() gives, from the tables; one object for each file id."""
    assembler = Assembler(HOME)
    timed = list(enumerate(happenings))
    bounds = [0, *sorted(cut for cut in cuts if cut < len(timed)), len(timed)]
    columns: dict[str, list[Any]] = {"file_id": [], "file2_id": [], "image_id": []}
    for start, end in itertools.pairwise(bounds):
        rows = assembler.add(batch_of(timed[start:end]))["syscalls"]
        for name, values in columns.items():
            values.extend(rows[name].tolist())  # type: ignore[union-attr]
    pieces = [rows["files"] for rows in assembler.finish() if "files" in rows]
    files = [known for piece in pieces for known in known_files(piece)]
    return [
        (
            files[first] if first != NULL else None,
            files[second] if second != NULL else None,
            image if image != NULL else None,
        )
        for first, second, image in zip(*columns.values(), strict=True)
    ]


def known_files(table: Any) -> list[Known]:
    rows = zip(table["path"], table["dev"], table["inode"], table["kind"], strict=True)
    modes = {"directory": FILES[1].mode, "regular": FILES[3].mode, None: 0}
    return [
        Known(
            None if path is None else path.encode(),
            None if inode is None else (dev, inode),
            modes[kind],
        )
        for path, dev, inode, kind in rows
    ]


def assert_same(found: list[Any], expected: list[Any]) -> None:
    """Equal row by row, and one object stands for one file throughout."""
    assert found == expected
    pairs = {
        (id(one), id(other))
        for row, walked in zip(found, expected, strict=True)
        for one, other in zip(row[:2], walked[:2], strict=True)
        if one is not None
    }
    assert len({one for one, _ in pairs}) == len(pairs) == len({other for _, other in pairs})


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(st.integers(1, 25), max_size=3))
@example(  # a name that another file takes, in the middle of a batch
    [
        ProcessStart(0, 1, 1001),
        Call(1, "newfstatat", b"a"),
        Call(1, "openat", b"a", file=FILES[3], ret=3),
        Call(1, "openat", b"a", file=FILES[4], ret=3),
        Call(1, "newfstatat", b"a"),
    ],
    [],
)
@example(  # a file that takes another name, then its old one again
    [
        ProcessStart(0, 1, 1001),
        Call(1, "openat", b"a", file=FILES[3], ret=3),
        Call(1, "openat", b"b", file=FILES[3], ret=3),
        Call(1, "openat", b"a", file=FILES[3], ret=3),
        Call(1, "read", file=FILES[3]),
    ],
    [4],
)
@example(  # a file that is only named after it has been worked on
    [
        ProcessStart(0, 1, 1001),
        Call(1, "read", file=FILES[3]),
        Call(1, "openat", b"a", file=FILES[3], ret=3),
        Call(1, "sendfile", file=FILES[4], second=FILES[3]),
    ],
    [],
)
def test_it_says_what_a_walk_over_the_calls_says(
    happenings: list[Happening], cuts: list[int]
) -> None:
    assert_same(assembled(happenings, cuts), Walk().over(happenings))


ROUNDS = 3000


@pytest.mark.parametrize("way", [(b"..", b"home"), (b"./a/..",), (b"..",), (b"/home/a", b"..")])
@pytest.mark.parametrize("identified", [False, True])
def test_who_goes_round_and_round_makes_no_path_without_end(
    way: tuple[bytes, ...], identified: bool
) -> None:
    """Whether the engine knows directories by identity or by name. No path is wrong where there is
    no link; which there is nobody knows, so that a path that would have no end stays relative."""
    tree = {b"/home": FILES[1], b"/": FILES[2], b"/home/a": Identity(7, 9, FILES[1].mode)}
    here, happenings, right = HOME, [ProcessStart(0, 1, 1001)], set()
    for step in way * ROUNDS:
        start = tree[here] if identified else None
        here = posixpath.normpath(posixpath.join(here, step))
        happenings.append(Call(1, "chdir", step, start, file=tree[here] if identified else None))
        happenings.append(Call(1, "newfstatat", b"f", tree[here] if identified else None))
        right.add(posixpath.join(here, b"f"))
    rows = assembled(happenings, list(range(500, len(happenings), 500)))
    paths = [first.path for first, _, _ in rows[1::2]]
    assert sum(map(len, {first.path for first, _, _ in rows})) < 50_000
    assert {posixpath.normpath(path) for path in paths} <= right | {b"f"}
    assert posixpath.normpath(paths[0]) in right or identified
