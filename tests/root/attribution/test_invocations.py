"""Scripts that are started in every way there is: what their file is called in the trace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from aklo_trace.schema import SiteFlag
from aklo_trace.text import decode

from ..recording import Recorder, Recording, Row
from .conftest import version
from .labels import write

CHECK = "[[ -e /here/{} ]]\n"


@pytest.fixture
def folder(record: Recorder) -> Path:
    """With two folders in it, each with a script of the same names."""
    for name in ("one", "two"):
        (record.folder / name).mkdir()
        write(record.folder / name / "lib.bash", f"in_lib() {{ {CHECK.format(name)} }}\nin_lib\n")
    return record.folder


def places(recording: Recording) -> dict[str, Row]:
    """The place of each check, by what it checked."""
    sites = {row["site_id"]: row for row in recording.rows("sites")}
    return {
        str(call.path).removeprefix("/here/"): sites[call.site_id]
        for call in recording.calls
        if str(call.path).startswith("/here/")
    }


def check(recording: Recording, word: str, function: str | None, file: object) -> None:
    place = places(recording)[word]
    assert (place["function"], place["file"]) == (function, None if file is None else str(file))
    assert not place["flags"] & SiteFlag.FILE_RELATIVE


def file_of_text(bash: str) -> str | None:
    """What a function that stands in no file has for one: from 5.3 on, bash says $0."""
    return None if version(bash) in ("5.0", "5.1", "5.2") else bash


SCRIPT = f"f() {{ {CHECK.format('f')} }}\nf\n{CHECK.format('top')}"


NAMES = ("main", "environment", "source", "a b", "ž", "x\ny")
PREFIXES = {"": "", "./": "", "../one/": "../one/", "./../one//": "../one/"}
"""How a script is named, and what is left of that: `..` can lead through a symbolic link."""


def test_scripts_named_relatively(record: Recorder, folder: Path, bash: str) -> None:
    for name in NAMES:
        text = 'f() { [[ -e "/here/f:$1" ]]; }\nf "$1"\n[[ -e "/here/top:$1" ]]\n'
        (folder / "one" / name).write_text(text)
    named = [prefix + name for prefix in PREFIXES for name in NAMES]
    script = 'for name; do "$BASH" "$name" "${name////|}"; done'
    recording = record(bash, "-c", script, bash, *named, cwd=folder / "one")
    for prefix, kept in PREFIXES.items():
        for name in NAMES:
            word = (prefix + name).replace("/", "|")
            path = f"{folder}/one/{kept}{name}"
            check(recording, f"f:{word}", "f", path)
            check(recording, f"top:{word}", None, path)


def test_a_script_started_by_its_first_line(record: Recorder, folder: Path, bash: str) -> None:
    path = folder / "one" / "script"
    path.write_text(f"#!{bash}\n{SCRIPT}")
    path.chmod(0o755)
    recording = record("./script", cwd=folder / "one")
    check(recording, "f", "f", path)
    check(recording, "top", None, path)


def test_a_script_started_by_env(record: Recorder, folder: Path) -> None:
    path = folder / "one" / "script"
    path.write_text(f"#!/usr/bin/env bash\n{SCRIPT}")
    path.chmod(0o755)
    check(record("./script", cwd=folder / "one"), "f", "f", path)


def test_a_script_found_on_the_path(record: Recorder, folder: Path, bash: str) -> None:
    path = folder / "one" / "found-on-path"
    path.write_text(f"#!{bash}\n{SCRIPT}")
    path.chmod(0o755)
    environ = {**record.environ, "PATH": f"{folder}/one:{os.environ['PATH']}"}
    recording = record("found-on-path", cwd=folder, env=environ)
    check(recording, "f", "f", path)


def test_a_symbolic_link_keeps_its_own_name(record: Recorder, folder: Path, bash: str) -> None:
    (folder / "one" / "script").write_text(SCRIPT)
    link = folder / "two" / "link"
    link.symlink_to(folder / "one" / "script")
    check(record(bash, link), "f", "f", link)


def test_bytes_that_are_not_utf8(record: Recorder, folder: Path, bash: str) -> None:
    path = bytes(folder) + b"/one/\xff\x01 '\"\\.bash"
    Path(os.fsdecode(path)).write_text(SCRIPT)
    recording = record(bash, path)
    check(recording, "f", "f", decode(path)[0])
    assert places(recording)["f"]["flags"] & SiteFlag.NOT_UTF8


def test_standard_input_is_no_file(record: Recorder, folder: Path, bash: str) -> None:
    path = folder / "script"
    path.write_text(SCRIPT)
    with path.open() as file:
        recording = record(bash, stdin=file)
    check(recording, "f", "f", file_of_text(bash))
    check(recording, "top", None, None)
    assert [places(recording)[word]["line"] for word in ("f", "top")] == [1, 4]


def test_a_string_is_no_file(record: Recorder, bash: str) -> None:
    recording = record(bash, "-c", SCRIPT)
    check(recording, "f", "f", file_of_text(bash))
    check(recording, "top", None, None)


def test_a_script_that_changes_directory(record: Recorder, folder: Path, bash: str) -> None:
    """What was sourced keeps the directory that it was found in."""
    text = f"""
f() {{ {CHECK.format("f")} }}
cd one; source ./lib.bash
cd ../two
f; {CHECK.format("top")}
in_lib() {{ :; }}
source ./lib.bash
cd /
in_lib
"""
    path = folder / "script.bash"
    path.write_text(text)
    recording = record(bash, "script.bash", cwd=folder)
    check(recording, "f", "f", path)
    check(recording, "top", None, path)
    check(recording, "one", "in_lib", folder / "one/lib.bash")
    check(recording, "two", "in_lib", folder / "two/lib.bash")


def test_one_relative_name_in_two_shells(record: Recorder, folder: Path, bash: str) -> None:
    """Each child bash starts in another folder."""
    quoted = shlex.quote(bash)
    script = f"for d in one two one two; do (cd $d; {quoted} lib.bash); done"
    recording = record(bash, "-c", script, cwd=folder)
    for name in ("one", "two"):
        check(recording, name, "in_lib", folder / name / "lib.bash")


def test_a_function_of_the_parent_in_a_subshell(record: Recorder, folder: Path, bash: str) -> None:
    """It was read in another folder, by the parent."""
    recording = record(bash, "-c", "cd one; . ./lib.bash; cd /; ( (in_lib) )", cwd=folder)
    check(recording, "one", "in_lib", folder / "one/lib.bash")


def test_a_function_named_main(record: Recorder, folder: Path, bash: str) -> None:
    path = folder / "script.bash"
    path.write_text(f"main() {{ {CHECK.format('in')} }}\nmain\n{CHECK.format('top')}")
    recording = record(bash, path)
    check(recording, "in", "main", path)
    check(recording, "top", None, path)


def test_a_function_named_main_of_a_string(record: Recorder, bash: str) -> None:
    recording = record(bash, "-c", f"main() {{ {CHECK.format('in')} }}\nmain")
    check(recording, "in", "main", file_of_text(bash))


def test_an_exported_function_named_main(record: Recorder, bash: str) -> None:
    environ = {**record.environ, "BASH_FUNC_main%%": f"() {{ {CHECK.format('in')} }}"}
    recording = record(bash, "-c", "main", env=environ)
    check(recording, "in", "main", None)


def test_a_function_named_main_of_standard_input(record: Recorder, folder: Path, bash: str) -> None:
    path = folder / "script"
    path.write_text(f"main() {{ {CHECK.format('in')} }}\nmain\n")
    with path.open() as file:
        check(record(bash, stdin=file), "in", "main", file_of_text(bash))
