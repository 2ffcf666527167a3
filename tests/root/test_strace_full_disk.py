"""A disk that is full while strace records: whatever is missing is counted and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.strace.engine import StraceEngine
from aklo_trace.strace.session import LOG_FILE

from .recording import Recorder, Recording, environment
from .test_full_disk import Disk, assert_left_alone, disk

__all__ = ["disk"]

CALLS = "for i in 1 2 3 4 5 6 7 8 9; do stat -t /proc/$i/{}; done 2>/dev/null"
FILL = "cat /dev/zero 2>&- > {}/ballast"


@pytest.fixture
def on_disk(tmp_path: Path, disk: Disk) -> Recorder:
    capability = StraceEngine().probe()
    if not capability.usable:
        pytest.skip(capability.reason)
    disk.resize(8 << 20)
    return Recorder("strace", tmp_path, environment(tmp_path), place=disk.folder)


def recorded(on_disk: Recorder, disk: Disk, *then: str) -> Recording:
    fill = FILL.format(disk.folder)
    script = "; ".join([CALLS.format("first"), fill, *[CALLS.format("lost")] * 3, *then])
    return on_disk("bash", "-c", f"{script}; echo finished; exit 3", fails=True)


def assert_accounted(recording: Recording) -> None:
    meta = recording.meta
    assert not meta.complete
    assert meta.loss["lines_unwritten"] > 50
    assert meta.loss["bytes_unwritten"] > 50 * meta.loss["lines_unwritten"]
    assert "lines_unparsed" not in meta.loss
    assert "/proc/1/first" in {row["path"] for row in recording.files}
    assert "/proc/1/lost" not in {row["path"] for row in recording.files}


def test_what_a_full_disk_kept_from_the_log_is_counted(on_disk: Recorder, disk: Disk) -> None:
    recording = recorded(on_disk, disk, f"rm {disk.folder}/ballast", CALLS.format("last"))
    assert_left_alone(recording)
    assert f"{LOG_FILE} has gaps" in recording.stderr
    assert_accounted(recording)
    assert {f"/proc/{number}/last" for number in range(2, 10)} <= {
        row["path"] for row in recording.files
    }
    lost = f"{recording.meta.loss['lines_unwritten']:,}"
    for verb in ("info", "report"):
        shown = on_disk.run(verb, recording.directory).stdout
        assert f"{lost} lines" in " ".join(shown.split())


def test_a_disk_that_stays_full_is_named_with_the_record_it_cuts(
    on_disk: Recorder, disk: Disk
) -> None:
    recording = recorded(on_disk, disk)
    assert_left_alone(recording)
    assert f"{LOG_FILE} has gaps" in recording.stderr
    assert f"The tables of {recording.directory} cannot be written" in recording.stderr
    (disk.folder / "ballast").unlink()
    assert on_disk.run("recover", recording.directory).returncode == 0
    assert_accounted(recording)
    assert f"{LOG_FILE} has gaps: No space left" in (recording.meta.incomplete_reason or "")
    assert (recording.meta.exit_status, recording.meta.wall_ns is None) == (3, False)
