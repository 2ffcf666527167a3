"""What a watch recorded of a tree, when its tables cannot be made."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from aklo_trace import store
from aklo_trace.ebpf.harvest import harvest
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.session import start_facts
from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.ebpf.watch_spool import Ended, RootFacts, WatchSpool
from aklo_trace.ebpf.watching import Root, WatchTerms
from aklo_trace.errors import CaptureError

from .spools import PID, PPID, START_NS, Spools

CALLS = 3
TERMS = WatchTerms(("aklo",), 0, True)


@pytest.fixture
def spool(tmp_path: Path) -> tuple[WatchSpool, Ended]:
    """A tree that ended, and is sorted."""
    spool, lock = WatchSpool.create(tmp_path / "spool")
    os.close(lock)
    (spool.folder / SHELLS_FILE).touch()
    root = Root(1, 1, PID, PPID, os.geteuid(), START_NS, 0, 0, 0o40755, "/home")
    facts = RootFacts(root, start_facts(0, True))
    spool.note(facts)
    spools = Spools()
    spools.exec(1, b"/bin/aklo", 0)
    for _ in range(CALLS):
        spools.call("getpid")
    spools.exit(1)
    part = spool.root_folder(1) / "00000000"
    live = spools.write(tmp_path / "by-hand")
    part.mkdir()
    for name in (EVENTS_FILE, RECORDS_FILE, MARKS_FILE):
        shutil.copy(live / name, part)
    return spool, Ended(facts, attempts=CALLS)


def harvested(spool: tuple[WatchSpool, Ended], place: Path) -> Path:
    """The directory of the only trace."""
    assert harvest_into(spool, place) == []
    (directory,) = (path.parent for path in place.glob("*/meta.json"))
    return directory


def harvest_into(spool: tuple[WatchSpool, Ended], place: Path) -> list[Ended]:
    """What is still in the spool then."""
    folder, ended = spool
    harvest(folder, [], [ended.span], [ended], replace(TERMS, output=place))
    return list(folder.trees())


def fails(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def errs(*_: object) -> NoReturn:
    raise RuntimeError("unforeseen")


def refuses(*_: object) -> NoReturn:
    raise CaptureError("cannot become user 1")


def dies(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.parametrize(
    ("convert", "said"),
    [(fails, "No space left on device"), (errs, "RuntimeError"), (dies, "was killed by SIGKILL")],
)
def test_what_was_recorded_is_kept_and_can_be_finished(
    spool: tuple[WatchSpool, Ended],
    convert: object,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store, "_convert", convert)
        directory = harvested(spool, tmp_path / "traces")
    err = capfd.readouterr().err
    assert said in err
    assert "There is no trace" not in err
    if convert is not dies:
        assert f"'aklo-trace recover {directory}'" in err
    meta = store.recover(directory)
    assert meta.tables["syscalls"] == CALLS


def test_a_trace_is_named(
    spool: tuple[WatchSpool, Ended], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = harvested(spool, tmp_path / "traces")
    assert capfd.readouterr().err == f"aklo-trace: trace of user {os.geteuid()}: {directory}\n"
    meta = store.open_trace(directory).meta
    assert (meta.argv, meta.complete) == (("/bin/aklo",), True)


def test_what_cannot_be_kept_now_is_made_into_a_trace_later(
    spool: tuple[WatchSpool, Ended], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    in_the_way = tmp_path / "traces"
    in_the_way.touch()
    assert harvest_into(spool, in_the_way)
    said = capfd.readouterr().err
    assert str(in_the_way) in said
    assert f"kept in {spool[0].folder}" in said
    in_the_way.unlink()
    assert store.open_trace(harvested(spool, in_the_way)).meta.complete


def test_who_was_killed_while_a_segment_was_removed_holds_nobody_up(
    spool: tuple[WatchSpool, Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_killed(segment: Path, **_: object) -> NoReturn:
        (segment / MARKS_FILE).unlink()
        raise KeyboardInterrupt

    folder, ended = spool
    segment = folder.begin_segment(1)
    for name in (EVENTS_FILE, RECORDS_FILE, MARKS_FILE):
        (segment / name).touch()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", is_killed)
        with pytest.raises(KeyboardInterrupt):
            harvest(folder, [segment], [ended.span], [], TERMS)
    assert folder.recorded_segments() == []
    harvest(folder, [segment], [ended.span], [], TERMS)
    assert list(folder.segments.iterdir()) == []


def test_what_cannot_be_a_users_is_said_once(
    spool: tuple[WatchSpool, Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("aklo_trace.ebpf.harvest.keep", refuses)
    assert harvest_into(spool, tmp_path / "traces") == []
    assert capfd.readouterr().err.endswith("cannot become user 1\n")


def test_what_could_not_be_read_for_want_of_descriptors_is_made_into_a_trace_later(
    spool: tuple[WatchSpool, Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("aklo_trace.ebpf.harvest.prepare", fails)
        assert harvest_into(spool, tmp_path / "traces")
    assert "tried again later" in capfd.readouterr().err
    assert store.open_trace(harvested(spool, tmp_path / "traces")).meta.complete
