"""The process that watches, over a kernel side that does what it should not see at once."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import PAGESIZE
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf import layout, watcher
from aklo_trace.ebpf.recorder import COUNTERS_FILE, Accounts
from aklo_trace.ebpf.ring import map_array, record_stride
from aklo_trace.ebpf.sorting import owners
from aklo_trace.ebpf.tree_losses import NOTHING, Lost
from aklo_trace.ebpf.watch_spool import WatchSpool
from aklo_trace.ebpf.watching import Root, WatchTerms
from aklo_trace.errors import CaptureError, StoreError

SLOTS = 4
CPUS = 2
TERMS = WatchTerms(("aklo",), 0, False)
PLACE = st.sampled_from(["before", "between", "after"])
"""When the kernel side does it: before the rings are drained, between that and the look at what
began, or after it."""
STEP = st.tuples(PLACE, st.sampled_from(["begin", "call", "end", "busy", "busy beginning"]))
TICKS = st.lists(st.lists(STEP, max_size=8), max_size=20)


@dataclass
class Kernel:
    """Trees that begin, call and end; `calls` are in the rings, `segments` what was drained."""

    serial: int = 1
    slots: dict[int, int] = field(default_factory=dict)
    live: list[Root] = field(default_factory=list)
    told: list[Root] = field(default_factory=list)
    calls: list[Root] = field(default_factory=list)
    segments: list[list[Root]] = field(default_factory=list)
    is_busy: bool = False
    is_beginning_busy: bool = False
    refused: int = 0

    def do(self, what: str) -> None:
        match what:
            case "begin":
                self.begin()
            case "call" if self.live:
                self.calls.append(self.live[0])
            case "end" if self.live:
                self.calls.append(self.live[0])
                self.live.pop(0)
            case "busy":
                self.is_busy = True
            case "busy beginning":
                self.is_beginning_busy = True

    def begin(self) -> None:
        free = [slot for slot in range(1, SLOTS + 1) if slot not in self.slots]
        if not free:
            self.refused += 1
            return
        self.serial += 1
        root = Root(self.serial, free[0], 1, 1, 0, 0, 0, 0, 0, "/")
        self.slots[root.slot] = root.serial
        self.live.append(root)
        self.told.append(root)
        self.calls.append(root)


class Rings:
    """In place of a recorder; `kernel` goes on while it works."""

    wakers = ()

    def __init__(self, kernel: Kernel, folder: Path) -> None:
        self.kernel = kernel
        with memory(CPUS * layout.COUNTERS.size) as fd:
            self.counters = map_array(fd, CPUS * layout.COUNTERS.size, writable=True).cast("Q")
            self.accounts = Accounts(fd, CPUS, folder / COUNTERS_FILE)
        self.spooled_bytes = self.tries = 0
        self.steps: list[tuple[str, str]] = []
        kernel.segments.append([])

    def go_on(self, place: str) -> None:
        for when, what in self.steps:
            if when == place:
                self.kernel.do(what)

    def work(self) -> bool:
        self.go_on("before")
        is_busy, self.kernel.is_busy = self.kernel.is_busy, False
        if not is_busy:  # one is being written, and hides the others
            self.kernel.segments[-1] += self.kernel.calls
            self.kernel.calls = []
        self.go_on("between")
        return not is_busy

    def finish(self) -> None:
        self.work()

    def spool_into(self, folder: Path) -> None:
        assert folder.name == f"{len(self.kernel.segments):08d}"
        self.kernel.segments.append([])

    def try_again(self) -> None:
        self.tries += 1


class Trees:
    """In place of the trees' own maps."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.losses = kernel, self

    def begun(self) -> tuple[list[Root], bool]:
        is_busy, self.kernel.is_beginning_busy = self.kernel.is_beginning_busy, False
        if is_busy:  # the oldest is being told, and hides the others
            return [], False
        told, self.kernel.told = self.kernel.told, []
        return told, True

    def is_live(self, root: Root) -> bool:
        return root in self.kernel.live

    def attempts(self, _: Root) -> int:
        return 0

    def for_want_of_memory(self, _: int) -> Lost:
        return NOTHING

    for_want_of_disk = for_want_of_memory

    def free(self, root: Root) -> None:
        assert self.kernel.slots.pop(root.slot) == root.serial


