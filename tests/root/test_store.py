"""Where a trace goes, what is refused, and how it is found again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from aklo_trace.escape import escape
from aklo_trace.schema import TABLES
from aklo_trace.store import DONE, LIVE

from .recording import TRACER_FAILED, Recorder, Recording, await_that


def assert_one_paragraph(stderr: str) -> None:
    assert stderr.startswith("aklo-trace: ")
    assert stderr.count("\n") == 1
    assert "None" not in stderr


def refused(recording: Recording, word: str) -> bool:
    """Whether the tracer failed before the target started, for a reason that has this word."""
    assert_one_paragraph(recording.stderr)
    assert word in recording.stderr
    return recording.status == TRACER_FAILED and recording.stdout == ""


@pytest.fixture
def taken(record: Recorder) -> Path:
    """The directory that recordings of this test go to."""
    return record.folder / "trace"


@pytest.mark.parametrize("options", [[], ["--force"]], ids=["", "--force"])
def test_a_folder_that_is_no_trace_is_never_touched(
    record: Recorder, taken: Path, options: list[str]
) -> None:
    taken.mkdir()
    (taken / "thesis").write_text("three years of work")
    assert refused(record("echo", "ran", options=options, fails=True), str(taken))
    assert (taken / "thesis").read_text() == "three years of work"
    assert os.listdir(taken) == ["thesis"]  # noqa: PTH208


@pytest.mark.parametrize("options", [[], ["--force"]], ids=["", "--force"])
def test_a_file_is_never_touched(record: Recorder, taken: Path, options: list[str]) -> None:
    taken.write_text("content")
    assert refused(record("echo", "ran", options=options, fails=True), str(taken))
    assert taken.read_text() == "content"


@pytest.mark.parametrize("options", [[], ["--force"]], ids=["", "--force"])
def test_a_dangling_link_is_never_followed(
    record: Recorder, taken: Path, options: list[str]
) -> None:
    taken.symlink_to(record.folder / "nowhere")
    assert refused(record("echo", "ran", options=options, fails=True), str(taken))
    assert taken.is_symlink()


def test_a_trace_is_replaced_only_by_force(record: Recorder, taken: Path) -> None:
    record("echo", "first")
    before = (taken / "meta.json").read_bytes()
    assert refused(record("echo", "second", fails=True), "--force")
    assert (taken / "meta.json").read_bytes() == before
    assert record("echo", "third", options=["--force"]).meta.argv == ("echo", "third")


def test_a_trace_is_not_replaced_while_it_is_recorded(record: Recorder, taken: Path) -> None:
    process = record.start("cat", stdin=subprocess.PIPE)
    with process:
        await_that((taken / LIVE / "events.bin").exists, "the recorder")
        other = Recorder(record.engine, taken.parent, record.environ)
        late = other("echo", "ran", name="late", options=["--force", "-o", taken], fails=True)
        assert refused(late, "still being recorded")
    assert record.ended(process).meta.complete


@pytest.mark.parametrize(
    "place", ["/proc/none/trace", "/etc/passwd/trace", f"/tmp/{'n' * 300}", "/sys/kernel/trace"]
)
def test_a_place_that_cannot_be_written(record: Recorder, place: str) -> None:
    assert refused(record("echo", "ran", options=["-o", place], fails=True), place)


def test_nothing_is_left_of_a_recording_that_could_not_begin(record: Recorder) -> None:
    missing = record("no-such-command-anywhere", fails=True)
    assert missing.status == 127
    assert_one_paragraph(missing.stderr)
    assert not missing.directory.exists()


def test_a_trace_that_is_being_recorded_is_not_read(record: Recorder, taken: Path) -> None:
    process = record.start("cat", stdin=subprocess.PIPE)
    with process:
        await_that((taken / LIVE / "events.bin").exists, "the recorder")
        for verb in ("info", "report", "recover"):
            shown = record.run(verb, taken)
            assert shown.returncode == 1
            assert_one_paragraph(shown.stderr)
            assert "still being recorded" in shown.stderr
    assert record.ended(process).meta.complete
    assert record.run("report", taken).returncode == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An aklo project, with a folder in it."""
    project = tmp_path / "project"
    (project / "deep" / "down").mkdir(parents=True)
    (project / ".aklo.conf").write_text("")
    return project


