"""A watch is read while it records, though its segments go as soon as they are sorted."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest
from tests.unit.recorded.spools import Spools

from aklo_analysis.dashboard.feeds import LiveFeed
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.ring import record_stride
from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.ebpf.sorting import PLACES
from aklo_trace.ebpf.watch_following import WatchFollowed, newest
from aklo_trace.errors import TraceError

from .test_feeds import busy_life, new_state

SLOT = 3


def watched(spools: Spools) -> Spools:
    """The same, of a tree: its number is in every record and process."""
    for place in range(0, len(spools.events), layout.EVENT.size):
        _mark(spools.events, place + layout.EVENT.offset("proc_id"), layout.ROOT_PROCESS_BITS)
    position = 0
    while position < len(spools.records):
        size, _, kind = struct.unpack_from("=III", spools.records, position)
        _mark(spools.records, position + layout.RING_HEADER_BYTES, layout.ROOT_SHIFT)
        for place in PLACES.get(kind, ()):
            _mark(spools.records, position + place, layout.ROOT_PROCESS_BITS)
        position += record_stride(size)
    return spools


def _mark(raw: bytearray, place: int, shift: int) -> None:
    (word,) = struct.unpack_from("=I", raw, place)
    struct.pack_into("=I", raw, place, word | SLOT << shift)


def segment(folder: Path, number: int, spools: Spools) -> Path:
    place = folder / "segments" / f"{number:08d}"
    place.mkdir(parents=True)
    for name, content in (
        (EVENTS_FILE, spools.events),
        (RECORDS_FILE, spools.records),
        (MARKS_FILE, spools.marks),
    ):
        (place / name).write_bytes(content)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "spool" / "watch-x"
    found.mkdir(parents=True)
    (found / SHELLS_FILE).touch()
    return found


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_segments_are_read_one_after_the_other_though_they_go(folder: Path, scratch: Path) -> None:
    life = watched(busy_life())
    calls = len(life.events) // layout.EVENT.size
    first = segment(folder, 0, Spools())
    followed, state = WatchFollowed(folder, scratch), new_state()
    feed = LiveFeed(followed, None, lambda: False)
    feed.advance(state, 1, 0)
    for name, content in ((EVENTS_FILE, life.events), (RECORDS_FILE, life.records)):
        (first / name).write_bytes(content)
    (first / MARKS_FILE).write_bytes(life.marks)
    shutil.rmtree(first)  # it is open
    feed.advance(state, 1, 0)
    assert state.cube.total["calls"] == calls
    segment(folder, 1, life)
    shutil.rmtree(segment(folder, 2, life))
    segment(folder, 3, life)
    feed.advance(state, 1, 0)
    assert (state.cube.total["calls"], followed.missed) == (3 * calls, 1)
    assert {row.name for row in state.cube.rows("program", {})} >= {"sh"}


def test_a_segment_that_goes_while_it_is_opened_costs_nothing_else(
    folder: Path, scratch: Path
) -> None:
    life = watched(busy_life())
    calls = len(life.events) // layout.EVENT.size
    first = segment(folder, 0, Spools())
    followed, state = WatchFollowed(folder, scratch), new_state()
    feed = LiveFeed(followed, None, lambda: False)
    going = segment(folder, 1, Spools())
    (going / RECORDS_FILE).unlink()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    feed.advance(state, 1, 0)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    for name, content in ((EVENTS_FILE, life.events), (RECORDS_FILE, life.records)):
        (first / name).write_bytes(content)
    (first / MARKS_FILE).write_bytes(life.marks)
    feed.advance(state, 1, 0)
    assert state.cube.total["calls"] == calls


def test_where_nobody_watches_that_is_said(folder: Path, scratch: Path) -> None:
    assert newest(folder.parent) == folder
    with pytest.raises(TraceError, match="No watch"):
        newest(folder)
    with pytest.raises(TraceError, match="any more"):
        WatchFollowed(folder, scratch)
