"""Descriptors shuffled at random: each call on one has the file that the program knows it to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aklo_trace.engine import CaptureEngine

from .recording import Call, Recorder, Recording, environment

Ready = Callable[[str], CaptureEngine]
STEPS = 400
SEEDS = (1, 2, 3)
SHARES = {"ebpf": 1.0, "strace": 0.7}
"""Of calls with the right file. strace cannot tell apart what has no path, nor a file from the
deleted one that had its name."""


@dataclass(frozen=True)
class Truth:
    """What the program says of a descriptor that it calls fdatasync(2) on."""

    number: int
    kind: str
    path: str | None


def truths(stdout: str) -> list[Truth]:
    rows = (line.split(" ") for line in stdout.splitlines())
    return [Truth(int(number), kind, None if path == "-" else path) for number, kind, path in rows]


def rightness(calls: list[Call], told: list[Truth]) -> list[bool]:
    """For each call whether its file is that of the truth: of this path, of this kind if the
    engine knows kinds, and one row of the table for one object."""
    objects: dict[int, int] = {}
    rows: dict[int, int] = {}
    right = []
    for call, truth in zip(calls, told, strict=True):
        known = call.file_id is not None
        right.append(
            known
            and call.path == truth.path
            and call.file["kind"] in (truth.kind, None)
            and objects.setdefault(call.file_id, truth.number) == truth.number
            and rows.setdefault(truth.number, call.file_id) == call.file_id
        )
    return right


@pytest.fixture(params=["/dev/shm", "/var/tmp"])  # tmpfs; often a disk, whose inodes come again
def place(request: pytest.FixtureRequest) -> Iterator[Path]:
    with TemporaryDirectory(dir=request.param, prefix="aklo-trace-") as folder:
        yield Path(folder).resolve()


def shuffled(record: Recorder, workloads: Path, place: Path, seed: int) -> Recording:
    """The recording of one run of the program, which works in `place`."""
    work, given = place / str(seed), record.folder / "given"
    work.mkdir()
    given.write_bytes(b"")
    with given.open() as file:
        program = (workloads / "shuffles", str(seed), str(STEPS), work)
        recording = record(*program, name=f"trace{seed}", stdin=file)
    assert recording.status == 0
    return recording


@pytest.mark.parametrize("engine", sorted(SHARES))
def test_calls_have_the_right_file(
    ready: Ready, engine: str, place: Path, workloads: Path, tmp_path: Path
) -> None:
    ready(engine)
    record = Recorder(engine, tmp_path, environment(tmp_path))
    right: list[bool] = []
    for seed in SEEDS:
        recording = shuffled(record, workloads, place, seed)
        right += rightness(recording.calls_of("fdatasync"), truths(recording.stdout))
    share = sum(right) / len(right)
    print(f"{engine}: {share:.1%} of {len(right)} calls have the right file")
    assert share >= SHARES[engine]
    assert len(right) > len(SEEDS) * STEPS


def test_bcc_names_no_file_rather_than_a_wrong_one(
    ready: Ready, place: Path, workloads: Path, tmp_path: Path
) -> None:
    ready("bcc")
    record = Recorder("bcc", tmp_path, environment(tmp_path))
    calls = shuffled(record, workloads, place, SEEDS[0]).calls_of("fdatasync")
    assert len(calls) > STEPS
    assert {call.file_id for call in calls} == {None}
