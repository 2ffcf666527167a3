"""The whole tree below the target, from its first instruction on, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.engine import Feature
from aklo_trace.engines import engine_named
from aklo_trace.schema import ProcessFlag, SyscallFlag

from .recording import Recorder, Recording, Row

ENGINES = ("ebpf", "bcc", "strace")

BASH = shutil.which("bash") or ""
TRUE = shutil.which("true") or ""

Family = Callable[[str], Recording]


@pytest.fixture
def family(module_record: Recorder, workloads: Path) -> Family:
    """What tests/workloads/family.c does in one of its ways."""
    return lambda way: module_record.once(workloads / "family", way)


def target(recording: Recording) -> Row:
    return recording.process(recording.said["self"][0])


def test_the_first_call_is_the_targets_execve(module_record: Recorder) -> None:
    recording = module_record.once(TRUE)
    first = recording.calls[0]
    assert (first.syscall, first.ret, first.path) == ("execve", 0, TRUE)
    assert [call.syscall for call in recording.calls].count("execve") == 1


def test_nothing_of_the_launcher_is_recorded(record: Recorder) -> None:
    """Neither its calls nor its search for the command in PATH."""
    recording = record("true")
    assert {call.pid for call in recording.calls} == {recording.processes[0]["pid"]}
    assert len(recording.processes) == len(recording.images) == 1
    assert not any("python" in (call.path or "") for call in recording.calls)


def test_the_last_call_is_the_targets_exit_group(module_record: Recorder) -> None:
    last = module_record.once(TRUE).calls[-1]
    assert last.syscall == "exit_group"
    assert last.flags == SyscallFlag.UNFINISHED


@pytest.mark.parametrize("way", ["fork", "vfork", "clone3"])
def test_a_child_is_followed(way: str, family: Family) -> None:
    recording = family(way)
    parent = target(recording)
    child = recording.process(recording.said["child"][0])
    assert (child["parent_proc_id"], child["ppid"]) == (parent["proc_id"], parent["pid"])
    assert parent["start_ns"] < child["start_ns"] <= child["end_ns"] <= parent["end_ns"]
    own = [call for call in recording.calls if call.proc_id == child["proc_id"]]
    assert own[-1].syscall == "exit_group"
    assert {call.tid for call in own} == {child["pid"]}


def test_a_forked_child_acts_from_its_first_call_on(family: Family) -> None:
    recording = family("clone3")
    (child,) = recording.said["child"]
    assert [call.syscall for call in recording.calls if call.pid == child] == [
        "getppid",
        "exit_group",
    ]


def test_a_vforked_child_has_an_image_of_its_own(family: Family) -> None:
    recording = family("vfork")
    child = recording.process(recording.said["child"][0])
    (image,) = recording.images_of(child["proc_id"])
    assert image["argv"] == ["vforked"]


def test_a_thread_is_part_of_its_process(family: Family) -> None:
    recording = family("thread")
    (process,) = recording.processes
    call = recording.call("access", "/in/a/thread")
    assert (call.pid, call.proc_id) == (process["pid"], process["proc_id"])
    assert [call.tid] == recording.said["thread"]
    assert call.tid != call.pid


def test_exec_from_a_thread_that_is_not_the_leader(family: Family) -> None:
    recording = family("thread-exec")
    (process,) = recording.processes
    assert process["exit_status"] == 0
    _, image = recording.images_of(process["proc_id"])
    assert image["argv"] == ["from-a-thread"]
    _, called = recording.calls_of("execve")
    assert [called.tid] == recording.said["thread"]
    after = [call for call in recording.calls if call.ts_ns > image["ts_ns"]]
    assert {(call.pid, call.tid) for call in after} == {(process["pid"], process["pid"])}
    assert {call.image_id for call in after} == {image["image_id"]}


def test_the_call_of_a_leader_that_an_exec_ends_has_no_result(family: Family) -> None:
    """The kernel interrupts the leader's pause(2), and it does not come back from there."""
    recording = family("thread-exec")
    (pause,) = recording.calls_of("pause")
    unfinished = Feature.LAST_RESULTS in engine_named(recording.meta.engine).lacks
    assert pause.flags == (SyscallFlag.UNFINISHED if unfinished else SyscallFlag.INTERRUPTED)
    assert pause.ret is None


def test_many_threads_that_end_at_once_are_one_end(family: Family) -> None:
    recording = family("crowd")
    ends = [row for row in recording.processes if row["parent_proc_id"] is not None]
    assert [row["exit_status"] for row in ends] == [5] * 8
    assert recording.meta.complete


