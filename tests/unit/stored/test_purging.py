"""Removing traces: at no moment is there half of one, whoever reads, records, purges or dies."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aklo_trace import location, purging, removed, store, stored
from aklo_trace.errors import NotATrace, StoreError
from aklo_trace.location import HIDDEN
from aklo_trace.purging import LEFT, Purge, purge, purge_rarely
from aklo_trace.retention import Limits
from aklo_trace.store import LIVE, LOCK, open_trace
from aklo_trace.summary import CacheUse, SlowCall

from .stored_traces import DAY_NS, NOW_NS, keep

WEEK = Limits(days=7)
OLD = {"closed_at_ns": NOW_NS - 8 * DAY_NS}


class Killed(BaseException):
    pass


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two old traces and a new one, and what is no trace."""
    keep(tmp_path, "1-old", caches=(CacheUse("id", 4, 3, None, 7, None),), **OLD)
    keep(tmp_path, "2-old", slowest=(SlowCall("read", 1, None, None, None),), **OLD)
    keep(tmp_path, "3-new")
    (tmp_path / "alert-history.jsonl").write_text("{}\n")
    (tmp_path / "no-trace").mkdir()
    return tmp_path


def names(place: Path) -> list[str]:
    return [path.name for path in location.traces(place)][::-1]


def test_what_is_removed_is_gone_and_noted(place: Path) -> None:
    done = purge(place, WEEK, NOW_NS)
    assert [removal.trace.name for removal in done.removed] == ["1-old", "2-old"]
    assert done.said() == "2 traces, 0.0 MiB: older than 7 days"
    assert names(place) == ["3-new"]
    assert {path.name for path in place.iterdir()} == {
        *("3-new", "alert-history.jsonl", "no-trace"),
        *(removed.FILE, purging.LOCK),
    }
    first, second = removed.read(place)
    assert (first.name, first.why, first.removed_at_ns) == ("1-old", "older than 7 days", NOW_NS)
    assert first.summary.caches == (CacheUse("id", 4, 3, None, 7, None),)
    assert second.summary.slowest == ()
    assert purge(place, WEEK, NOW_NS) == Purge()


def test_a_plan_changes_nothing(place: Path) -> None:
    before = sorted(place.rglob("*"))
    assert len(purging.planned(place, WEEK, NOW_NS)) == 2
    assert sorted(place.rglob("*")) == before


def test_what_is_read_stays(place: Path) -> None:
    reading = open_trace(place / "1-old")
    done = purge(place, WEEK, NOW_NS)
    assert [(one.trace.name, why) for one, why in done.kept] == [("1-old", "it is in use")]
    assert names(place) == ["1-old", "3-new"]
    del reading
    assert [one.trace.name for one in purge(place, WEEK, NOW_NS).removed] == ["1-old"]


