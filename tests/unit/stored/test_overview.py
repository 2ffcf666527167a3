"""What the traces of a store say together."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from aklo_trace.overview import Overview, overview
from aklo_trace.retention import Limits
from aklo_trace.store import LIVE, LOCK
from aklo_trace.stored import pin, stored
from aklo_trace.summary import FILE, AlertState, CacheUse, SlowCall

from .stored_traces import DAY_NS, MS, NOW_NS, keep

LIMITS = Limits(days=7)


def seen(store: Path) -> Overview:
    return overview([*stored(store)], "/store", LIMITS, 5, NOW_NS)


def test_a_run_is_compared_with_the_median_of_those_before_it(tmp_path: Path) -> None:
    for number, wall_ns in enumerate([900 * MS, 100 * MS, 200 * MS, 300 * MS]):
        keep(tmp_path, f"{number}-aklo", "aklo", "new", wall_ns=wall_ns)
    keep(tmp_path, "0-make", "make", wall_ns=7 * MS)
    first, second = seen(tmp_path).commands
    assert (first.command, first.runs, first.trace) == ("aklo new", 4, "3-aklo")
    assert (first.wall_ns, first.usual_ns) == (300 * MS, 200 * MS)
    assert first.change == pytest.approx(0.5)
    assert first.is_slower
    assert first.walls_ns == (900 * MS, 100 * MS, 200 * MS, 300 * MS)
    assert (second.command, second.usual_ns, second.change) == ("make", None, None)


def test_a_run_of_unknown_length_is_compared_with_nothing(tmp_path: Path) -> None:
    keep(tmp_path, "0", "aklo", wall_ns=MS)
    keep(tmp_path, "1", "aklo", wall_ns=None)
    (row,) = seen(tmp_path).commands
    assert (row.wall_ns, row.usual_ns, row.change) == (None, MS, None)


def slow(dur_ns: int) -> tuple[SlowCall, ...]:
    return (SlowCall("fsync", dur_ns, "bash", "/data", 0),)


def test_the_slowest_calls_are_those_of_a_day_and_of_the_newest(tmp_path: Path) -> None:
    old = NOW_NS - 9 * DAY_NS
    for number in range(25):
        more: dict[str, Any] = {"slowest": slow(100 - number), "started_at_ns": old}
        keep(tmp_path, f"{number:02}", **more)
    assert [row.call.dur_ns for row in seen(tmp_path).slowest] == [95, 94, 93, 92, 91]
    keep(tmp_path, "99", "make", slowest=slow(500))
    first = seen(tmp_path).slowest[0]
    assert (first.call.dur_ns, first.command, first.trace) == (500, "make", "99")


def test_caches_are_summed_and_as_large_as_they_were_last(tmp_path: Path) -> None:
    keep(tmp_path, "0", caches=(CacheUse("id", 10, 9, -5, 100, None),))
    keep(tmp_path, "1", caches=(CacheUse("id", 30, 11, None, 300, 500),))
    (row,) = seen(tmp_path).caches
    assert (row.name, row.traces, row.lookups, row.hits, row.saved_ns) == ("id", 2, 40, 20, -5)
    assert row.hit_ratio == 0.5
    assert (row.last.size_bytes, row.last.limit_bytes) == (300, 500)


def alert(state: str, severity: str = "warning") -> tuple[AlertState, ...]:
    return (AlertState("slow", severity, state, "it is slow"),)


def test_an_alert_is_active_as_the_last_judged_run_of_its_command_left_it(tmp_path: Path) -> None:
    keep(tmp_path, "0", "aklo", alerts=alert("raised"))
    keep(tmp_path, "1", "make", alerts=alert("continued", "critical"))
    keep(tmp_path, "2", "make", is_analysed=False)
    keep(tmp_path, "3", "sed", alerts=alert("cleared"))
    found = seen(tmp_path).alerts
    assert [(row.command, row.trace) for row in found] == [("make", "1"), ("aklo", "0")]
    keep(tmp_path, "4", "make")
    assert [row.command for row in seen(tmp_path).alerts] == ["aklo"]


def test_the_health_of_recordings(tmp_path: Path) -> None:
    keep(tmp_path, "0")
    keep(tmp_path, "1", complete=False, lost=4)
    keep(tmp_path, "2", is_analysed=False)
    (keep(tmp_path, "3") / LIVE).mkdir()
    (keep(tmp_path, "4") / "meta.json").write_text("{")
    (tmp_path / "4" / FILE).unlink()
    (tmp_path / ".hidden").mkdir()
    recorded = keep(tmp_path, "5") / LIVE
    recorded.mkdir()
    lock = os.open(recorded / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    found = seen(tmp_path)
    os.close(lock)
    assert found.health.states == {"recording": 1, "damaged": 1, "interrupted": 1, "finished": 3}
    assert (found.health.engines, found.health.lost) == ({"ebpf": 3}, 4)
    assert (found.health.incomplete, found.health.unanalysed) == (1, 1)
    assert (found.store.traces, found.store.free_bytes) == (6, 5)
    assert found.store.oldest_ns == NOW_NS - 60 * 1000 * MS
    assert (found.store.limits, found.store.pinned) == (LIMITS, 0)
    pin(tmp_path / "0")
    assert seen(tmp_path).store.pinned == 1


def test_of_no_store_there_is_nothing_to_say(tmp_path: Path) -> None:
    found = seen(tmp_path / "none")
    assert (found.store.traces, found.store.oldest_ns, found.commands) == (0, None, ())
