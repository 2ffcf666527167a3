"""Shells of all kinds in one trace: whose code is named, and what is said of the others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.schema import SyscallFlag
from aklo_trace.store import LIVE

from ..recording import Call, Recorder, Recording, Row
from ..users import User
from .conftest import bashes

SYSTEM_BASH = Path(bashes()[0]).resolve()
HIDDEN = (b"line_number\0", b"line_numbeR\0")
ROUNDS = 200
CHECKED = "/here/"


def altered(path: Path, before: bytes = b"", after: bytes = b"") -> Path:
    """A copy of the system's bash in which some bytes are others."""
    program = SYSTEM_BASH.read_bytes()
    assert before in program
    path.write_bytes(program.replace(before, after.ljust(len(before), b"\0")))
    path.chmod(0o755)
    return path


def checks(recording: Recording) -> list[tuple[Call, Row | None]]:
    """Calls that ask for a file below CHECKED, with their places."""
    sites = {row["site_id"]: row for row in recording.rows("sites")}
    return [
        (call, sites.get(call.site_id))
        for call in recording.calls
        if str(call.path).startswith(CHECKED)
    ]


def shells_of(recording: Recording) -> set[str]:
    return {row["shell"] for row in recording.images if row["shell"]}


def note(recording: Recording, about: str) -> str:
    (found,) = (note for note in recording.meta.notes if about in note)
    return found


def assert_silent(recording: Recording) -> None:
    assert checks(recording)
    assert all(call.site_id is None for call in recording.calls)
    assert all(row["site_id"] is None for row in recording.images)


def test_an_unknown_version_is_not_guessed(record: Recorder) -> None:
    shell = altered(record.folder / "bash", b"@(#)Bash version 5.", b"@(#)Bash version 9.")
    recording = record(shell, "-c", "f() { [[ -e /here/f ]]; }; f; (f)")
    assert_silent(recording)
    assert "without functions and lines: this version's variables are not known" in note(
        recording, str(shell)
    )
    assert all(shell.startswith("bash 9.") for shell in shells_of(recording))


def test_hidden_symbols_are_not_guessed(record: Recorder) -> None:
    shell = altered(record.folder / "bash", *HIDDEN)
    recording = record(shell, "-c", "f() { [[ -e /here/f ]]; }; f")
    assert_silent(recording)
    assert "it has no symbol line_number" in note(recording, str(shell))


def test_what_is_told_of_other_shells(record: Recorder) -> None:
    if not shutil.which("dash"):
        pytest.skip("no dash")
    recording = record("dash", "-c", "test -e /here/f; dash -c :; (dash -c :); :")
    assert_silent(recording)
    assert note(recording, "dash") == (
        "3 processes ran dash, without functions and lines: only bash can be read."
    )
    assert shells_of(recording) == {"dash"}


def test_a_script_names_its_own_bash(record: Recorder) -> None:
    """It is looked at before it starts: no call is missed."""
    shell = altered(record.folder / "my-shell")
    script = record.folder / "script"
    script.write_text(f"#!{shell}\nf() {{ [[ -e /here/f ]]; }}\nf\n")
    script.chmod(0o755)
    recording = record(script)
    ((_, place),) = checks(recording)
    assert place is not None
    assert (place["function"], place["line"]) == ("f", 2)
    assert not any(call.flags & SyscallFlag.SITE_UNKNOWN for call in recording.calls)


def test_a_bash_that_is_met_while_recording(record: Recorder) -> None:
    """Nothing but its contents says that it is one. What it does before it was looked at is
    flagged."""
    shell = altered(record.folder / "tool")
    script = f"f() {{ [[ -e /here/$1 ]]; }}\nfor ((i = 0; i < {ROUNDS}; i++)); do\n    f $i\ndone"
    (record.folder / "script").write_text(script)
    looked_at = record.folder / "trace" / LIVE / SHELLS_FILE
    driver = '"$@"; until grep -q "$1" "$0"; do sleep 0.01; done; "$@"; :'
    recording = record("sh", "-c", driver, looked_at, shell, record.folder / "script")
    found = checks(recording)
    assert len(found) == 2 * ROUNDS
    for call, place in found:
        assert (place is None) == bool(call.flags & SyscallFlag.SITE_UNKNOWN)
        assert place is None or (place["function"], place["line"]) == ("f", 1)
    assert all(place is not None for _, place in found[ROUNDS:])


def test_programs_that_are_no_shells_are_not_flagged(record: Recorder) -> None:
    program = shutil.copy("/bin/true", record.folder / "program")
    recording = record("bash", "-c", f"{program}; {program}; :")
    calls = [call for call in recording.calls if call.image.get("exe") == str(program)]
    assert calls
    assert not any(call.flags & SyscallFlag.SITE_UNKNOWN for call in calls)


