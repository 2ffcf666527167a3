"""The history of alerts: added to line by line, by several at once, and read whatever it holds."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aklo_trace.alerting import history
from aklo_trace.alerting.history import History
from aklo_trace.alerting.standing import Standing, command_of
from aklo_trace.errors import StoreError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")


def line(name: str = "slow", state: str = "raised", **more: Any) -> dict[str, object]:
    found = {"version": 1, "at_ns": 5, "command": "aklo", "trace": "/t/1", "name": name}
    times = {"since_ns": 1, "beyond_ns": 2, "said_ns": None}
    return {**found, "state": state, "runs": 1, **times, **more}


def add(path: Path, *lines: dict[str, object]) -> None:
    with history.opened(path) as log:
        log.add(lines)


def names(found: History) -> list[str]:
    return [event.name for event in found.events]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / history.FILE


def test_what_is_added_is_read_again(path: Path) -> None:
    assert history.read(path) == History()
    add(path, line("a"), line("b", "cleared"))
    add(path, line("a", "repeated", runs=2))
    found = history.read(path)
    assert names(found) == ["a", "b", "a"]
    assert found.problems == ()
    assert found.state("aklo")["a"] == Standing("repeated", 2, 1, 2, None)
    assert found.state("other") == {}


def test_it_is_for_its_owner_alone(path: Path) -> None:
    add(path, line())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    add(path, line())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_written_where_there_is_nothing_to_say(path: Path) -> None:
    add(path)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("cut", [2, 10, 100])
def test_a_write_that_was_interrupted_costs_its_own_line_alone(cut: int, path: Path) -> None:
    add(path, line("a"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-cut])
    assert names(history.read(path)) == ["a"]
    assert history.read(path).problems == (
        f"The last write to the history of alerts {path} was interrupted.",
    )
    add(path, line("b"))
    found = history.read(path)
    assert names(found) == ["a", "b"]
    assert found.problems == (f"The history of alerts {path} has no event in line 2: passed over.",)


def test_what_does_not_fit_on_the_disk_leaves_what_was_there(path: Path) -> None:
    add(path, line("a"))
    size = path.stat().st_size
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limit[1]))
    try:
        with pytest.raises(StoreError, match=r"history of alerts .* cannot be written"):
            add(path, line("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert path.stat().st_size == size
    assert names(history.read(path)) == ["a"]


def _add_many(path: Path, name: str, times: int) -> None:
    for _ in range(times):
        with history.opened(path) as log:
            runs = max((e.standing.runs for e in log.history.events), default=0) + 1
            log.add([line(name, runs=runs)])


def test_two_at_once_lose_nothing_and_see_each_other(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(path, name, 40)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    found = history.read(path)
    assert found.problems == ()
    assert [event.standing.runs for event in found.events] == list(range(1, 121))


def test_who_keeps_it_for_too_long_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PATIENCE_S", 0.02)
    with (
        history.opened(path),
        pytest.raises(StoreError, match="is held by another process"),
        history.opened(path),
    ):
        pass


@pytest.mark.parametrize("kind", ["fifo", "directory", "link", "device"])
def test_what_is_no_file_is_left_alone(kind: str, path: Path) -> None:
    path.parent.mkdir()
    other = path.parent / "other"
    other.write_text("mine")
    make = {
        "fifo": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "link": lambda: path.symlink_to(other),
        "device": lambda: path.symlink_to("/dev/null"),
    }
    make[kind]()
    with pytest.raises(StoreError, match="history of alerts"):
        add(path, line())
    assert other.read_text() == "mine"
    if kind in ("fifo", "directory"):
        assert "cannot be read" in history.read(path).problems[0]


@needs_root
def test_a_file_of_somebody_else_is_not_written(path: Path) -> None:
    add(path, line())
    os.chown(path, 65534, 65534)
    size = path.stat().st_size
    with pytest.raises(StoreError, match="is no file of yours"):
        add(path, line())
    assert path.stat().st_size == size


def test_only_the_end_of_a_long_one_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(path, *(line(str(number)) for number in range(100)))
    monkeypatch.setattr(history, "MOST_BYTES", 1000)
    found = history.read(path)
    assert found.problems == ()
    assert names(found) == [str(number) for number in range(100 - len(found.events), 100)]
    assert 3 <= len(found.events) <= 8


BAD = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b"{" * 100_000,
    json.dumps(line(version=2)).encode(),
    json.dumps(line(state="dire")).encode(),
    json.dumps(line(name=5)).encode(),
    json.dumps(line(at_ns="x")).encode(),
    json.dumps(line(runs=True)).encode(),
    json.dumps(line(runs=1 << 80)).encode(),
    json.dumps(line(since_ns=1.5)).encode(),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_line_that_is_no_event_is_passed_over(bad: bytes, path: Path) -> None:
    add(path, line("a"))
    with path.open("ab") as file:
        file.write(bad + b"\n")
    add(path, line("b"))
    found = history.read(path)
    assert names(found) == ["a", "b"]
    assert len(found.problems) == bool(bad)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_content_is_read_and_added_to(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / history.FILE
    path.write_bytes(content)
    add(path, line("new"))
    found = history.read(path)
    assert names(found)[-1] == "new"
    assert path.read_bytes().startswith(content)


def test_a_report_sees_the_history_as_it_was() -> None:
    events = tuple(
        history.Event(at_ns, "a", "aklo", trace, Standing("raised", runs))
        for at_ns, trace, runs in ((10, "/t/1", 1), (20, "/t/2", 2), (30, "/t/3", 3))
    )
    found = History(events, ("x",))
    assert len(found.before("/t/2", 99).events) == 1
    assert len(found.before("/elsewhere", 25).events) == 2
    assert found.before("/t/1", 99).state("aklo") == {}


def test_the_history_is_that_of_the_traces_own_store() -> None:
    stores = [Path("/p/.aklo_metrics"), Path("/home/u/.local/share/aklo-trace")]
    for store in stores:
        assert history.of_store(stores, store / "trace") == store / history.FILE
    assert history.of_store(stores, Path("/tmp/slow")) == stores[0] / history.FILE


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["/usr/bin/aklo", "cache", "benchmark"], "aklo cache benchmark"),
        (["aklo"], "aklo"),
        (["./x/"], "x"),
        ([], ""),
        (["a", "b c"], "a b c"),
    ],
)
def test_the_name_of_a_command(argv: list[str], command: str) -> None:
    assert command_of(argv) == command


def test_long_commands_are_told_apart() -> None:
    one, two = (command_of(["sh", "-c", "x" * 300 + end]) for end in "ab")
    assert one != two
    assert len(one) == len(two) == 200
