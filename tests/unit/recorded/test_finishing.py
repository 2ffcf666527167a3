"""A trace is finished from its live part, whatever interrupts it and however often."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aklo_trace import meta as meta_file
from aklo_trace import store
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.recorder import COUNTERS_FILE
from aklo_trace.ebpf.session import END_FILE
from aklo_trace.engines import engine_named
from aklo_trace.errors import CorruptTrace, NotATrace, RecordingInProgress, StoreError
from aklo_trace.meta import Meta
from aklo_trace.store import DONE, IMPORT, INTERRUPTED, LIVE, LOCK

from .spools import small_life

STEPS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "open")


class Killed(BaseException):
    """In place of SIGKILL."""


class Killer:
    """Stops the process at the n-th step that it takes below a directory."""

    def __init__(self) -> None:
        self.directory = ""
        self.steps_left = 0
        sys.addaudithook(self.watch)

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.directory and event in STEPS and self.directory in str(arguments[0]):
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Killed

    @contextmanager
    def at_step(self, step: int, directory: Path) -> Iterator[None]:
        self.steps_left, self.directory = step, str(directory)
        try:
            yield
        finally:
            self.directory = ""


@pytest.fixture(scope="module")
def killer() -> Killer:
    return Killer()


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A trace whose recorder was interrupted."""
    small_life().write(tmp_path / "trace")
    return tmp_path / "trace"


def rows(directory: Path) -> dict[str, int]:
    trace = store.open_trace(directory)
    found = {name: trace.table(name).num_rows for name in trace.meta.tables}
    assert found == trace.meta.tables
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The rows of that trace when nothing interferes."""
    directory = tmp_path_factory.mktemp("whole") / "trace"
    small_life().write(directory)
    found = rows(directory)
    assert found["syscalls"] == 9
    return found


def test_killed_at_any_step_it_is_finished_by_the_next(
    interrupted: Path, killer: Killer, whole: dict[str, int], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    step = 0
    while True:
        shutil.copytree(interrupted, copy)
        try:
            with killer.at_step(step, copy):
                store.open_trace(copy)
        except Killed:
            assert rows(copy) == whole, f"step {step}"
            assert not list(copy.glob(f"{LIVE}*")), f"step {step}"
        else:
            break
        shutil.rmtree(copy)
        step += 1
    assert step > 20


def test_killed_at_every_step_one_after_the_other(
    interrupted: Path, killer: Killer, whole: dict[str, int]
) -> None:
    for step in range(40):
        try:
            with killer.at_step(step, interrupted):
                store.open_trace(interrupted)
        except Killed:
            continue
        break
    assert rows(interrupted) == whole


def test_what_a_kill_left_of_the_live_part_is_removed(interrupted: Path) -> None:
    store.open_trace(interrupted)
    (interrupted / DONE).mkdir()
    (interrupted / DONE / "events.bin").touch()
    store.open_trace(interrupted)
    assert not (interrupted / DONE).exists()
    assert (interrupted / "meta.json").exists()


def test_an_interrupted_recording_is_incomplete(interrupted: Path) -> None:
    meta = store.open_trace(interrupted).meta
    assert (meta.complete, meta.incomplete_reason) == (False, INTERRUPTED)
    assert meta.exit_status == 3
    assert meta_file.read(interrupted) == meta
    assert not (interrupted / LIVE).exists()


def finish(directory: Path, **ending: Any) -> Meta:
    outcome = replace(meta_file.read(directory), **{"incomplete_reason": None, **ending})
    return store.finish(directory, engine_named("ebpf").read(directory / LIVE), outcome)


def test_a_recording_that_ended_in_order_is_complete(interrupted: Path) -> None:
    meta = finish(interrupted, exit_status=3, wall_ns=5)
    assert (meta.complete, meta.incomplete_reason, meta.wall_ns) == (True, None, 5)


def test_how_it_ended_survives_a_kill(
    interrupted: Path, killer: Killer, whole: dict[str, int]
) -> None:
    with pytest.raises(Killed), killer.at_step(12, interrupted):
        finish(interrupted, exit_status=3, wall_ns=5)
    assert (interrupted / LIVE).exists()
    meta = store.open_trace(interrupted).meta
    assert (meta.complete, meta.exit_status, meta.wall_ns) == (True, 3, 5)
    assert rows(interrupted) == whole


def test_why_it_stopped_is_kept(interrupted: Path) -> None:
    meta = finish(interrupted, incomplete_reason="the disk was full")
    assert (meta.complete, meta.incomplete_reason) == (False, "the disk was full")


def test_lost_calls_make_it_incomplete(tmp_path: Path) -> None:
    spools = small_life()
    spools.own["lost0"] = 1
    spools.kernel["attempts0"] += 1
    spools.write(tmp_path / "trace")
    meta = finish(tmp_path / "trace")
    assert (meta.complete, meta.incomplete_reason) == (False, "1 of 10 calls were lost")


def test_lost_details_make_it_incomplete(tmp_path: Path) -> None:
    spools = small_life()
    spools.kernel["records_lost1"] = 4
    spools.write(tmp_path / "trace")
    meta = finish(tmp_path / "trace")
    assert (meta.complete, meta.lost, meta.loss) == (False, 0, {"record_ring_full": 4})
    assert meta.incomplete_reason == "paths, arguments or ends of processes were lost"


def test_finishing_twice_changes_nothing(interrupted: Path) -> None:
    first = store.recover(interrupted)
    before = {path: path.stat().st_mtime_ns for path in interrupted.rglob("*")}
    assert store.recover(interrupted) == first
    assert {path: path.stat().st_mtime_ns for path in interrupted.rglob("*")} == before


@pytest.fixture
def held(interrupted: Path) -> Iterator[Path]:
    """A trace whose recorder is at work."""
    lock = os.open(interrupted / LIVE / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield interrupted
    os.close(lock)


@pytest.mark.parametrize("use", [store.open_trace, store.recover, store.remove])
def test_a_recording_at_work_is_left_alone(held: Path, use: Any) -> None:
    before = sorted(held.rglob("*"))
    with pytest.raises(RecordingInProgress, match="still being recorded"):
        use(held)
    assert sorted(held.rglob("*")) == before


def test_somebody_else_finished_it_meanwhile(
    interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our look at it and our hold of its lock."""
    exclusive = store._exclusive

    @contextmanager
    def after_another(live: Path) -> Iterator[None]:
        monkeypatch.setattr(store, "_exclusive", exclusive)
        lock = os.open(live / LOCK, os.O_RDWR | os.O_CREAT)
        store.recover(live.parent)
        yield
        os.close(lock)

    monkeypatch.setattr(store, "_exclusive", after_another)
    meta = store.open_trace(interrupted).meta
    assert meta.tables["syscalls"] == 9