def without_output(record: Recorder, *command: str, cwd: Path) -> str:
    """Record where traces go by themselves; what is said on stderr."""
    done = subprocess.run(
        [*record.command, "--format", "none", "--engine", record.engine, "--", *command],
        cwd=cwd,
        env=record.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    return done.stderr


def test_in_a_project_traces_go_to_its_store(record: Recorder, project: Path) -> None:
    said = without_output(record, "echo", "a b", "/c", cwd=project / "deep" / "down")
    (trace,) = project.glob(".aklo_metrics/*echo-a-b-c")
    assert said == f"trace: {trace}\n"
    assert (project / ".aklo_metrics" / ".gitignore").read_text().endswith("*\n")


def test_git_does_not_see_the_store(record: Recorder, project: Path) -> None:
    git = shutil.which("git")
    if not git:
        pytest.skip("there is no git")
    subprocess.run([git, "init", "-q", project], check=True)
    without_output(record, "true", cwd=project)
    seen = subprocess.run(
        [git, "status", "--porcelain"], cwd=project, check=True, capture_output=True, text=True
    )
    assert "aklo_metrics" not in seen.stdout
    assert ".aklo.conf" in seen.stdout


def test_elsewhere_traces_go_to_the_users_store(record: Recorder, tmp_path: Path) -> None:
    said = without_output(record, "true", cwd=tmp_path)
    (trace,) = (tmp_path / ".local/share/aklo-trace").glob("*-true")
    assert said == f"trace: {trace}\n"


def test_what_is_written_is_for_its_owner_alone(record: Recorder, tmp_path: Path) -> None:
    without_output(record, "true", cwd=tmp_path)
    written = list((tmp_path / ".local/share/aklo-trace").rglob("*"))
    assert {oct(path.stat().st_mode & 0o777) for path in written if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in written if path.is_dir()} == {"0o700"}


def test_what_is_being_written_is_for_its_owner_alone(record: Recorder, taken: Path) -> None:
    process = record.start("cat", stdin=subprocess.PIPE)
    with process:
        await_that((taken / LIVE / "events.bin").exists, "the recorder")
        written = list(taken.rglob("*"))
        modes = {oct(path.stat().st_mode & 0o777) for path in written if path.is_file()}
        assert modes == {"0o600"}
    record.ended(process)


def test_traces_are_found_by_name_and_as_the_latest(record: Recorder, project: Path) -> None:
    here = Recorder(record.engine, project, record.environ)
    for word in ("one", "two"):
        without_output(record, "echo", word, cwd=project)
    listed = json.loads(here.run("list", "--format", "json").stdout)
    assert [entry["argv"] for entry in listed] == [["echo", "two"], ["echo", "one"]]
    name = Path(listed[1]["directory"]).name
    for wanted, word in (("latest", "two"), (name, "one"), (listed[0]["directory"], "two")):
        shown = json.loads(here.run("info", wanted, "--format", "json").stdout)
        assert shown["argv"] == ["echo", word]
        assert f"echo {word}" in here.run("report", wanted).stdout


@pytest.mark.parametrize("name", ["no-such-trace", "latest", "x" * 5000, "/no/such/place"])
def test_a_name_that_nothing_has(record: Recorder, name: str) -> None:
    shown = record.run("info", name)
    assert shown.returncode == 1
    assert_one_paragraph(shown.stderr)
    assert "There is no trace" in shown.stderr


def test_from_a_folder_that_was_removed(record: Recorder, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = [*record.command, "--format", "none", "-o", str(tmp_path / "trace"), "--", "true"]
    script = f"cd {gone} && rmdir {gone} && exec " + subprocess.list2cmdline(command)
    done = subprocess.run(
        ["sh", "-c", script], env=record.environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    shown = record.run("info", tmp_path / "trace")
    assert "directory  unknown" in shown.stdout


def test_nothing_of_the_live_part_stays(record: Recorder, taken: Path) -> None:
    record("true")
    names = {path.name for path in taken.iterdir()}
    assert names == {"meta.json", *(table.name for table in TABLES)}
    assert not {LIVE, DONE} & names


MEANWHILE = {
    "rm -r trace": "trace was removed while",
    "rm -r trace; mkdir trace": "trace was removed while",
    "rm -r trace; ln -s /etc trace": "trace was removed while",
    "rm -r trace/live": "trace was removed while",
    "mv trace elsewhere": "trace was moved to",
    "mv trace elsewhere; cp -r elsewhere trace": "trace was moved to",
    "rm trace/live/start.json": "start.json",
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_becomes_of_a_trace_meanwhile_is_said(record: Recorder, what: str) -> None:
    recording = record("sh", "-c", f"{what}; exit 3", cwd=record.folder)
    assert recording.status == 3
    assert_one_paragraph(recording.stderr)
    assert MEANWHILE[what] in recording.stderr
    moved = record.folder / "elsewhere"
    if moved.exists():
        assert f"'aklo-trace recover {moved}'" in recording.stderr
        assert record.run("recover", moved).returncode == 0
        found = record.opened("elsewhere")
        assert (found.meta.complete, found.meta.exit_status) == (True, 3)


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}])
def test_a_trace_whose_name_is_not_utf8(record: Recorder, environ: dict[str, str]) -> None:
    raw = b"caf\xe9 \x1b[31m"
    folder = record.folder / os.fsdecode(raw)
    folder.mkdir()
    (folder / ".aklo.conf").touch()
    here = Recorder(record.engine, folder, {**record.environ, **environ})
    trace = folder / os.fsdecode(b"tr\xff")
    done = here("sh", "-c", "exit 3", raw, options=["-o", trace], cwd=folder)
    assert (done.status, done.stderr) == (3, "trace: " + escape(str(trace)) + "\n")
    assert without_output(here, "true", cwd=folder).startswith("trace: ")
    for verb, wanted in (*product(("info", "recover", "report"), (trace, "latest")), ("list", "")):
        shown = here.run(verb, *filter(None, [wanted]))
        assert (shown.returncode, shown.stderr) == (0, ""), verb
        assert "\x1b" not in shown.stdout
        assert "\\xe9" in shown.stdout or verb == "report"
    found = json.loads(here.run("info", trace, "--format", "json").stdout)
    assert [os.fsencode(word) for word in found["argv"]] == [b"sh", b"-c", b"exit 3", raw]
    assert os.fsencode(found["cwd"]) == os.fsencode(folder)


@pytest.mark.parametrize("verb", ["info", "report", "recover", "list"])
def test_what_a_terminal_would_obey_is_never_printed(record: Recorder, verb: str) -> None:
    word = "\x1b[31mred\n\u202e"
    for arguments in ([word], ["--format", word], [f"--no-such={word}"], ["latest", word]):
        shown = record.run(verb, *arguments)
        assert shown.returncode in (1, 2)
        assert "\x1b" not in shown.stderr
        assert "\u202e" not in shown.stderr
