"""The path of continuous integration: the script that jobs call, and the action that calls it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "ci_trace.sh"
PAGE = ROOT / "docs" / "ci.md"
TRACER = """\
#!/usr/bin/env bash
# Stands in for the tracer: keeps how it was called, and makes what would be made.
printf '%s\\n' "$*" >>"$CALLS"
case $1 in
    record) mkdir "$4" && touch "$4/meta.json" && shift 4 && until [ "$1" = -- ]; do shift; done
            shift && "$@" ;;
    export) while [ $# -gt 0 ]; do if [ "$1" = -o ]; then echo made >"$2"; fi; shift; done ;;
    check) exit "$CHECKED" ;;
esac
"""


class Job:
    def __init__(self, folder: Path) -> None:
        self.folder, self.calls, self.summary = folder, folder / "calls", folder / "summary"
        self.tracer = folder / "tracer"
        self.tracer.write_text(TRACER)
        self.tracer.chmod(0o755)

    def run(self, *command: str, checked: int = 0, **more: str) -> int:
        facts = {"AKLO_TRACE": str(self.tracer), "CALLS": str(self.calls)}
        kept = {name: text for name, text in os.environ.items() if not name.startswith("GITHUB")}
        done = subprocess.run(
            [SCRIPT, "out", *command],
            cwd=self.folder,
            env=kept | facts | {"CHECKED": str(checked)} | more,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.returncode

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def test_everything_is_kept_and_shown(job: Job) -> None:
    assert job.run("echo", "a b", GITHUB_STEP_SUMMARY=str(job.summary), GITHUB_WORKSPACE="/w") == 0
    assert job.called() == [
        "record -q -o out/trace -- echo a b",
        "export out/trace --format github-summary -o out/summary.md",
        "export out/trace --format sarif -o out/findings.sarif --root /w",
        "report out/trace --format html -o out/report.html",
        "export out/trace --format github --root /w",
        "check out/trace",
    ]
    assert job.summary.read_text() == "made\n"


def test_options_are_passed_on(job: Job) -> None:
    job.run("true", CI_TRACE_RECORD="--engine strace", CI_TRACE_CHECK="--max a=1 --max b=2")
    assert job.called()[0] == "record -q -o out/trace --engine strace -- true"
    assert job.called()[-1] == "check out/trace --max a=1 --max b=2"


@pytest.mark.parametrize(
    ("command", "checked", "status"), [("true", 0, 0), ("true", 1, 1), ("exit 7", 1, 7)]
)
def test_the_status_is_the_commands_own_or_that_of_the_check(
    job: Job, command: str, checked: int, status: int
) -> None:
    assert job.run("bash", "-c", command, checked=checked) == status


@pytest.mark.parametrize(("command", "status"), [("true", 3), ("exit 7", 7)])
def test_without_a_trace_nothing_passes(job: Job, command: str, status: int) -> None:
    job.tracer.write_text('#!/usr/bin/env bash\nshift 5; "$@"\n')
    assert job.run("bash", "-c", command) == status


def test_nothing_is_overwritten(job: Job) -> None:
    (job.folder / "out").mkdir()
    assert job.run("true") == 1
    assert not job.calls.exists()


def test_the_action_runs_the_script_and_nothing_given_is_code(action: dict[str, Any]) -> None:
    steps = action["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert any(f"scripts/{SCRIPT.name}" in script for script in scripts)
    assert not any("${{" in script for script in scripts)
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(action["inputs"])


def test_without_a_directory_the_action_keeps_nothing(action: dict[str, Any]) -> None:
    (upload,) = (step for step in action["runs"]["steps"] if "uses" in step)
    path = upload["with"]["path"].removeprefix("${{ ").removesuffix(" }}")
    assert f"{path} != ''" in upload["if"].split(" && ")


def test_the_page_has_all_inputs_with_their_defaults(action: dict[str, Any]) -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE)
    given = action["inputs"].items()
    assert {name: default.strip("`") for name, default in rows} == {
        name: one.get("default", "") for name, one in given
    }


def test_snippets_are_yaml() -> None:
    found = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 2
    assert all(isinstance(yaml.safe_load(text), dict) for text in found)


def test_our_own_job_runs_the_script() -> None:
    assert f"scripts/{SCRIPT.name}" in (ROOT / ".ci" / "run").read_text()
