"""The status of a store, from the command line."""

from __future__ import annotations

import json
import signal

from .conftest import Project

RECORD = ("record", "--engine", "strace")


def test_it_shows_the_runs_of_a_command_and_their_usual_time(project: Project) -> None:
    project.conf.touch()
    assert "There is no trace yet" in project.run("status").stdout
    for quiet in ((), ("-q",)):
        project.run(*RECORD, *quiet, "--", "sh", "-c", "cat /dev/null; exit 3")
    found = json.loads(project.run("status", "--json").stdout)
    assert found["status_version"] == 1
    (command,) = found["commands"]
    assert (command["command"], command["runs"]) == ("sh -c cat /dev/null; exit 3", 2)
    assert command["usual_ns"] == command["walls_ns"][0] > 0
    assert found["health"]["unanalysed"] == 1
    assert found["store"]["directory"] == str(project.store)
    assert json.loads(project.run("status", "--json", "--fill").stdout)["health"]["unanalysed"] == 0
    shown = project.run("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "exit 3" in shown.stdout


def test_it_is_shown_anew_until_ctrl_c(project: Project) -> None:
    watching = project.start("status", "--watch", "10ms")
    assert watching.stdout
    lines = [watching.stdout.readline() for _ in range(20)]
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=60)[1] == ""
    assert watching.returncode == 0
    assert sum("aklo-trace status" in line for line in lines) > 1


def test_a_watch_for_programs_is_refused(project: Project) -> None:
    assert project.run("status", "--watch", "--json").returncode == 2
    assert project.run("status", "--watch", "soon").returncode == 2
