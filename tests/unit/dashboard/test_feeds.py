"""What is shown is what was recorded: live as its tables have it, and once more."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from tests.unit.analysis.sample import sample_trace
from tests.unit.recorded.spools import DEVICE, PID, SUB_INODE, Spools, begun_life, identity

from aklo_analysis.dashboard.feeds import LiveFeed, ReplayFeed
from aklo_analysis.dashboard.naming import Namer
from aklo_analysis.dashboard.replay import Replay
from aklo_analysis.dashboard.seen import DIMENSIONS
from aklo_analysis.dashboard.state import ENDED, About, State
from aklo_trace import store
from aklo_trace.commands.dashboard import prepared
from aklo_trace.ebpf import following, layout
from aklo_trace.ebpf.following import EbpfFollowed
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.identity import invoking
from aklo_trace.places import Asker

FILES = {"events": EVENTS_FILE, "records": RECORDS_FILE, "marks": MARKS_FILE}
Sums = dict[str, dict[str, tuple[int, ...]]]


def new_state() -> State:
    return State(About("aklo", "ebpf"))


def sums(state: State) -> Sums:
    """By dimension and name: calls, failed ones, bytes, work and waiting."""
    return {
        dimension: {
            row.name: (row.calls, row.failed, row.bytes, row.work_ns, row.wait_ns)
            for row in state.cube.rows(dimension, {})
        }
        for dimension in DIMENSIONS
    }


def grown(spools: Spools, live: Path) -> None:
    for name, file in FILES.items():
        (live / file).write_bytes(getattr(spools, name))


def busy_life() -> Spools:
    """A shell that enters a directory and starts programs, which open files in it."""
    spools = begun_life()
    for number in range(2, 30):
        record, known = 1000 + number, layout.EVENT_HAS_FD | layout.EVENT_HAS_IDENTITY
        file = {"fd": 3, "inode": 100 + number, "dev": DEVICE, "mode": 0o100644}
        spools.fork(number)
        spools.call("clone", ret=PID + number)
        name = f"file-{number}".encode()
        spools.path(record, name, base0=layout.BASE_DIRECTORY, **identity(SUB_INODE))
        spools.call("openat", proc=number, record_id=record, ret=3, flags=known, **file)
        spools.call("read", proc=number, ret=10 if number % 3 else -5, flags=known, **file)
        if number % 2:
            spools.exit(number)
        spools.mark()
    return spools


def test_a_recording_is_read_as_it_grows(tmp_path: Path) -> None:
    whole, empty = busy_life(), Spools()
    live = empty.write(tmp_path / "grows")
    followed, state = EbpfFollowed(live), new_state()
    feed = LiveFeed(followed, "/home", lambda: False)
    feed.advance(state, 1, 0)
    assert state.cube.total["calls"] == 0
    for share in (1, 2, 3, 3):
        part = Spools(
            whole.events,
            whole.records,
            whole.marks[: len(whole.marks) // 16 * share // 3 * 16],
        )
        grown(part, live)
        feed.advance(state, 1, 0)
    assert state.cube.total["calls"] == followed.account().read > 50
    assert state.processes - state.ended == len(feed._namer._processes)


def test_what_a_killed_recorder_left_is_replayed(tmp_path: Path) -> None:
    live = busy_life().write(tmp_path / "trace")
    lock = os.open(live / store.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    asker = Asker.of(invoking())
    assert isinstance(prepared(tmp_path / "trace", asker)[1], LiveFeed)
    os.close(lock)
    assert isinstance(prepared(tmp_path / "trace", asker)[1], ReplayFeed)
    assert not live.exists()


def test_live_and_replayed_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spools = busy_life()
    spools.mark()
    live = spools.write(tmp_path / "trace")
    monkeypatch.setattr(following, "MOST_EVENTS", 7)  # so that it takes many looks
    shown = new_state()
    feed = LiveFeed(EbpfFollowed(live), "/home", lambda: True)
    while shown.mode != ENDED:
        feed.advance(shown, 1, 0)
    replay = Replay(store.open_trace(tmp_path / "trace"))
    again = new_state()
    again.add(replay.upto(replay.end_ns))
    assert sums(shown) == sums(again)
    assert (shown.processes, shown.ended) == (again.processes, again.ended)


def test_a_replay_has_every_call_once_whatever_its_steps(tmp_path: Path) -> None:
    replay = Replay(store.Trace(sample_trace().write(tmp_path / "trace"), sample_trace().meta))
    feed, state = ReplayFeed(replay, new_state), new_state()
    steps = 0
    while not replay.is_over:
        feed.advance(state, 3.0, 0.05)
        steps += 1
    feed.advance(state, 3.0, 0.05)
    assert steps > 5
    assert state.mode == ENDED
    assert state.cube.total["calls"] == len(sample_trace().rows["syscalls"])
    assert state.processes == len(sample_trace().rows["processes"])
    once_more = feed.again()
    assert (once_more.cube.total["calls"], replay.is_over) == (0, False)


def test_what_a_shell_starts_belongs_to_its_function(tmp_path: Path) -> None:
    replay = Replay(store.Trace(sample_trace().write(tmp_path / "trace"), sample_trace().meta))
    state = new_state()
    state.add(replay.upto(replay.end_ns))
    of_sed = state.cube.rows("function", {"program": "sed"})
    assert {row.name for row in of_sed} == {"title_of"}


def test_names_of_what_has_ended_are_forgotten(tmp_path: Path) -> None:
    spools = busy_life()
    followed, namer = EbpfFollowed(spools.write(tmp_path / "trace")), Namer("/home")
    while batch := followed.more():
        namer.seen(batch)
    assert len(namer._processes) == 1 + 14