def test_begun_it_is_held_and_private(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "down" / "trace"
    live, lock = store.begin(directory, Meta("ebpf", "because", ("true",), "/", 0))
    assert live == directory / LIVE
    assert not os.get_inheritable(lock)
    for path in (directory, *directory.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    with pytest.raises(RecordingInProgress):
        store.open_trace(directory)
    os.close(lock)
    with pytest.raises(CorruptTrace, match="interrupted before anything was recorded"):
        store.open_trace(directory)


def test_an_import_is_one_before_it_is_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, it would look damaged."""
    write, marked = meta_file.write, []

    def seen(directory: Path, meta: Meta) -> None:
        marked.append((directory / LIVE / IMPORT).exists())
        write(directory, meta)

    monkeypatch.setattr(meta_file, "write", seen)
    blank = Meta("strace", "imported", (), None, 0)
    for directory, is_import in ((tmp_path / "import", True), (tmp_path / "recording", False)):
        os.close(store.begin(directory, blank, is_import=is_import)[1])
    assert marked == [True, False]


def test_begun_where_something_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"exists already.*--force"):
        store.begin(tmp_path, Meta("ebpf", "because", ("true",), "/", 0))
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_begun_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(meta_file, "write", full)
    with pytest.raises(StoreError, match=r"trace: No space left on device\. Make room"):
        store.begin(tmp_path / "trace", Meta("ebpf", "because", ("true",), "/", 0))
    assert list(tmp_path.iterdir()) == []


def test_only_a_trace_is_removed(interrupted: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(NotATrace):
        store.remove(tmp_path / "other")
    store.remove(interrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_link_to_a_trace_is_not_removed(interrupted: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(interrupted)
    with pytest.raises(StoreError, match=r"link cannot be removed: .*symbolic link"):
        store.remove(link)
    assert interrupted.is_dir()


def test_an_engine_of_another_tool_is_named(interrupted: Path) -> None:
    meta_file.write(interrupted, replace(meta_file.read(interrupted), engine="magic"))
    with pytest.raises(CorruptTrace, match="'magic'"):
        store.open_trace(interrupted)


ENDINGS = ("live_tasks", "missed_runs", "cpu_ns", "max_rss_bytes")


def unlikely(name: str, value: object) -> dict[str, object]:
    return {**dict.fromkeys(ENDINGS, 1), name: value}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("value", [-1, 1 << 62, 1.5, True, "1", None, [1]])
def test_an_end_with_an_impossible_number_is_damage_and_live_is_kept(
    interrupted: Path, whole: dict[str, int], name: str, value: object
) -> None:
    end = interrupted / LIVE / END_FILE
    end.write_text(json.dumps(unlikely(name, value)))
    assert_damaged(interrupted, name)
    end.unlink()
    assert rows(interrupted) == whole


@pytest.mark.parametrize("field", ["attempts0", "lost3", "records_lost1", "tasks_lost"])
@pytest.mark.parametrize("value", [(1 << 64) - 1, 1 << 62])
@pytest.mark.parametrize("row", [0, 1])
def test_an_impossible_count_is_damage_and_live_is_kept(
    interrupted: Path, whole: dict[str, int], field: str, value: int, row: int
) -> None:
    path = interrupted / LIVE / COUNTERS_FILE
    content = bytearray(path.read_bytes())
    at = row * layout.COUNTERS.size + layout.COUNTERS.offset(field)
    before = content[at : at + 8]
    content[at : at + 8] = struct.pack("=Q", value)
    path.write_bytes(content)
    assert_damaged(interrupted, COUNTERS_FILE)
    content[at : at + 8] = before
    path.write_bytes(content)
    assert rows(interrupted) == whole


@pytest.mark.parametrize("field", ["lost", "attempts", "recorder_max_rss_bytes"])
def test_no_meta_is_written_that_cannot_be_read(
    interrupted: Path, whole: dict[str, int], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Whichever engine gave the number."""
    accounted = store._accounted
    with monkeypatch.context() as patch:
        patch.setattr(store, "_accounted", lambda *given: replace(accounted(*given), **{field: -1}))
        assert_damaged(interrupted, field)
    assert rows(interrupted) == whole


def assert_damaged(directory: Path, what: str) -> None:
    with pytest.raises(CorruptTrace) as caught:
        store.recover(directory)
    for part in (str(directory / LIVE), "is damaged", what, "out of range"):
        assert part in str(caught.value)
    assert (directory / LIVE).is_dir()
