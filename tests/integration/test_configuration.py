"""The configuration as commands use it, and show it."""

from __future__ import annotations

import json

from .conftest import Project

HOSTILE = "x\x1b[2J\u202e"


def test_show_says_where_each_value_comes_from(project: Project) -> None:
    project.conf.write_text("# aklo\nIO_METRICS_DIR=kept  # here\n")
    project.toml.write_text("[trace]\n\ntop = 3\n")
    done = project.run("config", "show", "--origin", AKLO_TRACE_COLOR="never")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["monitoring.metrics_dir", '"kept"', f"{project.conf}:2"] in lines
    assert ["trace.top", "3", f"{project.toml}:3"] in lines
    assert ["trace.color", '"never"', "AKLO_TRACE_COLOR"] in lines
    assert ["trace.engine", '"auto"', "default"] in lines
    found = json.loads(project.run("config", "show", "--format", "json").stdout)
    top = next(setting for setting in found if setting["name"] == "trace.top")
    assert top == {
        "name": "trace.top",
        "value": 3,
        "origin": {"level": "user", "place": str(project.toml), "line": 3},
    }


def test_path_names_the_files_and_what_became_of_them(project: Project) -> None:
    project.conf.mkdir()
    project.toml.touch()
    done = project.run("config", "path")
    assert done.stdout.splitlines() == [
        f"project  {project.conf}: unreadable, it cannot be read: Is a directory",
        f"user     {project.toml}: used",
        "system   /nowhere/aklo-trace/config.toml: not there",
    ]


def test_validate_says_all_that_is_wrong(project: Project) -> None:
    assert project.run("config", "validate").returncode == 0
    project.conf.write_text(f"IO_RETENTION_DAYS={HOSTILE}\n[trace]\ntop=0\n")
    done = project.run("config", "validate")
    assert (done.returncode, done.stderr) == (2, "")
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{project.conf}:1: IO_RETENTION_DAYS: must be")
    assert second.startswith(f"{project.conf}:3: top: must be")
    assert all(line.isprintable() for line in (first, second))
    problems = json.loads(project.run("config", "validate", "--format", "json").stdout)
    assert [problem["origin"]["line"] for problem in problems] == [1, 3]


def test_show_leaves_out_what_cannot_be_used(project: Project) -> None:
    project.conf.write_text(
        "[alert.bad]\nmetric=proceses\nover=3\n[alert.good]\nmetric=calls\nover=9\n"
    )
    done = project.run("config", "show")
    assert "alert.bad" not in done.stdout
    assert "alert.good.over" in done.stdout
    assert ":2: alert.bad.metric: must be one of" in done.stderr


def test_a_word_that_is_nearly_one_is_named(project: Project) -> None:
    project.conf.write_text("[trace]\ncolor=allways\n")
    assert project.run("config", "validate").stdout.endswith("; did you mean always?\n")
    said = project.run("config", "shwo").stderr
    assert "There is no action 'shwo', but show, get, set," in said
    assert said.endswith("; did you mean show?\n")
    assert "'reprot' is no verb; did you mean report? To trace" in project.run("reprot").stderr
    assert "did you mean functions?" in project.run("report", "--section", "function").stderr


def test_a_recording_goes_where_the_configuration_says(project: Project) -> None:
    project.conf.write_text("IO_METRICS_DIR=kept\n[trace]\nengine=strace\n")
    assert project.run("-q", "--", "true").returncode == 0
    (trace,) = [path for path in (project.folder / "kept").iterdir() if path.is_dir()]
    assert json.loads((trace / "meta.json").read_text())["engine"] == "strace"
    assert trace.name in project.run("list").stdout
    assert project.run("info", "latest").stdout.startswith(f"trace      {trace}\n")


def test_an_option_counts_more_than_the_configuration(project: Project) -> None:
    project.toml.write_text('[trace]\nengine = "bcc"\ntop = 1\n')
    done = project.run("--engine", "strace", "--format", "json", "--", "true")
    report = json.loads(done.stderr.rpartition("}\n")[0] + "}")
    assert (report["meta"]["engine"], report["top"]) == ("strace", 1)


def test_what_is_wrong_does_not_keep_a_command_from_being_traced(project: Project) -> None:
    project.conf.write_text(f"IO_METRICS_DIR=\n[trace]\nengine={HOSTILE}\n{HOSTILE}=1\nTOP=x\n")
    done = project.run("--engine", "strace", "-q", "--", "sh", "-c", "echo out; exit 7")
    assert (done.returncode, done.stdout) == (7, "out\n")
    assert done.stderr.count("aklo-trace: configuration: ") == 4
    assert all(line.isprintable() for line in done.stderr.splitlines())
    assert (project.folder / ".aklo_metrics").is_dir()


def test_a_place_that_cannot_be_does_not_keep_a_command_from_being_traced(
    project: Project,
) -> None:
    project.conf.write_text("IO_METRICS_DIR=/dev/null\n")
    done = project.run("--engine", "strace", "-q", "--", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert f"{project.conf}:1: Traces cannot be kept in /dev/null: that is no" in done.stderr
    assert any(path.is_dir() for path in project.data.iterdir())


def test_a_relative_place_does_not_count_outside_of_a_project(project: Project) -> None:
    project.toml.write_text('[monitoring]\nmetrics_dir = "kept"\n')
    assert project.run("-q", "--engine", "strace", "--", "true").returncode == 0
    assert [path.name for path in project.folder.iterdir()] == []
    assert any(path.is_dir() for path in project.data.iterdir())