@contextmanager
def memory(size: int) -> Iterator[int]:
    """In place of a map of the kernel's."""
    fd = os.memfd_create("counters")
    os.truncate(fd, (size + PAGESIZE - 1) & -PAGESIZE)
    yield fd
    os.close(fd)


@dataclass
class Bench:
    """A watch at work."""

    kernel: Kernel
    rings: Rings
    spool: WatchSpool
    watcher: watcher.Watcher

    def tick(self, steps: list[tuple[str, str]], is_large: bool = True) -> None:
        self.rings.steps = steps
        self.rings.spooled_bytes = watcher.SEGMENT_BYTES if is_large else 0
        self.watcher._work()
        self.rings.go_on("after")

    def assert_owned(self, closed: int) -> None:
        """Each call of the closed segments is given to the tree that made it."""
        spans = [tree.span for tree in self.spool.trees()]
        for number, calls in enumerate(self.kernel.segments[:closed]):
            by_slot = owners(spans, number)
            assert [by_slot.get(root.slot) for root in calls] == calls


def no_child(_: Callable[[], None]) -> int:
    """One that does nothing, and has ended."""
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.returncode = 0  # it is reaped by the watch
    return process.pid


@contextmanager
def bench() -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        kernel = Kernel()
        rings = Rings(kernel, Path(folder))
        patch.setattr(watcher, "Recorder", lambda *_, **__: rings)
        patch.setattr(watcher, "in_child", no_child)
        patch.setattr(watcher, "MOST_TREES", SLOTS)
        spool, lock = WatchSpool.create(Path(folder))
        os.close(lock)
        made = watcher.Watcher(None, Trees(kernel), bytes, spool, TERMS)  # type: ignore[arg-type]
        yield Bench(kernel, rings, spool, made)
        os.close(rings.accounts._fd)


def test_a_tree_that_begins_while_the_rings_are_drained_is_known() -> None:
    with bench() as watch:
        watch.tick([("before", "begin"), ("before", "call")])
        watch.assert_owned(closed=1)


@settings(deadline=None, max_examples=60)
@given(ticks=TICKS)
def test_whatever_happens_in_between_each_call_is_its_own_trees(
    ticks: list[list[tuple[str, str]]],
) -> None:
    with bench() as watch:
        for steps in ticks:
            watch.tick(steps)
            watch.assert_owned(len(watch.kernel.segments) - 1)


def test_slots_are_free_again_before_traces_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher.Watcher, "_is_batch_due", lambda _: False)
    with bench() as watch:
        for _ in range(10 * SLOTS):
            watch.tick([("before", "begin"), ("after", "end")], is_large=False)
        assert not watch.kernel.refused
        assert len(list(watch.spool.trees())) == 10 * SLOTS
        watch.assert_owned(len(watch.kernel.segments) - 1)


def test_a_spool_that_cannot_be_written_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WatchSpool, "note", read_only)
    read, write = os.pipe()
    with bench() as watch:
        watch.rings.steps = [("before", "begin")]
        with pytest.raises(StoreError) as caught:
            watch.watcher.run(read)
    os.close(write)
    said = str(caught.value)
    for part in (str(watch.spool.folder), "Read-only", "may be written", "--spool"):
        assert part in said


