"""What --syscalls and --programs leave out, and what they never do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aklo_trace.engine import Feature
from aklo_trace.syscalls import by_name

from .recording import TRACER_FAILED, Recorder, Recording

ENGINES = ("ebpf", "bcc")
SCRIPT = "cd /; cat /etc/passwd >/dev/null; exec 3</etc/group; exec 3<&-; head -c 1 /etc/passwd"
LIFECYCLE = {"execve", "exit_group", "openat", "close", "chdir", "wait4", "dup2"}


def filtered(record: Recorder, *options: str) -> Recording:
    recording = record("bash", "-c", SCRIPT, options=options)
    assert recording.status == 0
    return recording


def names(recording: Recording) -> set[str]:
    return {call.syscall for call in recording.calls}


def programs(recording: Recording, *calls: str) -> set[str]:
    found = recording.calls_of(*calls)
    return {Path(call.image["argv"][0]).name for call in found if call.image}


def test_only_the_calls_that_were_named(record: Recorder) -> None:
    recorded = names(filtered(record, "--syscalls", "read"))
    assert "read" in recorded
    always = {"process", "exec", "exit", "wait_child", "open", "close", "descriptor", "directory"}
    others = recorded - {"read", "pread64", "readv"} - {"socket"}  # socket makes a descriptor
    assert {by_name()[name].operation for name in others} <= always


def test_all_but_the_class_that_was_excluded(record: Recorder) -> None:
    everything = names(filtered(record))
    memory = {name for name in everything if by_name()[name].operation == "memory"}
    assert memory
    (record.folder / "trace").rename(record.folder / "everything")
    assert names(filtered(record, "--syscalls", "!memory")) == everything - memory


def test_unknown_calls_are_excluded_only_when_asked(record: Recorder, workloads: Path) -> None:
    recording = record(workloads / "odd_calls", options=["--syscalls", "!memory"])
    assert recording.calls_of("unknown")


def test_terms_add_up(record: Recorder) -> None:
    options = ("--syscalls", "read", "--syscalls", "memory", "--syscalls", "!brk")
    recorded = names(filtered(record, *options))
    assert {"read", "mmap", "munmap"} <= recorded
    assert "brk" not in recorded
    assert "newfstatat" not in recorded


def test_only_the_programs_that_were_named(record: Recorder) -> None:
    recording = filtered(record, "--programs", "head")
    assert programs(recording, "read", "mmap") == {"head"}
    assert {"bash", "cat", "head"} <= programs(recording, "openat", "exit_group")


def test_life_descriptors_and_directory_are_never_left_out(record: Recorder) -> None:
    recording = filtered(record, "--programs", "no-such-program", "--syscalls", "getpid")
    assert names(recording) >= LIFECYCLE
    assert [Path(image["argv"][0]).name for image in recording.images] == ["bash", "cat", "head"]
    assert len(recording.processes) == 2
    assert not recording.calls_of("read", "mmap", "getpid")
    assert recording.call("chdir", "/")


def test_what_was_left_out_is_not_lost(record: Recorder) -> None:
    recording = filtered(record, "--syscalls", "read", "--programs", "cat")
    assert recording.meta.complete
    assert recording.meta.lost == 0
    assert recording.meta.attempts == len(recording.calls)
    assert recording.meta.filter == ("read", "program cat")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--syscalls", "no-such-call"], "no-such-call"),
        (["--syscalls", "!reed"], "reed"),
        (["--programs", "x"] * 17, "--programs"),
        (["--ring-size", "lots"], "lots"),
        (["--engine", "magic"], "magic"),
        (["--user", "nobody-of-that-name"], "nobody-of-that-name"),
    ],
)
def test_a_senseless_option_stops_before_the_target_starts(
    record: Recorder, options: list[str], word: str
) -> None:
    marker = record.folder / "ran"
    recording = record("touch", marker, options=options, fails=True)
    assert recording.status == TRACER_FAILED
    assert word in recording.stderr
    assert "Traceback" not in recording.stderr
    assert not marker.exists()
    assert not recording.directory.exists()


def test_a_sleep_that_is_not_recorded_is_no_work(record: Recorder) -> None:
    recording = record("bash", "-c", "sleep 0.2; true", options=["--syscalls", "openat"])
    report = json.loads(record.run("report", recording.directory, "--format", "json").stdout)
    most_of_it_ns = 100_000_000  # on a busy machine it waits for a CPU before it sleeps
    assert report["summary"]["unrecorded_ns"] >= most_of_it_ns
    if not record.lacks(Feature.SHELL_CODE):
        assert report["tables"]["lines"]["rows"][0]["unrecorded_ns"] >= most_of_it_ns
    assert "unrecorded" in [row["key"] for row in report["wall"]["doings"]]
