"""The command line where something is not as it should be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TIMEOUT_S = 60
TRACER = (sys.executable, "-m", "aklo_trace")
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """One in which the traces of the tests have a place of their own."""
    return {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}


def run(script: str, environ: dict[str, str], folder: Path) -> Done:
    """A piece of bash in which "$@" is the tracer."""
    return subprocess.run(
        ["bash", "-c", script, "bash", *TRACER],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def test_a_word_that_is_no_verb_is_not_run(environ: dict[str, str], tmp_path: Path) -> None:
    done = run('"$@" touch made', environ, tmp_path)
    assert done.returncode == 125
    assert "'touch' is no verb" in done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("options", ["--top many", "--engine magic", "--sample-hz -1"])
def test_a_wrong_option_of_a_recording_is_told_from_a_commands_own_status(
    options: str, environ: dict[str, str], tmp_path: Path
) -> None:
    assert run(f'"$@" {options} -- touch made', environ, tmp_path).returncode == 125
    assert run('"$@" -- sh -c "exit 2"', environ, tmp_path).returncode == 2
    assert run('"$@" report --top many', environ, tmp_path).returncode == 2
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("quiet", ["", "-q"])
def test_a_report_for_programs_comes_alone(
    quiet: str, environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(f'"$@" --engine strace {quiet} --format json -- true', environ, tmp_path)
    assert json.loads(done.stderr)["meta"]["argv"] == ["true"]
    done = run(f'"$@" --engine strace {quiet} --format text -- true', environ, tmp_path)
    assert ("\ntrace: " in done.stderr) == (not quiet)
    assert "TOP PROCESSES" in done.stderr
    assert run('"$@" --engine strace -q -- true', environ, tmp_path).stderr == ""


@pytest.mark.parametrize("content", ["root:x:0:0::/root:/bin/sh\n", "", "% time     seconds\n"])
def test_what_holds_no_call_is_not_imported(
    content: str, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "log").write_text(content)
    done = run('"$@" import log -o trace', environ, tmp_path)
    assert done.returncode == 1
    assert "There is no system call in log" in done.stderr
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "2> >(:)"])
def test_words_that_nobody_reads_leave_the_targets_status(
    closed: str, environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(f'"$@" -- sh -c "exit 7" {closed}; echo $?', environ, tmp_path)
    assert done.stdout == "7\n"


def test_a_target_runs_in_a_directory_that_was_removed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = run('mkdir d; cd d; rmdir ../d; "$@" -q -- sh -c "exit 4"; echo $?', environ, tmp_path)
    assert done.stdout == "4\n"


def test_a_report_that_cannot_be_written_fails_in_one_line(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = run('"$@" -q -o t -- true; "$@" report t >/dev/full', environ, tmp_path)
    assert done.returncode == 1
    assert done.stderr == "aklo-trace: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("report --section by", 2, "needs --by KEY: class, syscall"),
        ("report --section header --format json", 2, "--format json has none"),
        ("--section header --format json -- true", 125, "--format json has none"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(
    words: str, status: int, said: str, environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(f'"$@" {words}', environ, tmp_path)
    assert done.returncode == status
    assert said in done.stderr


def test_help_says_which_trace_is_meant_and_has_no_option_that_is_refused(
    environ: dict[str, str], tmp_path: Path
) -> None:
    def said(verb: str) -> str:
        return " ".join(run(f'"$@" {verb} --help', environ, tmp_path).stdout.split())

    for verb in "report", "check", "info", "recover":
        assert "latest (the default)" in said(verb)
    assert "--function-calls" not in said("watch")
    assert "--function-calls" in said("attach")
