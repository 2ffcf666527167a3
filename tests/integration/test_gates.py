"""`aklo-trace check` with limits of its own, a baseline and a budget: its words and its status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from aklo_trace import budget

from .conftest import Project

RECORD = ("--engine", "strace", "-q", "--format", "none")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One command that starts two programs, and another time three."""
    project = Project(tmp_path_factory.mktemp("made"))
    project.conf.write_text("")
    for number in ("2", "3"):
        script = "for i in $(seq $N); do /bin/true; done"
        done = project.run(*RECORD, "-o", f"made-{number}", "--", "sh", "-c", script, N=number)
        assert (done.returncode, done.stderr) == (0, "")
    return project.folder


@pytest.fixture
def recorded(project: Project, made: Path) -> Project:
    shutil.copytree(made, project.folder, dirs_exist_ok=True)
    return project


def test_limits_against_a_baseline_are_in_the_status(recorded: Project) -> None:
    more = ("check", "made-3", "--baseline", "made-2", "--max", "processes=+0", "--max", "wall=9m")
    done = recorded.run(*more)
    assert (done.returncode, done.stderr) == (1, "")
    said = "crossed  max processes: there were 5 processes (threshold: 4), --max processes=+0; the"
    assert f"{said} baseline has 4\n" in done.stdout
    assert "slow_operation" not in done.stdout
    assert recorded.run("check", "made-2", "--baseline", "made-3", *more[4:]).returncode == 0
    found = json.loads(recorded.run(*more, "--format", "json").stdout)
    assert (found["status"], found["crossed"]) == (1, ["max processes"])
    assert found["baseline"]["amounts"]["max processes"] == [4]
    assert [one["name"] for one in found["conditions"]] == ["max processes", "max wall_time"]


def test_limits_that_make_no_sense_are_a_mistake(recorded: Project) -> None:
    for options, said in (
        (("--max", "processes=+0"), "relative to what? Name traces with --baseline"),
        (("--max", "procesess=1"), "did you mean processes?"),
        (("--max", "processes=1", "--baseline", "nowhere"), "no trace 'nowhere'"),
        (("--budget", "nowhere.toml"), "nowhere.toml cannot be read"),
    ):
        done = recorded.run("check", "made-2", *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_nothing_is_told_by_an_incomplete_baseline_or_one_of_other_calls(recorded: Project) -> None:
    meta = recorded.folder / "made-2/meta.json"
    whole = meta.read_text()
    for before, after, said in (
        ('"complete": true', '"complete": false', "incomplete, so nothing can be compared"),
        ('"filter": []', '"filter": ["read"]', "not the same calls were recorded"),
    ):
        meta.write_text(whole.replace(before, after))
        done = recorded.run("check", "made-3", "--baseline", "made-2", "--max", "processes=+0")
        assert done.returncode == 3
        assert "unknown  max processes" in done.stdout
        assert said in done.stderr


def test_a_budget_is_written_kept_and_held_to(recorded: Project) -> None:
    file = recorded.folder / budget.FILE
    done = recorded.run("check", "made-2", "--update")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  max processes = 4\n" in done.stdout
    file.write_text("# ours\n" + file.read_text().replace("= 4", "= 4  # one a program"))
    assert recorded.run("check", "made-2").returncode == 0
    done = recorded.run("check", "made-3")
    assert done.returncode == 1
    assert f"crossed  max processes: there were 5 processes (threshold: 4), {file}:" in done.stdout
    done = recorded.run("check", "made-2", "--update", "--baseline", "made-3", "--max", "wall=2s")
    assert done.returncode == 0
    text = file.read_text()
    assert text.startswith("# ours\n")
    assert "processes = 5  # one a program\n" in text
    assert 'wall_time = "2000ms"' in text
    assert recorded.run("check", "made-3").returncode == 0


@pytest.mark.parametrize("kind", ["min", "max"])
def test_what_a_trace_has_is_within_the_budget_made_of_it(recorded: Project, kind: str) -> None:
    """A budget that spells its metrics as people do, and of shares and times that are not round."""
    file = recorded.folder / budget.FILE
    file.write_text(f'[{kind}."sh *"]\nwall = "0ms"\n')
    limits = [f"--{kind}={metric}=+0" for metric in ("wall", "work", "failed_share", "processes")]
    done = recorded.run("check", "made-2", "--baseline", "made-2", *limits, "--update")
    assert (done.returncode, done.stderr) == (0, "")
    text = file.read_text()
    assert "wall_time" not in text
    assert '"0ms"' not in text
    done = recorded.run("check", "made-2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed: 0 thresholds are crossed, of 4" in done.stdout


def test_a_trace_may_stand_behind_its_baselines(recorded: Project) -> None:
    for more in (), ("--baseline", "made-2"):
        found = recorded.run(
            *("check", "--max", "processes=+0", "--baseline", "made-3", *more, "made-2"),
            *("--format", "json"),
        )
        document = json.loads(found.stdout)
        assert document["trace"].endswith("/made-2")
        assert len(document["baseline"]["traces"]) == 1 + len(more) // 2
        assert document["status"] == 0
    assert recorded.run("check", "made-2", "--baseline", "made-2", "made-3").returncode == 2


def test_a_budget_of_other_commands_does_not_pass_for_one(recorded: Project) -> None:
    file = recorded.folder / "other.toml"
    file.write_text('[max."aklo status"]\nprocesses = 1\n')
    done = recorded.run("check", "made-2", "--budget", str(file))
    assert done.returncode == 2
    assert "limits nothing of 'sh -c" in done.stderr


def test_an_incomplete_trace_is_no_measure(recorded: Project) -> None:
    meta = recorded.folder / "made-2/meta.json"
    meta.write_text(meta.read_text().replace('"complete": true', '"complete": false'))
    done = recorded.run("check", "made-2", "--update")
    assert done.returncode == 3
    assert not (recorded.folder / budget.FILE).exists()