def test_a_daemon_is_followed_beyond_its_parents(record: Recorder, workloads: Path) -> None:
    process = record.start(workloads / "family", "daemon", stdin=subprocess.PIPE)
    with process:
        recording = record.ended(process)
    daemon = recording.process(recording.said["daemon"][0])
    middle = recording.process(recording.said["middle"][0])
    assert daemon["parent_proc_id"] == middle["proc_id"]
    assert middle["parent_proc_id"] == target(recording)["proc_id"]
    assert recording.call("access", "/in/the/daemon").proc_id == daemon["proc_id"]
    assert daemon["end_ns"] is None
    assert daemon["exit_status"] is None
    assert daemon["flags"] == ProcessFlag.END_UNSEEN


def test_a_script_run_by_env_is_two_images(record: Recorder, tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/usr/bin/env bash\n:\n")
    script.chmod(0o700)
    recording = record(script, "an argument")
    (process,) = recording.processes
    first, second = recording.images_of(process["proc_id"])
    if record.lacks(Feature.INTERPRETERS):
        assert (first["exe"], first["script"]) == (str(script), None)
        assert first["argv"] == [str(script), "an argument"]
    else:
        assert (first["exe"], first["script"]) == ("/usr/bin/env", str(script))
        assert first["argv"] == ["/usr/bin/env", "bash", str(script), "an argument"]
    assert Path(second["exe"]).samefile(BASH)
    assert second["script"] is None
    assert second["argv"] == ["bash", str(script), "an argument"]
    record.needs(Feature.FILE_IDENTITY)
    assert (second["dev"], second["inode"]) != (first["dev"], first["inode"])


def test_calls_belong_to_the_image_that_made_them(record: Recorder) -> None:
    recording = record(BASH, "-c", f"{TRUE}; exec {TRUE} last")
    programs = [(call.image.get("argv") or [None])[0] for call in recording.calls_of("exit_group")]
    assert programs == [TRUE, TRUE]
    starts = [(call.image.get("argv") or [None])[0] for call in recording.calls_of("execve")]
    assert starts[0] is None  # the launcher's, which is no image of the trace
    assert starts[-1] == BASH


def test_a_child_belongs_to_its_parents_image_before_its_exec(record: Recorder) -> None:
    recording = record(BASH, "-c", "(exit 3); :")
    child = next(row for row in recording.processes if row["parent_proc_id"] is not None)
    owned = {call.image["argv"][0] for call in recording.calls if call.pid == child["pid"]}
    assert owned == {BASH}
    assert recording.images_of(child["proc_id"]) == []


def test_proc_ids_count_processes_not_pids(record: Recorder) -> None:
    recording = record(BASH, "-c", "for i in 1 2 3 4 5; do (:); done")
    ids = [row["proc_id"] for row in recording.processes]
    assert len(set(ids)) == len(ids) == 6
    known = {row["pid"]: row["proc_id"] for row in recording.processes}
    assert all(known[call.pid] == call.proc_id for call in recording.calls)


def test_processes_outside_the_tree_never_appear(record: Recorder) -> None:
    other = ["sh", "-c", "while [ -d /proc/self ]; do stat /nowhere/outside; done"]
    with subprocess.Popen(other, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as outside:
        try:
            recording = record(BASH, "-c", "sleep 0.2; stat /nowhere/inside")
        finally:
            outside.kill()
    paths = {row["path"] for row in recording.files}
    assert "/nowhere/inside" in paths
    assert "/nowhere/outside" not in paths
    inside = {row["pid"] for row in recording.processes}
    assert {call.pid for call in recording.calls} == inside
    assert outside.pid not in inside


def test_pids_are_those_of_one_namespace(record: Recorder) -> None:
    """Of the initial one, unless the engine says otherwise: the target's as well as its children's,
    seen from a namespace where they are small."""
    unshare = shutil.which("unshare")
    if not unshare or os.geteuid() != 0:
        pytest.skip("needs root and unshare(1), to make a pid namespace")
    prefix = (unshare, "--pid", "--fork", "--mount-proc")
    recording = record(BASH, "-c", "echo inside $$; (exit 0); :", prefix=prefix)
    parent, child = sorted(recording.processes, key=lambda row: row["proc_id"])
    (inside,) = recording.said["inside"]
    assert (parent["pid"] > inside) == (not record.lacks(Feature.HOST_PIDS))
    assert child["ppid"] == parent["pid"]
    assert {call.pid for call in recording.calls} == {parent["pid"], child["pid"]}