def read_only(*_: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("step", ["note", "note_end", "begin_segment"])
@pytest.mark.parametrize("number", watcher.FULL)
def test_a_watch_goes_on_while_its_disk_is_full(
    step: str, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def has_no_room(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(watcher, "TELL_S", 0)
    with bench() as watch:
        watch.tick([("before", "begin"), ("after", "end")], is_large=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(WatchSpool, step, has_no_room)
            for _ in range(3):
                watch.tick([("before", "begin"), ("before", "call")])
        closed = len(watch.kernel.segments) - 1
        assert watch.rings.tries >= 3
        for _ in range(2):
            watch.tick([("before", "call")])
        assert len(watch.kernel.segments) - 1 == closed + 2
        assert len(list(watch.spool.trees())) == SLOTS
        watch.assert_owned(closed + 2)
    assert f"The disk of {watch.spool.folder} is full" in capsys.readouterr().err


def no_room(_: Callable[[], None]) -> int:
    """A child that has ended for want of it."""
    process = subprocess.Popen(["sh", "-c", f"exit {watcher.NO_ROOM}"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.returncode = 0
    return process.pid


def test_want_of_room_for_traces_ends_no_watch() -> None:
    with bench() as watch:
        backlog = watch.watcher._backlog
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(watcher, "in_child", no_room)
            for _ in range(3 * watcher.MOST_FAILURES):
                watch.watcher._due_s = 0
                watch.tick([("before", "begin"), ("after", "end")])
        kept = len(backlog.segments)
        assert kept > watcher.MOST_FAILURES
        watch.watcher._due_s = 0
        watch.tick([])
        watch.watcher._reap(0)
        assert len(backlog.segments) < kept


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def no_process(_: Callable[[], None]) -> int:
    raise OSError(errno.EAGAIN, "Resource temporarily unavailable")


def test_a_process_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0)
    with bench() as watch:
        watch.tick([])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(watcher, "in_child", no_process)
            for _ in range(watcher.MOST_FAILURES - 1):
                watch.tick([])
        watch.tick([])
        assert watch.watcher._at_work
    said = capsys.readouterr().err.splitlines()
    assert len(said) == watcher.MOST_FAILURES - 1
    assert "ulimit -u" in said[0]
    assert "--spool" not in said[0]


def test_when_none_can_be_started_again_and_again_the_watch_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0)
    with bench() as watch:
        watch.tick([])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(watcher, "in_child", no_process)
            for _ in range(watcher.MOST_FAILURES - 1):
                watch.tick([])
            with pytest.raises(CaptureError, match="kept in"):
                watch.tick([])


def test_what_is_no_error_of_the_spool_is_not_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with bench() as watch:
        monkeypatch.setattr(watcher.Watcher, "_reap", full)
        with pytest.raises(OSError, match="No space"):
            watch.watcher.run(read)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("trees_lost", "5 programs were not traced: when they began"),
        ("tasks_lost", "5 programs or threads were not traced: the kernel had no memory"),
        ("lost0", "5 calls were lost"),
        ("records_lost0", "5 details of calls and processes were lost"),
    ],
)
def test_what_the_kernel_side_lost_is_said(
    field: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place, words = layout.COUNTERS.offset(field) // 8, layout.COUNTERS.size // 8
    with bench() as watch:
        watch.watcher._tell_losses()
        watch.rings.counters[place], watch.rings.counters[words + place] = 3, 2
        watch.watcher._tell_losses()
        watch.watcher._tell_losses()
        watch.rings.counters[place] += 1
        watch.watcher._tell_losses()
    first, second = capsys.readouterr().err.splitlines()
    assert said in first
    assert said.replace("5", "1", 1) in second


def test_what_the_disk_had_no_room_for_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    size, kind = layout.RING_HEADER_BYTES, layout.RECORD_FORK
    record = struct.pack("=III", size, 0, kind).ljust(record_stride(size), b"\0")
    with bench() as watch:
        watch.rings.accounts.lose_events(memoryview(bytes(2 * layout.EVENT.size)))
        watch.rings.accounts.lose_records(memoryview(record))
        watch.watcher._tell_losses()
    (said,) = capsys.readouterr().err.splitlines()
    assert "3 calls, and details" in said
    assert "--spool" in said


def test_what_could_not_be_kept_is_tried_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0)
    with bench() as watch:
        backlog = watch.watcher._backlog
        watch.tick([("before", "begin"), ("after", "end")])
        while not backlog.unmade:
            watch.tick([])
        (tree,) = backlog.unmade
        for _ in range(3):
            watch.tick([])
        assert (backlog.unmade, backlog.ended) == ([tree], [])
        watch.watcher._retry_s = 0
        watch.tick([])
        assert (backlog.unmade, backlog.ended) == ([], [tree])
