"""Attaching to processes that run: what is seen from then on, and that they do not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from aklo_trace.schema import ImageFlag, ProcessFlag, SiteFlag, SyscallFlag
from aklo_trace.store import LIVE

from .attaching import attached, attachment, running
from .processes import has_ended, holder_of, is_gone, programs_of, state_of
from .recording import TIMEOUT_S, Recorder, Recording, Row, await_that
from .test_conservation import assert_conserved

PROCESSES = 16
SHELL = """
inner() { cat < "$1/fifo" > /dev/null; : < "$1/in-inner"; }
outer() { inner "$1"; }
cd "$1"
outer "$1"
: < beside
"""


def fed(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.write(b"x")
    process.stdin.close()


def begun_loops(record: Recorder, workloads: Path) -> tuple[Path, list[str | Path]]:
    folder = record.folder / "loops"
    folder.mkdir()
    return folder, [workloads / "loops", folder, str(PROCESSES)]


def test_loops_attached_in_the_middle_lose_and_repeat_nothing(
    record: Recorder, workloads: Path
) -> None:
    """Between two instants at which all stand still, the files tell how often each has written."""
    folder, command = begun_loops(record, workloads)
    with running(*command, stdin=subprocess.PIPE) as target:
        await_that(lambda: len(list(folder.iterdir())) == PROCESSES, "the loops")
        stop_all(target.pid)
        before = sizes(folder)
        with attached(record, target.pid) as front:
            signal_all(target.pid, signal.SIGCONT)
            await_that(lambda: min(sizes(folder).values()) > 200, "two hundred rounds of each")
            fed(target)
            front.wait(60)
        assert target.wait() == 0
    recording = record.opened("attached", front.returncode)
    after = sizes(folder)
    paths = [Path(str(call.path)) for call in recording.calls_of("write")]
    written = Counter(path.name for path in paths if path.parent == folder)
    assert written == {name: after[name] - before[name] for name in after}
    assert recording.meta.complete, recording.meta.incomplete_reason
    assert len(recording.processes) == PROCESSES + 1
    assert_conserved(recording)


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in descendants(int(child)))]


def signal_all(pid: int, signo: int) -> None:
    for process in descendants(pid):
        os.kill(process, signo)


def programs_below(pid: int) -> list[str]:
    return [Path(f"/proc/{p}/comm").read_text().strip() for p in descendants(pid)]


def stop_all(pid: int) -> None:
    signal_all(pid, signal.SIGSTOP)
    await_that(lambda: {state_of(p) for p in descendants(pid)} == {"T"}, "all to stop")


def sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_attached_while_they_run_the_accounts_agree(record: Recorder, workloads: Path) -> None:
    _, command = begun_loops(record, workloads)
    with running(*command, stdin=subprocess.PIPE) as target:
        recording = attachment(record, target.pid, **{"for": "300ms"})
        assert target.poll() is None
        fed(target)
        assert target.wait(60) == 0
    assert recording.status == 0
    assert recording.meta.complete
    assert_conserved(recording)
    seen = [(call.tid, call.ts_ns) for call in recording.calls]
    assert len(seen) == len(set(seen))
    assert all(row["flags"] & ProcessFlag.END_UNSEEN for row in recording.processes)


@pytest.fixture
def shell(record: Recorder) -> Recording:
    """A bash, attached while it is within two functions and waits for a child."""
    folder = record.folder
    os.mkfifo(folder / "fifo")
    for name in ("in-inner", "beside"):
        (folder / name).touch()
    script = folder / "script"
    script.write_text(SHELL)
    fifo = os.open(folder / "fifo", os.O_RDWR | os.O_CLOEXEC)
    with running("bash", script, folder, cwd=Path("/")) as target:
        await_that(lambda: programs_below(target.pid) == ["bash", "cat"], "cat")
        await_that(lambda: state_of(descendants(target.pid)[1]) == "S", "cat to wait")
        with attached(record, target.pid) as front:
            os.close(fifo)
            front.wait(60)
        assert target.wait() == 0
    return record.opened("attached", front.returncode)


def test_what_a_process_was_at_attach_is_known(shell: Recording) -> None:
    target = shell.process(min(row["pid"] for row in shell.processes))
    assert target["flags"] & ProcessFlag.START_UNSEEN
    assert target["exit_status"] == 0
    (image,) = shell.images_of(target["proc_id"])
    assert Path(image["exe"]).name == "bash"
    assert image["argv"] == ["bash", str(shell.directory.parent / "script"), image["argv"][2]]
    assert image["shell"].startswith("bash ")
    assert not image["flags"] & ImageFlag.ARGV_UNREADABLE
    (child,) = (row for row in shell.processes if row is not target)
    assert child["parent_proc_id"] == target["proc_id"]
    assert Path(shell.images_of(child["proc_id"])[0]["exe"]).name == "cat"
    assert shell.meta.argv == tuple(image["argv"])
    assert shell.meta.exit_status == 0


def test_the_working_directory_at_attach_is_known(shell: Recording) -> None:
    assert str(shell.directory.parent / "beside") in {row["path"] for row in shell.files}


def test_files_that_were_open_at_attach_have_their_names(shell: Recording) -> None:
    fifo = str(shell.directory.parent / "fifo")
    assert fifo in {call.path for call in shell.calls_of("read")}


def test_a_call_under_way_at_attach_is_marked(shell: Recording) -> None:
    marked = [call for call in shell.calls if call.flags & SyscallFlag.NO_ENTRY]
    assert {call.syscall for call in marked} == {"read", "wait4"}
    assert all(call.dur_ns > 0 for call in marked)
    assert shell.meta.complete
    assert_conserved(shell)


def test_a_script_with_a_relative_name_is_found(record: Recorder) -> None:
    """Also when its shell has gone elsewhere, and by a subshell that runs already."""
    folder = record.folder / "elsewhere"
    folder.mkdir()
    (folder / "deploy.sh").write_text("cd /\n(while :; do sleep 0.01; done)\n:\n")
    with running("bash", "./deploy.sh", cwd=folder) as target:
        await_that(lambda: "sleep" in programs_below(target.pid), "the loop")
        recording = attachment(record, target.pid, **{"for": "300ms"})
    sites = [site for site in recording.rows("sites") if site["line"] == 2]
    assert {site["file"] for site in sites} == {str(folder / "deploy.sh")}
    assert not any(site["flags"] & SiteFlag.FILE_RELATIVE for site in sites)
    shown = record.run("report", recording.directory, "--section", "lines").stdout
    assert "(while :; do sleep 0.01; done)" in shown


def test_a_shell_that_opens_no_file_itself_has_a_report(record: Recorder) -> None:
    """Only the programs that it starts open one, again and again."""
    loop = "while :; do sort /etc/services > /dev/null; done"
    with running("bash", "-c", loop) as target:
        await_that(lambda: "sort" in programs_below(target.pid), "the loop")
        recording = attachment(record, target.pid, **{"for": "1s"})
    shown = record.run("report", recording.directory, "--section", "findings")
    assert "sort started" in shown.stdout


NOBODY = ("setpriv", "--reuid", "65534", "--clear-groups")
WITHOUT_PTRACE = ("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace")
CAPABLE = (*NOBODY, "--inh-caps", "+bpf,+perfmon", "--ambient-caps", "+bpf,+perfmon")
HIDDEN = "import ctypes, sys; ctypes.CDLL(None).prctl(4, 0); print(flush=True); sys.stdin.read()"
"""With PR_SET_DUMPABLE."""


@pytest.mark.parametrize(
    ("target", "tracer", "why", "fix"),
    [
        ((), WITHOUT_PTRACE, "has privileges that aklo-trace lacks", "capability SYS_PTRACE"),
        (NOBODY, WITHOUT_PTRACE, "runs as user 65534", "capability SYS_PTRACE"),
        (NOBODY, CAPABLE, "hides from its own user", "Put sudo before the command."),
        ((), CAPABLE, "runs as user 0", "Put sudo before the command."),
    ],
)
def test_a_process_that_may_not_be_looked_at_is_refused_in_words(
    record: Recorder,
    public_python: str,
    target: tuple[str, ...],
    tracer: tuple[str, ...],
    why: str,
    fix: str,
) -> None:
    python = ("/usr/bin/python3", "-I", "-c", HIDDEN)
    attach = (public_python, "-m", "aklo_trace", "attach")
    with running(*target, *python, stdin=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        done = subprocess.run(
            [*tracer, *attach, "-p", str(process.pid), "-o", "/nowhere/trace"],
            env=record.environ,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    assert done.returncode == 1
    assert f"Process {process.pid} (python3) {why}" in done.stderr
    assert fix in done.stderr


INSIDE = ("unshare", "--pid", "--fork", "--mount-proc")
WAITS = """
cd "$1"
echo $BASHPID > inside
waits() { read -r line < fifo; : < beside; (exit 7); }
waits
"""


@pytest.fixture
def contained(record: Recorder) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """unshare(1), and by its number out here the bash that waits in a pid namespace of its own,
    where it is the first process."""
    os.mkfifo(record.folder / "fifo")
    (record.folder / "beside").touch()
    with running(*INSIDE, "bash", "-c", WAITS, "bash", record.folder) as front:
        await_that(lambda: (record.folder / "inside").exists(), "the shell within")
        (shell,) = descendants(front.pid)[1:]
        await_that(lambda: state_of(shell) == "S", "it to wait")
        assert (record.folder / "inside").read_text() == "1\n"
        yield front, shell


def let_go_on(record: Recorder) -> None:
    (record.folder / "fifo").write_text("go on\n")


def assert_waiting_shell_was_seen(recording: Recording, shell: int) -> Row:
    """Under the pid that it has in the initial pid namespace, and within its open(2)."""
    process = recording.process(shell)
    (image,) = recording.images_of(process["proc_id"])
    assert Path(image["exe"]).name == "bash"
    assert image["argv"] == ["bash", "-c", WAITS, "bash", str(recording.directory.parent)]
    marked = [call for call in recording.calls if call.flags & SyscallFlag.NO_ENTRY]
    assert [call.syscall for call in marked if call.pid == shell] == ["openat"]
    assert recording.meta.complete
    assert_conserved(recording)
    return process


def assert_the_rest_was_seen(recording: Recording, shell: int) -> None:
    assert assert_waiting_shell_was_seen(recording, shell)["exit_status"] == 7
    (child,) = (row for row in recording.processes if row["ppid"] == shell)
    assert child["exit_status"] == 7
    assert child["pid"] > shell
    opened = recording.call("openat", recording.directory.parent / "beside")
    sites = {row["site_id"]: row for row in recording.rows("sites")}
    assert sites[opened.site_id]["stack"] == ["waits"]


def test_a_process_of_another_pid_namespace_is_attached(
    record: Recorder, contained: tuple[subprocess.Popen[bytes], int]
) -> None:
    front, shell = contained
    with attached(record, shell) as tracer:
        let_go_on(record)
        tracer.wait(60)
    assert front.wait() == 7
    recording = record.opened("attached")
    assert f"Attached to process {shell} (bash -c" in recording.stderr
    assert_the_rest_was_seen(recording, shell)


def test_below_a_process_another_pid_namespace_may_begin(
    record: Recorder, contained: tuple[subprocess.Popen[bytes], int]
) -> None:
    front, shell = contained
    with attached(record, front.pid) as tracer:
        let_go_on(record)
        tracer.wait(60)
    recording = record.opened("attached")
    assert recording.process(shell)["ppid"] == front.pid
    assert recording.process(front.pid)["exit_status"] == front.wait()
    assert_the_rest_was_seen(recording, shell)


def test_within_a_pid_namespace_its_own_numbers_count(
    record: Recorder, contained: tuple[subprocess.Popen[bytes], int]
) -> None:
    """A tracer that was started in there attaches to process 1."""
    _, shell = contained
    enter = ("nsenter", "--target", str(shell), "--pid", "--mount")
    with attached(record, 1, prefix=enter, options=["--for", "300ms"]) as tracer:
        tracer.wait(60)
    recording = record.opened("attached")
    assert "Attached to process 1 (bash -c" in recording.stderr
    process = assert_waiting_shell_was_seen(recording, shell)
    assert process["flags"] & ProcessFlag.END_UNSEEN


def test_a_call_that_never_returns_lasts_as_long_as_the_recording(record: Recorder) -> None:
    with running("bash", "-c", "sleep 60; true") as target:
        await_that(lambda: programs_below(target.pid) == ["bash", "sleep"], "sleep")
        await_that(lambda: state_of(descendants(target.pid)[1]) == "S", "sleep to wait")
        recording = attachment(record, target.pid, **{"for": "300ms"})
    assert "Ends after 300ms, or with Ctrl-C." in recording.stderr
    flags = SyscallFlag.NO_ENTRY | SyscallFlag.UNFINISHED
    assert {call.syscall: call.flags for call in recording.calls} == {
        "wait4": flags,
        "clock_nanosleep": flags,
    }
    assert recording.meta.in_flight_by_syscall == {}
    assert recording.meta.complete
    assert_conserved(recording)
    report = record.run("report", recording.directory)
    assert "waiting for a timer (sleep)" in report.stdout


def test_bash_is_known_to_be_within_its_functions(shell: Recording) -> None:
    sites = {row["site_id"]: row for row in shell.rows("sites")}
    (opened,) = (c for c in shell.calls_of("openat") if str(c.path).endswith("/in-inner"))
    site = sites[opened.row["site_id"]]
    assert site["stack"] == ["main", "outer", "inner"]
    assert site["line"] == 2
    (wait,) = (c for c in shell.calls_of("wait4") if c.flags & SyscallFlag.NO_ENTRY)
    assert sites[wait.row["site_id"]]["stack"] == ["main", "outer", "inner"]


def test_threads_are_attached(record: Recorder) -> None:
    script = (
        "import threading, time, os, sys\n"
        "def work():\n"
        "    while os.getppid() and not os.path.exists(sys.argv[1]): time.sleep(0.01)\n"
        "threading.Thread(target=work).start(); print('ready', flush=True)\n"
    )
    end = record.folder / "end"
    with running("python3", "-c", script, end) as target:
        assert target.stdout
        target.stdout.readline()
        with attached(record, target.pid) as front:
            time.sleep(0.1)
            end.touch()
            front.wait(60)
        assert target.wait() == 0
    recording = record.opened("attached")
    assert len({call.tid for call in recording.calls}) > 1
    assert recording.meta.exit_status == 0


@pytest.mark.parametrize("below", [False, True], ids=["itself", "its parent"])
def test_a_process_whose_first_thread_has_ended_is_attached(
    record: Recorder, workloads: Path, below: bool
) -> None:
    """/proc shows neither program nor files by the number of such a process."""
    (record.folder / "beside").touch()
    program = workloads / "leaderless"
    command = ("sh", "-c", '"$0"; exit $?', program) if below else (program,)
    with running(*command, stdin=subprocess.PIPE, cwd=record.folder) as target:
        assert target.stdout
        thread = int(target.stdout.readline().split()[1])
        pid = descendants(target.pid)[-1]
        await_that(lambda: state_of(pid) == "Z" and state_of(thread) == "S", "one thread alone")
        with attached(record, target.pid) as front:
            fed(target)
            front.wait(60)
        assert target.wait() == 3
    recording = record.opened("attached")
    leaderless = recording.process(pid)
    assert leaderless["exit_status"] == 3
    (child,) = (r for r in recording.processes if r["parent_proc_id"] == leaderless["proc_id"])
    assert child["exit_status"] == 7
    (image,) = recording.images_of(leaderless["proc_id"])
    assert (image["exe"], image["argv"]) == (str(program), [str(program)])
    own = [call for call in recording.calls if call.pid == pid]
    assert {call.tid for call in own} == {thread}
    assert own[0].syscall == "read"
    assert own[0].flags & SyscallFlag.NO_ENTRY
    assert own[0].file["kind"] == "pipe"
    assert recording.call("openat", record.folder / "beside").errno is None
    assert recording.meta.in_flight_by_syscall == {}
    assert recording.meta.complete
    assert_conserved(recording)


@pytest.mark.parametrize("whom", ["front", "recorder"])
def test_a_target_is_unharmed_by_the_death_of_its_tracer(
    record: Recorder, workloads: Path, whom: str
) -> None:
    _, command = begun_loops(record, workloads)
    with running(*command, stdin=subprocess.PIPE) as target:
        with attached(record, target.pid) as front:
            recorder = holder_of(record.folder / "attached" / LIVE / "events.bin")
            assert recorder
            programs = programs_of(recorder)
            assert programs
            os.kill(front.pid if whom == "front" else recorder, signal.SIGKILL)
            front.wait(60)
            await_that(partial(has_ended, recorder), "the end of the recorder")
            for program in programs:
                await_that(partial(is_gone, program), f"BPF program {program} to go")
        fed(target)
        assert target.wait(60) == 0
    recording = record.opened("attached")
    assert not recording.meta.complete
    assert recording.calls
    assert_conserved(recording)


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_recording_and_not_the_target(record: Recorder, signo: int) -> None:
    with running("sleep", "60") as target:
        with attached(record, target.pid) as front:
            front.send_signal(signo)
            assert front.wait(60) == 0
        assert target.poll() is None
    assert record.opened("attached").meta.complete


def test_two_attached_to_one_process_see_the_same(record: Recorder, workloads: Path) -> None:
    folder, command = begun_loops(record, workloads)
    with running(*command, stdin=subprocess.PIPE) as target:
        await_that(lambda: len(list(folder.iterdir())) == PROCESSES, "the loops")
        stop_all(target.pid)
        with (
            attached(record, target.pid, name="one") as one,
            attached(record, target.pid, name="two") as two,
        ):
            signal_all(target.pid, signal.SIGCONT)
            time.sleep(0.2)
            fed(target)
            assert (one.wait(60), two.wait(60)) == (0, 0)
        assert target.wait() == 0
    first, second = (record.opened(name) for name in ("one", "two"))
    assert first.meta.complete
    assert second.meta.complete
    counts = [Counter((c.tid, c.syscall) for c in r.calls) for r in (first, second)]
    assert counts[0] == counts[1]


def test_a_recorded_command_can_be_attached_to(record: Recorder, workloads: Path) -> None:
    _, command = begun_loops(record, workloads)
    front = record.start(*command, stdin=subprocess.PIPE, name="recorded")
    await_that(lambda: len(list((record.folder / "loops").iterdir())) == PROCESSES, "the loops")
    target = next(pid for pid in descendants(front.pid) if len(descendants(pid)) > PROCESSES)
    target = max(target, *(p for p in descendants(front.pid) if len(descendants(p)) > PROCESSES))
    with attached(record, target) as second:
        time.sleep(0.2)
        fed(front)
        assert (front.wait(60), second.wait(60)) == (0, 0)
    recorded, other = record.opened("recorded"), record.opened("attached")
    assert recorded.meta.complete
    assert other.meta.complete
    assert len(recorded.calls) > len(other.calls) > 0


def test_a_trace_that_cannot_be_made_is_no_success(record: Recorder) -> None:
    with running("cat", stdin=subprocess.PIPE) as target, attached(record, target.pid) as front:
        (record.folder / "attached").rename(record.folder / "elsewhere")
        fed(target)
        assert front.wait(TIMEOUT_S) == 1
    assert "was moved to" in record.opened("attached").stderr


def refusal(record: Recorder, *words: str) -> str:
    done = record.run("attach", *words)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_cannot_be_attached_to_is_refused_in_words(record: Recorder) -> None:
    ended = subprocess.Popen(["true"])
    await_that(lambda: state_of(ended.pid) == "Z", "a process that has ended")
    assert "has ended already" in refusal(record, "-p", str(ended.pid))
    ended.wait()
    assert "There is no process" in refusal(record, "-p", str(ended.pid))
    assert "thread of the kernel" in refusal(record, "-p", "2")
    assert "is not the number" in refusal(record, "-p", "1,x")
    assert "is not the number" in refusal(record, "-p", "0")
    assert "not a duration" in refusal(record, "-p", "1", "--for", "soon")


def test_a_target_that_executes_a_setuid_program(record: Recorder) -> None:
    os.mkfifo(record.folder / "fifo")
    script = 'read line < "$1/fifo"; mount > /dev/null; exit 3'
    with running("bash", "-c", script, "bash", record.folder) as target:
        await_that(lambda: state_of(target.pid) == "S", "bash to wait")
        with attached(record, target.pid) as front:
            (record.folder / "fifo").write_text("go on\n")
            front.wait(60)
        assert target.wait() == 3
    recording = record.opened("attached")
    assert "mount" in {Path(str(row["exe"])).name for row in recording.images}
    assert recording.meta.complete


def test_thousands_of_processes_are_attached_to(record: Recorder) -> None:
    count = 2000
    script = f"for i in {{1..{count}}}; do sleep 60 & done; echo ready; wait"
    with running("bash", "-c", script) as target:
        assert target.stdout
        target.stdout.readline()
        recording = attachment(record, target.pid, **{"for": "100ms"})
        below = descendants(target.pid)
        for pid in reversed(below):
            os.kill(pid, signal.SIGKILL)
    assert len(recording.processes) == count + 1 == len(below)
    assert recording.meta.complete
