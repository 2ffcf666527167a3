"""Traces carry a summary, which lists and dashboards read instead of the tables."""

from __future__ import annotations

import json
import shutil

from aklo_trace import summary

from .conftest import Project

RECORD = ("record", "--engine", "strace")


def test_a_recording_leaves_a_summary_and_so_does_who_makes_the_first_report(
    project: Project,
) -> None:
    project.conf.touch()
    assert project.run(*RECORD, "--", "sh", "-c", "cat /dev/null; exit 3").returncode == 3
    (trace,) = (path for path in project.store.iterdir() if path.is_dir())
    found = summary.written(trace)
    assert found is not None
    assert found.is_analysed
    assert (found.exit_status, found.processes) == (3, 2)
    assert found.command == "sh -c cat /dev/null; exit 3"
    assert found.size_bytes == summary.disk_bytes(trace)
    (trace / summary.FILE).unlink()
    assert project.run("report").returncode == 0
    assert summary.written(trace) == found


def test_a_list_needs_no_tables(project: Project) -> None:
    project.conf.touch()
    project.run(*RECORD, "-q", "--", "true")
    (trace,) = (path for path in project.store.iterdir() if path.is_dir())
    (listed,) = json.loads(project.run("list", "--format", "json").stdout)
    assert listed["summary"] is None
    project.run("report")
    for name in listed["tables"]:
        shutil.rmtree(trace / name)
    (listed,) = json.loads(project.run("list", "--format", "json").stdout)
    assert listed["summary"]["calls"] == listed["tables"]["syscalls"] > 0
    assert f"{listed['summary']['calls']:,} calls" in project.run("list").stdout
