"""The configuration is changed from the command line, and nothing else with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Project


def said(project: Project, *words: str, **variables: str) -> str:
    done = project.run("config", *words, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refused(project: Project, *words: str, **variables: str) -> str:
    done = project.run("config", *words, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") >= 1
    return done.stderr


def test_a_key_is_set_read_and_taken_out(project: Project) -> None:
    project.toml.write_text("# mine\n[trace]\ntop = 10  # rows\n")
    project.toml.chmod(0o640)
    text = said(project, "set", "trace.top", "20")
    assert text == f"{project.toml}: written; trace.top is now 20\n"
    assert project.toml.read_text() == "# mine\n[trace]\ntop = 20  # rows\n"
    assert project.toml.stat().st_mode & 0o777 == 0o640
    backup = project.toml.with_name("config.toml.bak")
    assert backup.read_text() == "# mine\n[trace]\ntop = 10  # rows\n"
    assert said(project, "get", "trace.top") == "20\n"
    assert said(project, "get", "trace.top", "--origin") == f"20  {project.toml}:3\n"
    assert "is now 10 (default)" in said(project, "unset", "trace.top")
    assert project.toml.read_text() == "# mine\n[trace]\n"
    assert "is not set in" in refused(project, "unset", "trace.top")


def test_files_are_made_and_links_are_followed(project: Project, tmp_path: Path) -> None:
    said(project, "set", "monitoring.retention_size", "2GiB")
    assert project.toml.read_text() == '[monitoring]\nretention_size = "2GiB"\n'
    assert project.toml.stat().st_mode & 0o777 == 0o600
    kept = tmp_path / "dotfiles.toml"
    project.toml.rename(kept)
    project.toml.symlink_to(kept)
    said(project, "set", "trace.top", "3")
    assert project.toml.is_symlink()
    assert said(project, "get", "trace.top") == "3\n"
    elsewhere = tmp_path / "other.toml"
    said(project, "set", "trace.top", "7", "--file", str(elsewhere))
    assert elsewhere.read_text() == "[trace]\ntop = 7\n"


def test_what_counts_more_is_named(project: Project) -> None:
    assert "There is no project here" in refused(project, "set", "trace.top", "3", "--project")
    project.conf.write_text("A=1\n")
    text = said(project, "set", "IO_RETENTION_DAYS", "30", "--project")
    assert text == f"{project.conf}: written; monitoring.retention_days is now 30\n"
    assert project.conf.read_text() == "A=1\n\n[monitoring]\nIO_RETENTION_DAYS=30\n"
    text = said(project, "set", "monitoring.retention_days", "90")
    assert text.endswith(f"is now 30, from {project.conf}:4\n")
    text = refused(project, "unset", "trace.top", AKLO_TRACE_TOP="4")
    assert text.endswith("config.toml, but in AKLO_TRACE_TOP.\n")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("set trace.top many", 'trace.top must be a whole number from 1 to 1,000,000, not "many".'),
        ("set trace.tops 3", "trace.tops is no key; did you mean top?"),
        ("set rules.SH01.nothing 3", "rules.SH01.nothing"),
        ("set trace.top", "config set takes a name and a value."),
        ("get", "config get takes one name."),
        ("get alert.x.over", "alert.x.over is not set, and has no default."),
        ("show trace.top", "config show takes no name."),
        ("sett trace.top 3", "did you mean set?"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    words: str, what: str, project: Project
) -> None:
    assert what in refused(project, *words.split())
    assert not project.toml.exists()


def test_an_alert_is_made_one_key_at_a_time(project: Project) -> None:
    first = project.run("config", "set", "alert.many.metric", "processes")
    assert first.returncode == 0
    assert "alert.many needs one of" in first.stderr
    said(project, "set", "alert.many.over", "3")
    shown = [line.split() for line in said(project, "show").splitlines()]
    assert ["alert.many.metric", '"processes"'] in shown
    assert ["alert.many.over", '"3"'] in shown


def editor(folder: Path, script: str) -> str:
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_what_was_edited_is_put_in_place_once_it_can_be_used(
    project: Project, tmp_path: Path
) -> None:
    project.conf.write_text("[trace]\ntop=3\n")
    wrong = editor(tmp_path, 'sed -i s/top=3/top=none/ "$1"')
    text = refused(project, "edit", "--project", VISUAL=wrong, TMPDIR=str(tmp_path))
    assert f"{project.conf}:2: top: must be" in text
    assert project.conf.read_text() == "[trace]\ntop=3\n"
    (kept,) = tmp_path.glob("aklo-trace-config-*/aklo.conf")
    assert kept.read_text() == "[trace]\ntop=none\n"
    assert str(kept) in text
    right = editor(tmp_path, 'sed -i s/top=3/top=4/ "$1"')
    assert said(project, "edit", "--project", EDITOR=right, VISUAL="").endswith(": written\n")
    assert project.conf.read_text() == "[trace]\ntop=4\n"
    idle = editor(tmp_path, "true")
    assert "not changed" in said(project, "edit", "--project", VISUAL=idle)
    for broken in (editor(tmp_path, "exit 3"), "/no/such/editor"):
        assert "The editor" in refused(project, "edit", VISUAL=broken, TMPDIR=str(tmp_path))
    assert "No closing quotation".lower() in refused(project, "edit", VISUAL="vi 'x")
    assert len([*tmp_path.glob("aklo-trace-config-*")]) == 1


def test_a_file_that_cannot_be_written_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = project.run("config", "set", "trace.top", "3", "--file", str(tmp_path / "file/x.toml"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert os.listdir(project.folder) == []  # noqa: PTH208
