"""Watching for programs of a name: one complete trace each, and nothing but them."""

from __future__ import annotations

import os
import pwd
import re
import signal
import stat
import subprocess
from functools import partial
from pathlib import Path

import pytest

from aklo_trace.ebpf.layout import MOST_TREES
from aklo_trace.schema import SyscallFlag

from .attaching import running
from .processes import has_ended, is_gone, programs_of, state_of
from .recording import TIMEOUT_S, Recorder, Recording, await_that
from .test_conservation import assert_conserved
from .test_full_disk import mounted
from .watches import SCRIPT, Watch, run, watching

COMMANDS = 200
NOBODY = 65534


@pytest.fixture
def record(open_record: Recorder) -> Recorder:
    return open_record


def test_scripts_are_met_however_they_are_started(record: Recorder) -> None:
    with watching(record) as watch:
        begun = [
            run(watch.script, "3", cwd=watch.folder),
            run("bash", watch.script, "4", cwd=watch.folder),
            run("bash", "-euo", "pipefail", f"bin/{watch.name}", "5", cwd=watch.folder),
            run("env", "A=1", "bash", "--", f"bin/{watch.name}", "6", cwd=watch.folder),
        ]
        run("bash", "-c", f"true bin/{watch.name}", cwd=watch.folder)
        run("stat", "-t", watch.script, cwd=watch.folder, stdout=subprocess.DEVNULL)
        recordings = watch.awaited(len(begun))
        watch.stop()
        assert len(watch.traces()) == len(begun)
    by_pid = {first_pid(recording): recording for recording in recordings}
    for number, process in enumerate(begun, 3):
        recording = by_pid[process.pid]
        assert recording.meta.complete, recording.meta.incomplete_reason
        assert recording.meta.exit_status == process.returncode == number
        assert Path(recording.meta.argv[0]).name == watch.name
        assert recording.meta.argv[1:] == (str(number),)
        assert_first_calls_are_there(recording, watch.folder)
        assert_conserved(recording)


def first_pid(recording: Recording) -> int:
    first = recording.meta.target_proc_id
    (pid,) = (row["pid"] for row in recording.processes if row["proc_id"] == first)
    return int(pid)


def assert_first_calls_are_there(recording: Recording, cwd: Path) -> None:
    """From the exec on, and with the working directory that was there then."""
    assert recording.meta.cwd == str(cwd)
    assert recording.calls[0].syscall == "brk"
    loader = next(call.path for call in recording.calls_of("openat"))
    assert loader == "/etc/ld.so.cache"
    assert str(cwd / "beside") in {row["path"] for row in recording.files}
    assert len(recording.processes) == 2
    assert {row["end_ns"] is not None for row in recording.processes} == {True}
    sites = {tuple(row["stack"]) for row in recording.rows("sites")}
    assert ("main", "step") in sites


