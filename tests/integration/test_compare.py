"""`aklo-trace compare`: which traces its words mean, and what it prints."""

from __future__ import annotations

import json

import pytest

from .conftest import Project


@pytest.fixture
def recorded(project: Project) -> Project:
    """Two traces of one command in the store, and one of another beside it."""
    project.conf.write_text("")
    for output in ((), (), ("-o", "later")):
        command = "/bin/true" if output else "/bin/true; /bin/true"
        quiet = ("--engine", "strace", "-q", "--format", "none")
        done = project.run(*quiet, *output, "--", "sh", "-c", command)
        assert (done.returncode, done.stderr) == (0, "")
    return project


def test_traces_are_named_by_path_pattern_and_directory(recorded: Project) -> None:
    done = recorded.run("compare", "latest", "later", "--format", "json")
    found = json.loads(done.stdout)
    assert found["compare_version"] == 1
    assert len(found["before"]["traces"]) == 1
    processes = next(one for one in found["totals"] if one["measure"] == "processes")
    assert (processes["before"], processes["after"]) == ([3], [2])
    for side in (".aklo_metrics", "*sh-c*"):
        done = recorded.run("compare", side, "--with", "later", "--format", "json")
        assert len(json.loads(done.stdout)["before"]["traces"]) == 2
    done = recorded.run("compare", ".aklo_metrics", "later")
    assert "2 traces of sh -c /bin/true; /bin/true" in done.stdout
    assert "Give several traces of each side" in done.stdout


def test_a_comparison_is_a_page_too(recorded: Project) -> None:
    page = recorded.conf.parent / "page.html"
    done = recorded.run("compare", "latest", "later", "--format", "html", "-o", str(page))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Flame graph of what changed" in page.read_text("utf-8")


def test_what_cannot_be_compared_is_said(recorded: Project) -> None:
    for names in (("latest",), ("latest", "later", "later")):
        done = recorded.run("compare", *names)
        assert done.returncode == 2
        assert "--with" in done.stderr
    for name in ("nothing-*", "nothing"):
        done = recorded.run("compare", "latest", name)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"no trace for '{name}'" in done.stderr or f"no trace '{name}'" in done.stderr
