"""Operations that programs report: kept whole, by many at once, before and after the tables."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace import ongoing, store, tracked
from aklo_trace.engine import Account
from aklo_trace.errors import StoreError, TraceError, UsageError
from aklo_trace.events import EventBatch
from aklo_trace.meta import Meta
from aklo_trace.schema import TrackedFlag
from aklo_trace.store import Trace
from aklo_trace.tracked import Tracked, made

META = Meta("ebpf", "because", ("aklo", "status"), "/", 0)
WRITERS, EACH = 6, 100
HOSTILE = '\x1b[2J\n{"a": 1}\n\udcff\u202e|'


class Nothing:
    """A recording without a single event."""

    def batches(self) -> Iterator[EventBatch]:
        return iter(())

    def account(self) -> Account:
        return Account(0, 0, {}, {}, {})


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A trace that is being recorded by this process."""
    directory = tmp_path / "trace"
    store.begin(directory, META)
    return directory


def finished(directory: Path) -> Trace:
    return Trace(directory, store.finish(directory, Nothing(), META))


def rows(trace: Trace, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = trace.table("tracked", [*columns] or None).to_pylist()
    return found


def test_an_operation_has_begun_as_long_ago_as_it_took() -> None:
    one = made("parse", "a.xml", 12.5, "ok", "x", at_ns=None)
    assert (one.operation, one.target, one.dur_ns, one.status) == (
        "parse",
        "a.xml",
        12_500_000,
        "ok",
    )
    assert made("parse", at_ns=7) == Tracked(7, None, "parse")


@pytest.mark.parametrize("duration_ms", [-1.0, float("nan"), float("inf"), 1e13])
def test_no_duration_is_refused(duration_ms: float) -> None:
    with pytest.raises(UsageError, match="milliseconds"):
        made("parse", duration_ms=duration_ms)


def test_an_operation_without_a_name_is_refused() -> None:
    with pytest.raises(UsageError, match="name"):
        made("")


def test_long_texts_are_cut_between_characters() -> None:
    limit = tracked.LONGEST["operation"]
    one = made("é" * limit, target="x" * tracked.LONGEST["target"])
    assert one.operation == "é" * (limit // 2)
    assert made("x" + "é" * limit).operation == "x" + "é" * (limit // 2 - 1)
    assert one.flags == TrackedFlag.TRUNCATED
    assert one.target == "x" * tracked.LONGEST["target"]


@given(st.text(st.characters(), min_size=1, max_size=50))
def test_any_text_is_kept_as_it_is_or_escaped(text: str) -> None:
    (shown,) = tracked.columns([made(text)])["operation"]
    assert isinstance(shown, str)
    assert shown == text or "\\" in shown


def test_what_is_reported_before_and_after_the_tables_is_in_one(recorded: Path) -> None:
    tracked.add(recorded, [made("before", HOSTILE, 1, "ok", HOSTILE, pid=7)])
    trace = finished(recorded)
    assert trace.meta.tables["tracked"] == 1
    tracked.add(recorded, [made("after"), made("later")])
    found = rows(trace)
    assert [row["operation"] for row in found] == ["before", "after", "later"]
    assert found[0]["details"] == HOSTILE.replace("\udcff", "\\xff")
    assert found[0]["flags"] == TrackedFlag.NOT_UTF8
    assert (found[0]["pid"], found[0]["dur_ns"]) == (7, 1_000_000)
    assert rows(trace, "status", "operation")[1] == {"status": None, "operation": "after"}


def test_a_trace_of_before_there_were_reports_takes_some(recorded: Path) -> None:
    meta = Meta("ebpf", "because", ("aklo",), "/", 0, schema_version=2)
    tracked.add(recorded, [made("x")])
    store.shutil.rmtree(recorded / store.LIVE)  # as if it had been finished long ago
    assert rows(Trace(recorded, meta)) == []
    tracked.add(recorded, [made("after")])
    assert [row["operation"] for row in rows(Trace(recorded, meta))] == ["after"]


def test_many_processes_report_at_once(recorded: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=report_many, args=(recorded, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = {row["operation"] for row in rows(finished(recorded))}
    assert found == {f"{n}-{number}" for n in range(WRITERS) for number in range(EACH)}


def report_many(directory: Path, writer: int) -> None:
    for number in range(EACH):
        tracked.add(directory, [made(f"{writer}-{number}", "x" * 500)])


def test_what_comes_while_the_tables_are_made_is_added_afterwards(recorded: Path) -> None:
    with tracked.closed(recorded / store.LIVE) as before:
        assert before == []
        late = threading.Thread(target=tracked.add, args=(recorded, [made("late")]))
        late.start()
        (recorded / store.LIVE).rename(recorded / store.DONE)
    late.join()
    assert [one.operation for one in tracked.added(recorded)] == ["late"]


def test_tables_that_are_made_between_two_steps_of_a_report_lose_nothing(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tracked._opened

    def after_the_tables(path: Path) -> int:
        monkeypatch.setattr(tracked, "_opened", opened)
        (recorded / store.LIVE).rename(recorded / store.DONE)
        return opened(path)

    monkeypatch.setattr(tracked, "_opened", after_the_tables)
    tracked.add(recorded, [made("late")])
    assert [one.operation for one in tracked.added(recorded)] == ["late"]
    with pytest.raises(StoreError, match="No such file"):
        tracked.add(recorded / "none", [made("late")])


def test_an_interrupted_line_costs_itself_alone(recorded: Path) -> None:
    tracked.add(recorded, [made("first")])
    with tracked.place(recorded).open("ab") as file:
        file.write(b'{"ts_ns": 1, "dur_ns"')
    tracked.add(recorded, [made("second")])
    assert [row["operation"] for row in rows(finished(recorded))] == ["first", "second"]


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'"x"',
        b"[" * 100_000,
        b'{"ts_ns": 1.5, "dur_ns": 1, "operation": "x", "target": null, "status": null, '
        b'"details": null, "pid": null, "flags": 0}',
        b'{"ts_ns": 1, "dur_ns": 99999999999999999999, "operation": "x", "target": null, '
        b'"status": null, "details": null, "pid": null, "flags": 0}',
        b'{"ts_ns": 1, "dur_ns": 1, "operation": 3, "target": null, "status": null, '
        b'"details": null, "pid": null, "flags": 0}',
        b'{"ts_ns": 1, "dur_ns": 1, "operation": "x", "target": null, "status": null, '
        b'"details": null, "pid": 2147483648, "flags": 0}',
        b'{"ts_ns": 1, "dur_ns": 1, "operation": "x", "target": null, "status": null, '
        b'"details": null, "pid": null, "flags": 1.0}',
    ],
)
def test_what_is_no_report_is_passed_over(recorded: Path, line: bytes) -> None:
    tracked.place(recorded).write_bytes(line + b"\n")
    assert rows(finished(recorded)) == []


def test_a_trace_takes_so_much_and_no_more(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracked, "MOST_BYTES", 1000)
    with pytest.raises(StoreError, match="may take"):
        tracked.add(recorded, [made("x" * 90)] * 10)
    tracked.add(recorded, [made("x")])


def test_a_link_in_the_place_of_the_file_is_not_followed(recorded: Path, tmp_path: Path) -> None:
    tracked.place(recorded).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        tracked.add(recorded, [made("x")])
    assert not (tmp_path / "elsewhere").exists()


def aklo_trace(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aklo_trace", "track", *words],
        env={**os.environ, "XDG_DATA_HOME": str(home)},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_script_reports_to_the_trace_that_is_recorded_of_it(tmp_path: Path) -> None:
    stores = [tmp_path / "aklo-trace"]
    directory = stores[0] / "2026-trace"
    _, lock = store.begin(directory, META)
    assert ongoing.own(stores) == directory  # the only one there is
    done = aklo_trace("parse", "--", "-x", "12.5", "ok", "odd", home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    os.close(lock)
    assert list(ongoing.ongoing(stores)) == []
    assert aklo_trace("late", home=tmp_path).returncode == 1
    (row,) = rows(finished(directory), "target", "dur_ns", "pid")
    assert row == {"target": "-x", "dur_ns": 12_500_000, "pid": os.getpid()}


def test_of_several_recordings_that_of_an_ancestor_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("2026-a", "2026-b"):
        store.begin(tmp_path / name, META)
    with pytest.raises(TraceError, match="2 traces"):
        ongoing.own([tmp_path])
    held = (tmp_path / "2026-a" / store.LIVE / store.LOCK).stat().st_ino
    locks = tmp_path / "locks"
    locks.write_text(f"1: FLOCK  ADVISORY  WRITE {os.getppid()} 08:01:{held} 0 EOF\n")
    monkeypatch.setattr(ongoing, "LOCKS", locks)
    assert ongoing.own([tmp_path]) == tmp_path / "2026-a"


def test_a_lock_on_another_disk_makes_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lock = store.begin(tmp_path / "2026-a", META)
    inode = os.fstat(lock).st_ino
    os.close(lock)
    locks = tmp_path / "locks"
    locks.write_text(f"1: FLOCK  ADVISORY  WRITE {os.getpid()} 08:99:{inode} 0 EOF\n")
    monkeypatch.setattr(ongoing, "LOCKS", locks)
    assert list(ongoing.ongoing([tmp_path])) == []


@pytest.mark.parametrize("words", [("x", "y", "soon"), ("x", "y", "-1"), ("",)])
def test_a_wrong_report_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert aklo_trace(*words, home=tmp_path).returncode == 2
