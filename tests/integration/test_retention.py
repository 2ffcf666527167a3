"""Traces go when they are too old or too many, and no others."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.unit.stored.stored_traces import keep

from aklo_trace import removed

from .conftest import Project

DAY_NS = 86_400 * 10**9
RECORD = ("record", "--engine", "strace", "--format", "none", "--", "true")


def old(store: Path, name: str, days: int) -> Path:
    return keep(store, name, closed_at_ns=time.time_ns() - days * DAY_NS)


def traces(project: Project) -> list[str]:
    found = json.loads(project.run("list", "--format", "json").stdout)
    return [Path(trace["directory"]).name for trace in found]


def test_a_recording_removes_what_is_too_old_and_says_so(project: Project) -> None:
    project.conf.write_text("IO_RETENTION_DAYS=30\n")
    old(project.store, "1-old", 31)
    old(project.store, "2-young", 29)
    done = project.run(*RECORD)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "removed: 1 trace, 0.0 MiB: older than 30 days"
    assert len(traces(project)) == 2
    assert [one.name for one in removed.read(project.store)] == ["1-old"]
    assert project.run(*RECORD).stderr.count("\n") == 1


def test_a_purge_says_what_goes_and_why_before_it_does(project: Project) -> None:
    project.conf.touch()
    for number in range(3):
        old(project.store, f"{number}-trace", number)
    project.run("pin", "2-trace")
    plan = project.run("purge", "--dry-run", "--traces", "1")
    assert plan.stdout.splitlines() == [
        f"{project.store}: kept for 7 days, up to 1 trace, up to 4GiB, while 256MiB are free",
        "       0.0 MiB  more than 1 traces: 1-trace",
        "to be removed: 1 trace, 0.0 MiB: more than 1 traces",
    ]
    assert len(traces(project)) == 3
    found = json.loads(project.run("purge", "--traces=1", "--format=json").stdout)
    assert [one["trace"] for one in found["stores"][0]["removed"]] == ["1-trace"]
    assert traces(project) == ["2-trace", "0-trace"]
    assert project.run("unpin", "2-trace").stdout == "unpinned: 2-trace\n"
    assert "nothing removed" in project.run("purge").stdout
    assert "removed: 1 trace" in project.run("purge", "--days", "1").stdout


@pytest.mark.parametrize("option", ["--days=soon", "--traces=-1", "--size=5", "--free=much"])
def test_a_wrong_limit_is_refused(option: str, project: Project) -> None:
    done = project.run("purge", option)
    assert done.returncode == 2
    assert f"{option.partition('=')[0]}: must be" in done.stderr


def test_a_repository_has_no_say_about_traces_that_are_elsewhere(project: Project) -> None:
    project.conf.write_text(f"IO_METRICS_DIR={project.data}\nIO_RETENTION_DAYS=1\n")
    old(project.data, "mine", 3)
    project.run(*RECORD)
    assert "mine" in traces(project)
    assert "nothing removed" in project.run("purge").stdout
    project.toml.write_text("[monitoring]\nretention_days = 2\n")
    assert "older than 2 days: mine" in project.run("purge").stdout
