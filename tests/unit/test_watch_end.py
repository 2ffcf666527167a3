"""What a watch leaves behind."""

from __future__ import annotations

from pathlib import Path

from aklo_trace.commands.watch import leave


def test_a_folder_of_ours_that_holds_nothing_goes_and_others_stay(tmp_path: Path) -> None:
    ours, full, given = (tmp_path / name for name in ("ours", "full", "given"))
    for folder in ours, full / "spool", given:
        folder.mkdir(parents=True)
    for folder in ours, full:
        leave(folder, is_ours=True)
    leave(given, is_ours=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "given"]