@pytest.mark.parametrize("match", ["akw-*", "*{name}", "akw-????????", "a*k*-*", "{name}"])
def test_patterns_match(record: Recorder, match: str) -> None:
    with watching(record, match=match) as watch:
        run(watch.script, cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
    assert recording.meta.complete


@pytest.mark.parametrize("match", ["akw", "akw-???????", "*{name}?", "{name}x", "bin"])
def test_other_patterns_do_not(record: Recorder, match: str) -> None:
    with watching(record, match=match) as watch:
        run(watch.script, cwd=watch.folder)
        watch.stop()
        assert watch.traces() == []


def test_a_trace_says_what_was_not_to_be_recorded(record: Recorder) -> None:
    with watching(record, "--syscalls", "open", "--programs", "bash") as watch:
        run(watch.script, cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
    assert recording.meta.filter == ("open", "program bash")
    assert not recording.calls_of("brk")
    assert "only open, program bash" in record.run("report", recording.directory).stdout


def test_a_shell_waits_for_its_own_children(record: Recorder) -> None:
    """They wake it when they have ended, and belong to no tree any more."""
    with watching(record) as watch:
        watch.script.write_text("#!/bin/bash\nfor i in 1 2 3; do sleep 0.05; done\n")
        run(watch.script, cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
    first = recording.meta.target_proc_id
    children = {row["proc_id"] for row in recording.processes} - {first}
    wakers = {
        row["waker_proc_id"]
        for row in recording.rows("offcpu")
        if row["proc_id"] == first and row["dur_ns"] > 40e6
    }
    assert len(children) == 3
    assert wakers == children


def test_hundreds_of_short_commands_have_one_complete_trace_each(record: Recorder) -> None:
    with watching(record) as watch:
        resident = resident_bytes(watch.front.pid)
        script = 'for i in {1..%d}; do "$0" "$((i %% 7))" & ((i %% 8)) || wait; done; wait'
        run("bash", "-c", script % COMMANDS, watch.script, cwd=watch.folder)
        recordings = watch.awaited(COMMANDS)
        grown = resident_bytes(watch.front.pid) - resident
        watch.stop()
    assert len(recordings) == COMMANDS
    for recording in recordings:
        assert recording.meta.complete, recording.meta.incomplete_reason
        assert str(recording.meta.exit_status) == recording.meta.argv[1]
        assert_first_calls_are_there(recording, watch.folder)
    assert grown < 4 << 20
    assert list((watch.folder / "spool").iterdir()) == []


def test_programs_that_find_no_place_are_counted(record: Recorder) -> None:
    """That is said by its name, with what helps; and there is a place again when trees end."""
    more = 9
    with watching(record) as watch:
        watch.script.write_text("#!/bin/sh\nread line\n")
        wait = f'exec 3<&0; for i in {{1..{MOST_TREES + more}}}; do "$0" <&3 & done; wait'
        with running("bash", "-c", wait, watch.script, stdin=subprocess.PIPE) as target:
            await_that(lambda: untraced(watch) == more, "the losses")
            assert target.stdin
            target.stdin.close()
            assert target.wait(TIMEOUT_S) == 0
        await_that(watch.traces, "a trace")
        last = max(serials(watch))
        run(watch.script, cwd=watch.folder, stdin=subprocess.DEVNULL)
        await_that(lambda: max(serials(watch)) > last, "the one that found a place again")
    assert f"({MOST_TREES})" in watch.said
    assert "--match" in watch.said
    assert "--ring-size" not in watch.said


def untraced(watch: Watch) -> int:
    """As it is said of them, perhaps in several lines."""
    return sum(map(int, re.findall(r"(\d+) programs were not traced", watch.said)))


def test_what_could_not_be_kept_is_a_trace_when_there_is_a_place(record: Recorder) -> None:
    with watching(record) as watch:
        traces = watch.folder / "traces"
        traces.rmdir()
        traces.touch()
        run(watch.script, "5", cwd=watch.folder)
        await_that(lambda: "no trace" in watch.said, "the failure")
        assert f"kept in {watch.folder}/spool" in watch.said
        traces.unlink()
        watch.stop()
        (recording,) = watch.awaited(1)
    assert recording.meta.complete, recording.meta.incomplete_reason
    assert_first_calls_are_there(recording, watch.folder)
    assert list((watch.folder / "spool").iterdir()) == []


def test_a_watch_goes_on_while_its_disk_is_full(record: Recorder) -> None:
    """What it could not record is counted, and said; what comes when there is room is whole."""
    spool = record.folder / "spool"
    spool.mkdir()
    with mounted(spool) as disk, watching(record) as watch:
        disk.resize(8 << 20)
        ballast = spool / "ballast"
        subprocess.run(["cp", "/dev/zero", ballast], stderr=subprocess.DEVNULL, check=False)
        lost = run(watch.script, "3", cwd=watch.folder)
        await_that(lambda: "could not be written" in watch.said, "the word on the loss")
        await_that(lambda: "is full" in watch.said, "the word on the disk")
        assert watch.front.poll() is None
        ballast.unlink()
        await_that(lambda: f"no trace of process {lost.pid}" in watch.said, "the word on it")
        run(watch.script, "4", cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
    assert recording.meta.complete, recording.meta.incomplete_reason
    assert recording.meta.argv[1:] == ("4",)
    assert_first_calls_are_there(recording, watch.folder)


def resident_bytes(pid: int) -> int:
    """Without the rings, which are mapped from the beginning and touched little by little."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) << 10


def test_a_trace_belongs_to_the_user_who_ran_the_command(record: Recorder) -> None:
    with watching(record) as watch:
        run(watch.script, cwd=watch.folder)
        run("setpriv", "--reuid", str(NOBODY), "--clear-groups", watch.script, cwd=watch.folder)
        recordings = watch.awaited(2)
        watch.stop()
    owners = {recording.directory.stat().st_uid for recording in recordings}
    assert owners == {0, NOBODY}
    for recording in recordings:
        paths = [recording.directory, *recording.directory.rglob("*")]
        assert {path.stat().st_uid for path in paths} == {recording.directory.stat().st_uid}
        assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in paths)


def test_a_user_without_an_account_has_traces(record: Recorder) -> None:
    uid = next(uid for uid in range(70_000, 80_000) if not has_account(uid))
    with watching(record) as watch:
        run("setpriv", "--reuid", str(uid), "--clear-groups", watch.script, cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
    assert recording.directory.stat().st_uid == uid
    assert recording.meta.complete, recording.meta.incomplete_reason
    assert list((watch.folder / "spool").iterdir()) == []


def has_account(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def test_what_runs_when_the_watch_is_stopped_is_kept_and_runs_on(record: Recorder) -> None:
    with watching(record) as watch:
        waits = watch.folder / "waits"
        watch.script.write_text(f"#!/bin/bash\n: > {waits}\nread line\nexit 4\n")
        with running(watch.script, stdin=subprocess.PIPE) as target:
            await_that(lambda: has_begun(watch) and waits.exists(), "the tree")
            await_that(lambda: state_of(target.pid) == "S", "its read")
            watch.stop()
            assert target.poll() is None
            assert target.stdin
            target.stdin.close()
            assert target.wait(TIMEOUT_S) == 4
        (recording,) = watch.awaited(1)
    assert recording.meta.exit_status is None
    assert "was still running" in recording.meta.notes[0]
    last = recording.calls[-1]
    assert (last.syscall, last.fd) == ("read", 0)
    assert last.flags & SyscallFlag.UNFINISHED
    assert recording.meta.complete
    assert_conserved(recording)


def has_begun(watch: Watch) -> bool:
    return bool(serials(watch))


def serials(watch: Watch) -> list[int]:
    """Of the trees that are not yet traces."""
    notes = (watch.folder / "spool").glob("watch-*/roots/*/root.json")
    return [int(path.parent.name) for path in notes]


def test_a_watch_that_was_killed_leaves_what_the_next_one_keeps(record: Recorder) -> None:
    with watching(record) as watch:
        script = "#!/bin/bash\nread line\nexit 4\n"
        watch.script.write_text(script)
        programs = programs_of(watch.front.pid)
        assert programs
        with running(watch.script, stdin=subprocess.PIPE) as target:
            await_that(lambda: has_begun(watch), "the tree")
            await_that(lambda: spooled(watch) > 0, "its calls")
            os.kill(watch.front.pid, signal.SIGKILL)
            watch.front.wait()
            for program in programs:
                await_that(partial(is_gone, program), f"BPF program {program} to go")
            assert target.stdin
            target.stdin.close()
            assert target.wait(TIMEOUT_S) == 4
    with watching(record) as second:
        (recording,) = second.awaited(1)
        second.stop()
    assert not recording.meta.complete
    assert recording.calls
    assert not list((watch.folder / "spool").iterdir())


def test_what_failed_once_is_made_into_traces_the_next_time(record: Recorder) -> None:
    with watching(record) as watch:
        watch.script.write_text("#!/bin/bash\nread line\nexit 4\n")
        with running(watch.script, stdin=subprocess.PIPE) as target:
            await_that(lambda: has_begun(watch), "the tree")
            (tree,) = (watch.folder / "spool").glob("watch-*/roots/*")
            in_the_way = [tree / f"{number:08d}" for number in range(100)]
            for path in in_the_way:
                path.touch()
            assert target.stdin
            target.stdin.close()
            assert target.wait(TIMEOUT_S) == 4
        await_that(lambda: "makes traces failed" in watch.said, "a failure")
        for path in in_the_way:
            path.unlink()
        (recording,) = watch.awaited(1)
        watch.stop()
    assert recording.meta.complete, recording.meta.incomplete_reason
    assert recording.meta.exit_status == 4
    assert_conserved(recording)


def test_what_a_tree_lost_is_said_of_it_alone_and_by_call(
    record: Recorder, workloads: Path
) -> None:
    storm, calls = 4, 100_000
    with watching(record, "--ring-size", "4K", match="akw-*") as watch:
        loud = watch.script.with_name("akw-loud")
        loud.write_text(f"#!/bin/bash\nread line\n{workloads}/getpid_storm {storm} {calls}\n")
        loud.chmod(0o755)
        watch.script.write_text("#!/bin/bash\nread line\n")
        with (
            running(watch.script, stdin=subprocess.PIPE) as quiet,
            running(loud, stdin=subprocess.PIPE) as target,
        ):
            roots = watch.folder / "spool"
            await_that(lambda: len([*roots.glob("watch-*/roots/*/root.json")]) == 2, "both")
            for process in (target, quiet):
                assert process.stdin
                process.stdin.close()
                process.wait(TIMEOUT_S)
        recordings = watch.awaited(2)
        watch.stop()
    by_name = {Path(recording.meta.argv[0]).name: recording for recording in recordings}
    for name, expected in ((watch.name, 0), ("akw-loud", storm * calls)):
        recording = by_name[name]
        lost = recording.meta.lost_by_syscall
        attempted = len(recording.calls_of("getpid")) + lost.get("getpid", 0)
        assert 0 <= attempted - expected < 50
        assert "unknown" not in lost
        assert_conserved(recording)
    assert lost["getpid"] > 0


def spooled(watch: Watch) -> int:
    spools = (watch.folder / "spool").glob("watch-*/segments/*/events.bin")
    return sum(path.stat().st_size for path in spools)


def test_a_long_tree_goes_through_many_segments(record: Recorder) -> None:
    """Others end meanwhile, and each time a segment is closed."""
    with watching(record) as watch:
        long = watch.script.with_name(watch.name + "-long")
        long.write_text('#!/bin/bash\nfor i in {1..6}; do "$1"; stat -t /at/$i; sleep 0.7; done\n')
        long.chmod(0o755)
    with watching(record, match="akw-*") as watch:
        plain = watch.script.with_name("akw-other")
        plain.write_text(SCRIPT)
        plain.chmod(0o755)
        process = subprocess.Popen([long, "true"], cwd=watch.folder, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            run(plain, cwd=watch.folder)
            others = len(watch.traces())
            await_that(lambda n=others: len(watch.traces()) > n, "another trace")
        await_that(lambda: any("long" in path.name for path in watch.traces()), "the long one")
        (recording,) = (
            Recording(path, "", "", 0) for path in watch.traces() if "long" in path.name
        )
        watch.stop()
    assert recording.meta.complete
    statted = [call.path for call in recording.calls_of("newfstatat", "statx", "stat")]
    assert [path for path in statted if str(path).startswith("/at/")] == [
        f"/at/{number}" for number in range(1, 7)
    ]
    assert len(recording.processes) == 1 + 6 * 2
    assert_conserved(recording)


def test_a_matching_child_belongs_to_its_parents_trace(record: Recorder) -> None:
    with watching(record, match="{name}*") as watch:
        outer = watch.script.with_name(f"{watch.script.name}-outer")
        outer.write_text(f'#!/bin/bash\n"{watch.script}" 2\nexit 1\n')
        outer.chmod(0o755)
        run(outer, cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
        assert len(watch.traces()) == 1
    assert len(recording.processes) == 3
    assert recording.meta.exit_status == 1


def test_a_watch_and_a_recording_do_not_disturb_each_other(record: Recorder) -> None:
    with watching(record) as watch, watching(record) as other:
        own = record(watch.script, "5", cwd=watch.folder)
        (recording,) = watch.awaited(1)
        watch.stop()
        other.stop()
    assert own.status == 5
    assert own.meta.complete
    assert recording.meta.complete
    assert [c.syscall for c in own.calls if c.syscall != "execve"] == [
        c.syscall for c in recording.calls if c.syscall != "execve"
    ]


def test_programs_end_with_the_watch(record: Recorder) -> None:
    with watching(record) as watch:
        programs = programs_of(watch.front.pid)
        watch.stop()
        assert has_ended(watch.front.pid)
    assert programs
    for program in programs:
        await_that(partial(is_gone, program), f"BPF program {program} to go")


@pytest.mark.parametrize("name", ["", "bin/aklo", "x" * 64])
def test_what_is_no_name_is_refused(record: Recorder, name: str) -> None:
    done = record.run("watch", "--match", name)
    assert done.returncode == 2
    assert "--match" in done.stderr
