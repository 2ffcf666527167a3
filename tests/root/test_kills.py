"""Killed at any moment: the target ends as it would have, and nothing but the end is missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from aklo_trace.schema import TABLES
from aklo_trace.store import LIVE, open_trace

from .processes import has_ended, holder_of, is_gone, programs_of
from .recording import Recorder, Recording, await_that

LONGEST_MISSING_NS = 1_000_000_000
SEED = 20_240_229
TURNS = 7
WORK = """
until [ -e "$0.end" ]; do (:); stat -t "/at/work/$((i += 1))"; done 2>/dev/null
stat -t /at/the/end 2>/dev/null
echo finished > "$0"
"""


@dataclass(frozen=True)
class UnderWay:
    """A recording whose target is at work, and its two processes."""

    front: subprocess.Popen[bytes]
    recorder: int
    programs: set[int]
    finished: Path


def begin(record: Recorder, name: str) -> UnderWay:
    finished = record.folder / f"{name}.finished"
    front = record.start("bash", "-c", WORK, finished, name=name)
    events = record.folder / name / LIVE / "events.bin"
    await_that(lambda: holder_of(events), "the recorder")
    recorder = holder_of(events)
    assert recorder
    under_way = UnderWay(front, recorder, programs_of(recorder), finished)
    assert under_way.programs
    return under_way


def end(under_way: UnderWay) -> None:
    """Let the target end, and see that nothing is left behind."""
    Path(f"{under_way.finished}.end").touch()
    under_way.front.wait(60)
    await_that(under_way.finished.exists, "the end of the target")
    await_that(partial(has_ended, under_way.recorder), "the end of the recorder")
    for program in under_way.programs:
        await_that(partial(is_gone, program), f"BPF program {program} to go")


def assert_accounts_agree(recording: Recording) -> None:
    meta = recording.meta
    counts = [meta.lost, *meta.lost_by_syscall.values(), *meta.in_flight_by_syscall.values()]
    assert all(count >= 0 for count in counts)
    in_flight = sum(meta.in_flight_by_syscall.values())
    assert meta.attempts == meta.tables["syscalls"] + meta.lost + in_flight


@pytest.mark.parametrize("whom", ["recorder", "front", "both"])
def test_kills_at_random_moments(record: Recorder, whom: str) -> None:
    chance = random.Random(f"{SEED} {whom}")
    for turn in range(TURNS):
        under_way = begin(record, f"turn-{turn}")
        time.sleep(chance.uniform(0, 0.25))
        kill(under_way, whom)
        end(under_way)
        assert under_way.front.wait(60) == (0 if whom == "recorder" else -signal.SIGKILL)
        recording = record.opened(f"turn-{turn}")
        assert not recording.meta.complete
        assert recording.meta.incomplete_reason
        assert_accounts_agree(recording)
    for verb in ("info", "report"):
        shown = record.run(verb, recording.directory)
        assert shown.returncode == 0, shown.stderr
        assert str(recording.meta.incomplete_reason) in shown.stdout.replace("\n", " ")


@pytest.mark.parametrize("whom", ["recorder", "both"])
def test_at_most_the_last_second_is_missing(record: Recorder, whom: str) -> None:
    under_way = begin(record, "long")
    time.sleep(1.5)
    killed_ns = time.time_ns()
    kill(under_way, whom)
    end(under_way)
    recording = record.opened("long")
    last = recording.trace.table("syscalls", ["ts_ns"]).column("ts_ns").to_pylist()
    assert killed_ns - LONGEST_MISSING_NS < max(last) < killed_ns + LONGEST_MISSING_NS


def kill(under_way: UnderWay, whom: str) -> None:
    """Kill one of the two processes or both."""
    if whom != "front":
        os.kill(under_way.recorder, signal.SIGKILL)
    if whom != "recorder":
        under_way.front.kill()


def test_a_recorder_whose_front_was_killed_records_to_the_end(record: Recorder) -> None:
    under_way = begin(record, "alone")
    kill(under_way, "front")
    end(under_way)
    recording = record.opened("alone")
    assert "/at/the/end" in {row["path"] for row in recording.files}
    assert all(row["end_ns"] for row in recording.processes)
    assert recording.calls[-1].syscall == "exit_group"
    assert recording.meta.exit_status == 0


def test_the_front_says_that_its_recorder_was_killed(record: Recorder) -> None:
    under_way = begin(record, "said")
    kill(under_way, "recorder")
    end(under_way)
    recording = record.ended(under_way.front, "said")
    assert recording.status == 0
    assert "The recording process was killed" in recording.stderr
    assert "Traceback" not in recording.stderr
    assert recording.meta.exit_status == 0
    assert "killed" in (recording.meta.incomplete_reason or "")


def test_what_a_stopped_recorder_could_not_take_is_counted_as_lost(
    record: Recorder, workloads: Path
) -> None:
    """By call; it goes on when the target has ended."""
    storm = f'until [ -e "$0.go" ]; do sleep 0.1; done; {workloads}/getpid_storm 2 60000'
    waiting = record.folder / "waiting"
    front = record.start("bash", "-c", storm, waiting, name="stopped", options=["--ring-size=64K"])
    events = record.folder / "stopped" / LIVE / "events.bin"
    await_that(lambda: holder_of(events), "the recorder")
    recorder = holder_of(events)
    assert recorder
    os.kill(recorder, signal.SIGSTOP)
    Path(f"{waiting}.go").touch()
    front.wait(60)
    recording = record.ended(front, "stopped")
    assert recording.status == 0
    assert_accounts_agree(recording)
    lost = recording.meta.lost_by_syscall["getpid"]
    assert lost > 0
    assert 0 <= len(recording.calls_of("getpid")) + lost - 2 * 60000 < 50
    assert "lost" in (recording.meta.incomplete_reason or "")


@pytest.fixture
def large(record: Recorder, workloads: Path) -> Recording:
    """A trace that takes a moment to finish, as it is when nobody interferes."""
    return record(workloads / "getpid_storm", "3", "60000", name="large")


def rows(recording: Recording) -> dict[str, int]:
    return {table: len(recording.trace.table(table)) for table in recording.meta.tables}


def kill_while_finishing(front: subprocess.Popen[bytes], directory: Path, table: str) -> None:
    await_that((directory / table).exists, "the first table")
    front.kill()
    front.wait()
    assert (directory / LIVE).exists(), "it was too quick"


def test_killed_while_finishing_nothing_is_missing(
    record: Recorder, workloads: Path, large: Recording
) -> None:
    command = (workloads / "getpid_storm", "3", "60000")
    kill_while_finishing(record.start(*command), record.folder / "trace", "syscalls")
    again = record.opened("trace")
    varying = {name: rows(again)[name] for name in ("files", "samples", "offcpu")}
    assert rows(again) == {**rows(large), **varying}
    assert again.meta.complete
    assert (again.meta.exit_status, again.meta.wall_ns is None) == (0, False)
    assert_accounts_agree(again)


def test_killed_again_and_again_while_finishing(record: Recorder, workloads: Path) -> None:
    command = (workloads / "getpid_storm", "3", "60000")
    directory = record.folder / "trace"
    kill_while_finishing(record.start(*command), directory, "syscalls")
    for written in ("images", "files", "syscalls"):
        for path in directory.glob("*/*.parquet"):
            path.unlink()
        for folder in (table.name for table in TABLES):
            if (directory / folder).is_dir():
                (directory / folder).rmdir()
        reader = subprocess.Popen(
            [*record.command, "recover", directory],
            env=record.environ,
            stdout=subprocess.DEVNULL,
        )
        kill_while_finishing(reader, directory, written)
    recording = record.opened("trace")
    assert sum(call.syscall == "getpid" for call in recording.calls) == 180_000
    assert recording.meta.complete


def test_two_readers_of_an_interrupted_trace(record: Recorder) -> None:
    under_way = begin(record, "shared")
    kill(under_way, "both")
    end(under_way)
    directory = record.folder / "shared"
    command = [*record.command, "info", str(directory)]
    with (record.folder / "log").open("wb") as log:
        readers = [
            subprocess.Popen(command, env=record.environ, stdout=subprocess.DEVNULL, stderr=log)
            for _ in range(3)
        ]
    statuses = {reader.wait(60) for reader in readers}
    assert statuses in ({0}, {0, 1})
    said = (record.folder / "log").read_text()
    assert all("still being recorded" in line for line in said.splitlines())
    assert open_trace(directory).meta.incomplete_reason
