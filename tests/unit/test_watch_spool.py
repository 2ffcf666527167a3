"""What a watch leaves is found again by the next one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aklo_trace.ebpf import watcher
from aklo_trace.ebpf.tree_losses import Lost
from aklo_trace.ebpf.watch_spool import (
    END_FILE,
    PREFIX,
    ROOT_FILE,
    Ended,
    RootFacts,
    WatchSpool,
    abandoned,
)
from aklo_trace.ebpf.watching import Root, WatchTerms

TERMS = WatchTerms(("aklo",), 0, False)


def left(parent: Path) -> WatchSpool:
    """That of a watch that was killed."""
    spool, lock = WatchSpool.create(parent)
    os.close(lock)
    return spool


def facts_of(serial: int) -> RootFacts:
    root = Root(serial, 8, 100, 1, 0, 5, 6, 9, 0o40755, "/home/u")
    return RootFacts(root, {"offset_ns": 12}, ("open", "program bash"), first=3)


def test_what_is_noted_of_a_tree_is_found_again(tmp_path: Path) -> None:
    spool = left(tmp_path)
    ended = Ended(facts_of(7), 4, 11, Lost({39: 2}, 1), Lost({}, 3), live_tasks=1)
    spool.note(ended.facts)
    spool.note_end(ended)
    spool.note(facts_of(10))
    ((found, _),) = abandoned(tmp_path)
    assert list(found.trees()) == [ended, Ended(facts_of(10), interrupted=True)]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"last": 4, "unkept": 1}'])
def test_a_tree_whose_end_cannot_be_read_was_interrupted(tmp_path: Path, text: str) -> None:
    spool = left(tmp_path)
    spool.note(facts_of(7))
    (spool.root_folder(7) / END_FILE).write_text(text)
    assert list(spool.trees()) == [Ended(facts_of(7), interrupted=True)]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"root": {"serial": 7}}'])
def test_a_tree_whose_beginning_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    spool = left(tmp_path)
    spool.note(facts_of(7))
    (spool.root_folder(7) / ROOT_FILE).write_text(text)
    spool.note(facts_of(8))
    assert [tree.facts for tree in spool.trees()] == [facts_of(8)]


@pytest.mark.parametrize("name", [ROOT_FILE, END_FILE])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO])
def test_trees_of_which_nothing_can_be_read_now_are_kept(
    name: str,
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    read = Path.read_text

    def fails(path: Path, *how: str) -> str:
        if path.name == name:
            raise OSError(number, os.strerror(number))
        return read(path, *how)

    spool = left(tmp_path)
    spool.note(facts_of(7))
    spool.note_end(Ended(facts_of(7), 4))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", fails)
        watcher.recover(tmp_path, TERMS)
    assert list(spool.trees()) == [Ended(facts_of(7), 4)]
    assert os.strerror(number) in capfd.readouterr().err


def test_another_watch_sees_a_folder_only_when_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    rename = Path.rename

    def looked_at(path: Path, target: Path) -> Path:
        seen.append(list(abandoned(tmp_path)))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", looked_at)
    _, lock = WatchSpool.create(tmp_path)
    seen.append(list(abandoned(tmp_path)))
    os.close(lock)
    assert seen == [[], []]


@pytest.mark.parametrize("lacking", ["roots", "segments", "both"])
def test_a_folder_of_a_watch_that_had_not_begun_is_removed(tmp_path: Path, lacking: str) -> None:
    folder = tmp_path / f"{PREFIX}1"
    for name in {"roots", "segments"} - {lacking} if lacking != "both" else ():
        (folder / name).mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    watcher.recover(tmp_path, TERMS)
    assert not folder.exists()


def test_one_folder_that_cannot_be_read_does_not_keep_the_others_from_being_taken_up(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad, good = (tmp_path / f"{PREFIX}{number}" for number in (1, 2))
    (bad / "segments" / "no-number").mkdir(parents=True)
    (good / "segments").mkdir(parents=True)
    (good / "roots").mkdir()
    watcher.recover(tmp_path, TERMS)
    assert not good.exists()
    assert bad.exists()
    said = capfd.readouterr().err
    assert str(bad) in said
    assert "kept" in said


def test_what_fails_in_a_child_is_said_with_what_helps(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/spool")

    _, status = os.waitpid(watcher.in_child(fails), 0)
    assert os.waitstatus_to_exitcode(status) == watcher.NO_ROOM
    said = capfd.readouterr().err
    assert "'/spool'; make room" in said