def test_bashes_of_several_builds_in_one_trace(record: Recorder) -> None:
    """Each is read at its own addresses."""
    script = record.folder / "script"
    script.write_text("f() {\n    [[ -e /here$1 ]]\n}\nf $1\n")
    copies = [altered(record.folder / f"bash{i}") for i in range(2)]
    shells = [*map(Path, bashes()), *copies]
    driver = f'for i in 1 2 3; do for shell; do "$shell" {script} $shell; done; done'
    recording = record("bash", "-c", driver, "bash", *shells)
    last = checks(recording)[-len(shells) :]
    for shell, (call, place) in zip(shells, last, strict=True):
        assert place is not None, shell
        assert (call.path, place["function"], place["line"]) == (f"/here{shell}", "f", 2)
        assert place["lines"][-1] == 4


def test_a_bash_that_is_replaced_while_it_runs(record: Recorder) -> None:
    """The new file has the old one's name, and is another program."""
    shell = altered(record.folder / "bash")
    other = altered(record.folder / "new", *HIDDEN)
    script = record.folder / "script"
    script.write_text(
        f"[[ -e /here/before ]]\nmv {other} {shell}\n[[ -e /here/after ]]\n"
        f"{shell} -c '[[ -e /here/new ]]'\n[[ -e /here/last ]]\n"
    )
    recording = record(shell, script)
    lines = {call.path: place and place["line"] for call, place in checks(recording)}
    assert lines == {"/here/before": 1, "/here/after": 3, "/here/new": None, "/here/last": 5}


def test_a_bash_on_an_overlay(record: Recorder) -> None:
    """There the kernel's numbers of device and inode are not those of stat(2)."""
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no overlay file system")
    for name in ("lower", "upper", "work", "merged"):
        (record.folder / name).mkdir()
    altered(record.folder / "lower" / "bash")
    mount = "mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged"
    prefix = ("unshare", "-m", "sh", "-c", f'cd {record.folder} && {mount} && exec "$@"', "sh")
    shell = record.folder / "merged" / "bash"
    recording = record(shell, "-c", "f() { [[ -e /here/f ]]; }; f", prefix=prefix)
    ((_, place),) = checks(recording)
    assert place is not None
    assert place["function"] == "f"


IN_A_NAMESPACE = """
mount -t tmpfs none "$0" && cp "$1" "$0/bash" && "$0/bash" -c "$2"
"""
WITHOUT_A_NAME = """
import os, sys
fd = os.memfd_create("shell", 0)
os.write(fd, open(sys.argv[1], "rb").read())
os.execv(f"/proc/self/fd/{fd}", ["bash", "-c", sys.argv[2]])
"""


def assert_named_or_noted(recording: Recording, shell: str) -> None:
    """A place for every check, or a note why there is none."""
    found = checks(recording)
    assert found
    notes = [note for note in recording.meta.notes if shell in note]
    if all(place is None for _, place in found):
        assert len(notes) == 1
        assert "1 process ran" in notes[0]
        assert "could not look at the file" in notes[0]
    else:
        assert notes == []
        assert {place["function"] for _, place in found[1:] if place} == {"f"}


def test_a_bash_in_a_mount_namespace_of_its_own(record: Recorder) -> None:
    place = record.folder / "mounted"
    place.mkdir()
    code = "f() { [[ -e /here/f ]]; }; for i in {1..300}; do f; done; sleep 0.3; f"
    options = ("unshare", "--mount", "bash", "-c", IN_A_NAMESPACE)
    assert_named_or_noted(record(*options, place, SYSTEM_BASH, code), f"{place}/bash")


def test_a_bash_without_a_name(record: Recorder) -> None:
    code = "f() { [[ -e /here/f ]]; }; f; sleep 0.3; f"
    recording = record(sys.executable, "-c", WITHOUT_A_NAME, SYSTEM_BASH, code)
    assert_named_or_noted(recording, "/proc/self/fd/")


def test_a_users_bash_without_a_name_is_looked_at_through_its_process(user: User) -> None:
    (user.folder / "nameless.py").write_text(WITHOUT_A_NAME)
    code = "f() { [[ -e /here/f ]]; }; f; sleep 0.3; f"
    traced = f"{user.python} nameless.py {SYSTEM_BASH} '{code}'"
    status, out, err = user.run(f"sudo $T --engine ebpf --format none -o trace -- {traced}")
    assert status == 1, err
    recording = Recording(user.folder / "trace", out, err, status)
    place = checks(recording)[-1][1]
    assert place is not None
    assert place["function"] == "f"
    assert recording.meta.notes == ()
