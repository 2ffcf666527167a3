"""The process that watches, over a kernel side that does what it should not see at once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf import watcher
from aklo_trace.ebpf.sorting import owners
from aklo_trace.ebpf.tree_losses import NOTHING, Lost
from aklo_trace.ebpf.watch_spool import WatchSpool
from aklo_trace.ebpf.watching import Root, WatchTerms
from aklo_trace.errors import StoreError

SLOTS = 4
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
    accounts = None

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.spooled_bytes = 0
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

    def close_spools(self) -> None:
        self.kernel.segments.append([])

    def spool_into(self, folder: Path) -> None:
        assert folder.name == f"{len(self.kernel.segments) - 1:08d}"


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
        rings = Rings(kernel)
        patch.setattr(watcher, "Recorder", lambda *_, **__: rings)
        patch.setattr(watcher, "in_child", no_child)
        patch.setattr(watcher, "MOST_TREES", SLOTS)
        patch.setattr(watcher.Watcher, "_tell_losses", lambda _: None)
        spool, lock = WatchSpool.create(Path(folder))
        os.close(lock)
        made = watcher.Watcher(None, Trees(kernel), bytes, spool, TERMS)  # type: ignore[arg-type]
        yield Bench(kernel, rings, spool, made)


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


def test_a_spool_that_cannot_grow_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WatchSpool, "note", full)
    read, write = os.pipe()
    with bench() as watch:
        watch.rings.steps = [("before", "begin")]
        with pytest.raises(StoreError) as caught:
            watch.watcher.run(read)
    os.close(write)
    said = str(caught.value)
    for part in (str(watch.spool.folder), "No space left", "make room", "--spool"):
        assert part in said


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")
