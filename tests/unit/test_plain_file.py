"""Files are replaced as a whole, whoever else writes them at the same time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aklo_trace.plain_file import write_whole


def test_of_two_writers_each_puts_its_own_file_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sync = tmp_path / "summary.json", os.fsync

    def meanwhile(fd: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_whole(path, b"the second")
        assert path.read_bytes() == b"the second"
        sync(fd)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_whole(path, b"the first")
    assert path.read_bytes() == b"the first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.json"
    write_whole(path, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
