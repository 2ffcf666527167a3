"""Recordings at the same time do not disturb one another."""

from __future__ import annotations

from pathlib import Path

from .recording import Recorder

CALLS = 20_000


def test_two_recordings_see_their_own_tree(record: Recorder, workloads: Path) -> None:
    commands: dict[str, list[str | Path]] = {
        name: [workloads / "getpid_storm", str(processes), str(CALLS)]
        for name, processes in (("one", 2), ("two", 3))
    }
    begun = {
        name: record.start(*command, name=name, options=["--ring-size", "32M"])
        for name, command in commands.items()
    }
    one, two = (record.ended(process, name) for name, process in begun.items())
    assert (one.status, two.status) == (0, 0)
    assert len(one.calls_of("getpid")) == 2 * CALLS
    assert len(two.calls_of("getpid")) == 3 * CALLS
    pids = [{row["pid"] for row in recording.processes} for recording in (one, two)]
    assert (len(pids[0]), len(pids[1])) == (3, 4)
    assert not pids[0] & pids[1]
    assert one.meta.complete
    assert two.meta.complete


def test_a_recording_within_a_recording(record: Recorder) -> None:
    """The inner target is in both; the inner tracer is in the outer one only."""
    inner = record.folder / "inner"
    command: list[str | Path] = [
        "--format",
        "none",
        "--engine",
        "ebpf",
        "-o",
        inner,
        "--",
        "sh",
        "-c",
        "exit 5",
    ]
    outer = record(*record.command, *command)
    assert outer.status == 5
    assert outer.meta.complete
    own = record.opened("inner")
    (process,) = own.processes
    assert process["exit_status"] == 5
    assert process["pid"] in {row["pid"] for row in outer.processes}
    assert len(outer.processes) > 2