def test_who_opens_very_many_traces_runs_out_of_no_descriptors(place: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    opened = [open_trace(place / "1-old") for _ in range(2 * store.MOST_HOLDS)]
    assert len(os.listdir("/proc/self/fd")) - before <= store.MOST_HOLDS  # noqa: PTH208
    assert purge(place, WEEK, NOW_NS).kept
    opened.clear()
    assert not purge(place, WEEK, NOW_NS).kept
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_what_is_recorded_or_finished_stays(place: Path) -> None:
    live = place / "1-old" / LIVE
    live.mkdir()
    lock = os.open(live / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert [one.trace.name for one in purge(place, WEEK, NOW_NS).removed] == ["2-old"]
    with pytest.raises(BlockingIOError):
        store.unused(place / "1-old")
    os.close(lock)
    assert [one.trace.name for one in purge(place, WEEK, NOW_NS).removed] == ["1-old"]


def test_what_is_pinned_stays(place: Path) -> None:
    stored.pin(place / "1-old")
    purge(place, WEEK, NOW_NS)
    assert names(place) == ["1-old", "3-new"]
    stored.unpin(place / "1-old")
    purge(place, WEEK, NOW_NS)
    assert names(place) == ["3-new"]


def test_what_is_no_trace_cannot_be_pinned(place: Path) -> None:
    with pytest.raises(NotATrace):
        stored.pin(place / "no-trace")


def test_a_trace_that_is_a_link_stays(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "trace"
    (place / "1-old").rename(elsewhere)
    (place / "1-old").symlink_to(elsewhere)
    done = purge(place, WEEK, NOW_NS)
    assert [one.trace.name for one, _ in done.kept] == ["1-old"]
    assert elsewhere.is_dir()


def test_a_trace_that_is_being_removed_is_not_read(place: Path) -> None:
    holds = store.unused(place / "1-old")
    with pytest.raises(NotATrace, match="being removed"):
        open_trace(place / "1-old")
    assert holds


def test_a_damaged_trace_goes_like_any_other(place: Path) -> None:
    path = place / "1-old" / "summary.json"
    path.unlink()
    meta = place / "1-old" / "meta.json"
    meta.write_text("{")
    os.utime(meta, ns=(0, 0))
    assert len(purge(place, WEEK, NOW_NS).removed) == 2
    assert [one.name for one in removed.read(place)] == ["2-old"]


def full(place: Path, _: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


def test_where_there_is_no_room_for_notes_traces_go_first(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = removed.add

    def with_room(store: Path, notes: list[removed.Removed]) -> None:
        is_full = any(path.name.startswith(HIDDEN) for path in store.iterdir())
        (full if is_full else add)(store, notes)

    monkeypatch.setattr(removed, "add", with_room)
    assert len(purge(place, WEEK, NOW_NS).removed) == 2
    assert [one.name for one in removed.read(place)] == ["1-old", "2-old"]


def test_what_goes_without_a_note_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removed, "add", full)
    with pytest.raises(StoreError, match=r"removed from .* lacks them: No space left"):
        purge(place, WEEK, NOW_NS)
    assert not [path for path in place.iterdir() if path.name.startswith(HIDDEN)]


def test_what_cannot_be_removed_is_said_each_time(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rmtree = shutil.rmtree

    def but_one(path: Path, ignore_errors: bool = False) -> None:
        if path.name != f"{HIDDEN}1-old":
            rmtree(path)
        elif not ignore_errors:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(shutil, "rmtree", but_one)
    done = purge(place, WEEK, NOW_NS)
    assert [one.trace.name for one in done.removed] == ["2-old"]
    again = purge(place, WEEK, NOW_NS)
    for found in done, again:
        ((one, reason),) = found.kept
        assert one.trace.directory == place / f"{HIDDEN}1-old"
        assert reason == "Operation not permitted"
    monkeypatch.setattr(shutil, "rmtree", rmtree)
    assert purge(place, WEEK, NOW_NS) == Purge()
    assert not (place / f"{HIDDEN}1-old").exists()
    assert [one.name for one in removed.read(place)] == ["1-old", "2-old"]


def test_a_trace_that_is_read_is_not_replaced(place: Path) -> None:
    reading = open_trace(place / "1-old")
    with pytest.raises(StoreError, match="in use"):
        store.make_way(place / "1-old")
    assert (place / "1-old" / "meta.json").exists()
    del reading
    store.make_way(place / "1-old")
    assert not (place / "1-old").exists()


def after(count: int, do: Callable[..., Any]) -> Callable[..., Any]:
    """`do` so many times, and then die."""
    left = [count]

    def instead(*arguments: Any, **more: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return do(*arguments, **more)

    return instead


def half_removed(path: Path, **_: Any) -> None:
    (path / "meta.json").unlink()
    raise Killed


KILLS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the first rename": lambda patch: patch.setattr(Path, "rename", after(0, Path.rename)),
    "before the second rename": lambda patch: patch.setattr(Path, "rename", after(1, Path.rename)),
    "before the note": lambda patch: patch.setattr(removed, "add", after(0, removed.add)),
    "in the middle of the note": lambda patch: patch.setattr(removed, "add", half_noted),
    "before removing": lambda patch: patch.setattr(shutil, "rmtree", after(0, shutil.rmtree)),
    "before removing the second": lambda patch: patch.setattr(
        shutil, "rmtree", after(1, shutil.rmtree)
    ),
    "in the middle of removing": lambda patch: patch.setattr(shutil, "rmtree", half_removed),
}


def half_noted(place: Path, found: list[removed.Removed]) -> None:
    with (place / removed.FILE).open("ab") as file:
        file.write(removed._line(found[0]) + removed._line(found[1])[:40])
    raise Killed


@pytest.mark.parametrize("when", KILLS)
def test_whenever_it_is_killed_no_half_of_a_trace_is_seen_and_the_next_ends_it(
    when: str, place: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        KILLS[when](patch)
        with pytest.raises(Killed):
            purge(place, WEEK, NOW_NS)
    for found in stored.stored(place):
        assert found.totals
        assert found.totals.size_bytes == 4096
        assert found.directory.name in {"1-old", "2-old", "3-new"}
    purge(place, WEEK, NOW_NS + 1)
    assert names(place) == ["3-new"]
    assert not [path for path in place.iterdir() if path.name.startswith(HIDDEN)]
    notes = removed.read(place)
    assert sorted(one.name for one in notes) == ["1-old", "2-old"]
    assert {one.why for one in notes} <= {"older than 7 days", LEFT}


def test_two_at_once_do_each_trace_once(place: Path) -> None:
    for number in range(30):
        keep(place, f"4-old-{number}", **OLD)
    pids = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                purge(place, WEEK, NOW_NS)
                status = 0
            finally:
                os._exit(status)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    purge(place, WEEK, NOW_NS)
    assert names(place) == ["3-new"]
    found = [one.name for one in removed.read(place)]
    assert len(found) == len(set(found)) == 32


def test_while_another_purges_nothing_is_done(place: Path) -> None:
    with purging._alone(place) as is_alone:
        assert is_alone
        assert purge(place, WEEK, NOW_NS) == Purge()
    assert len(names(place)) == 3


def test_a_store_that_cannot_be_written_is_named(place: Path) -> None:
    (place / purging.LOCK).mkdir()
    with pytest.raises(StoreError, match=str(place)):
        purge(place, WEEK, NOW_NS)


def test_who_makes_many_traces_purges_once_a_minute(place: Path) -> None:
    assert len(purge_rarely(place, WEEK, NOW_NS).removed) == 2
    keep(place, "4-old", **OLD)
    assert purge_rarely(place, WEEK, NOW_NS + 59 * 10**9) == Purge()
    assert len(purge_rarely(place, WEEK, NOW_NS + 61 * 10**9).removed) == 1


def test_where_there_is_nothing_to_do_nothing_is_written(place: Path) -> None:
    before = sorted(place.rglob("*"))
    assert purge(place, Limits(), NOW_NS) == Purge()
    assert sorted(place.rglob("*")) == before


def test_notes_are_bounded_and_the_newest_stay(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removed, "MOST_BYTES", 4000)
    for number in range(30):
        keep(place, f"old-{number:02}", **OLD)
        purge(place, WEEK, NOW_NS)
    assert (place / removed.FILE).stat().st_size <= 4000
    found = [one.name for one in removed.read(place)]
    assert found == sorted(found)
    assert found[-1] == "old-29"


def test_a_line_that_is_none_is_passed_over(place: Path) -> None:
    (place / removed.FILE).write_bytes(b'[]\n{"version":1}\n\xff\n' + b"[" * 9999 + b"\nhalf")
    purge(place, WEEK, NOW_NS)
    assert [one.name for one in removed.read(place)] == ["1-old", "2-old"]
