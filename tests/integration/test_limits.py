"""Where little is allowed or something is missing the target runs, with its status, or does not
start for a reason that is said; there is no traceback either way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TIMEOUT_S = 60
TRACER = (sys.executable, "-m", "aklo_trace")
STARTED, NOT_STARTED = 3, 125
SURROUNDINGS = {
    "ulimit -n 8": "ulimit -n",
    "ulimit -n 20": "",
    "ulimit -n 64": "ulimit -n",
    "ulimit -f 1": "File too large",
    "ulimit -f 100": "",
    "ulimit -v 60000": "memory",
    "ulimit -v 100000": "memory",
    "ulimit -v 300000": "memory",
    "ulimit -d 20000": "memory",
    "ulimit -d 100000": "memory",
    "ulimit -s 256": "",
    "ulimit -l 0": "",
    "ulimit -i 0": "",
    "unset HOME XDG_DATA_HOME": "",
    "export TMPDIR=/proc/none": "",
    "mkdir gone; cd gone; rmdir ../gone": "",
    "exec <&-": "",
    "exec >&-": "",
    "exec <&- >&-": "",
    "export LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0": "",
    "export PYTHONIOENCODING=ascii": "",
}


def run(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A piece of bash in which "$@" is the tracer."""
    return subprocess.run(
        ["bash", "-c", script, "bash", *TRACER],
        env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_the_target_runs_or_it_is_said_why_not(surroundings: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    target = f"sh -c 'echo ran >{tmp_path}/out; exit {STARTED}'"
    done = run(f'{surroundings}; "$@" --top 1 -o {trace} -- {target}', tmp_path)
    assert done.returncode in (STARTED, NOT_STARTED), done.stderr
    assert (tmp_path / "out").exists() == (done.returncode == STARTED)
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("aklo-trace: ")]
    assert said or f"trace: {trace}" in done.stderr
    assert not any("fault of" in line or "damaged" in line for line in said)
    reason = SURROUNDINGS[surroundings]
    assert not said or reason in " ".join(said)
    if done.returncode == STARTED:
        assert run(f'"$@" info {trace}', tmp_path).returncode == 0
    else:
        assert not trace.exists()


@pytest.mark.parametrize("limit", ["60000", "300000", "400000"])
def test_a_report_is_had_or_it_is_said_why_not(tmp_path: Path, limit: str) -> None:
    options = f"--engine strace --format none -o {tmp_path}/trace"
    assert run(f'"$@" {options} -- true', tmp_path).returncode == 0
    done = run(f'ulimit -v {limit}; "$@" report {tmp_path}/trace', tmp_path)
    assert (done.returncode == 0) == ("Command" in done.stdout)
    assert done.returncode == 0 or (done.returncode == 1 and "enough memory" in done.stderr)
    assert (done.returncode == 0) == (limit == "400000")


FAILS_AT_START = """
import sys
from aklo_trace import cli
from aklo_trace.commands import record

def start(*_):
    raise ImportError("libx.so: failed to map segment")

record._start = start
sys.exit(cli.main(["--", "touch", "ran"]))
"""


def test_what_fails_between_the_command_and_its_start_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILS_AT_START],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == NOT_STARTED
    assert "A module cannot be loaded: libx.so: failed to map segment." in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trace."""
    made = tmp_path_factory.mktemp("made")
    assert run('"$@" -q -o trace -- true', made).returncode == 0
    return made


@pytest.mark.parametrize("verb", ["info", "report", "recover"])
@pytest.mark.parametrize("limit", ["-v 50000", "-v 100000", "-v 200000", "-v 300000", "-d 50000"])
def test_a_verb_that_lacks_memory_says_so(verb: str, limit: str, folder: Path) -> None:
    done = run(f'ulimit {limit}; "$@" {verb} trace', folder)
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "memory" in done.stderr.lower()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("verb", ["info trace", "report trace", "list", "recover trace", "--help"])
def test_a_verb_whose_streams_are_closed(verb: str, closed: str, folder: Path) -> None:
    done = run(f'"$@" {verb} {closed}', folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (">&-" not in closed.split())


def test_an_error_never_goes_where_the_output_goes(tmp_path: Path) -> None:
    done = run('"$@" info no-such-trace 2>&-', tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("verb", "status"),
    [("info trace", 1), ("list", 1), ("recover trace", 1), ("--help", 125), ("--version", 125)],
)
def test_an_output_that_cannot_be_written_is_said(verb: str, status: int, folder: Path) -> None:
    """Without a verb the status is one that no command has, as env(1) has it."""
    done = run(f'"$@" {verb} >/dev/full', folder)
    assert done.returncode == status
    assert done.stderr == "aklo-trace: The output cannot be written: No space left on device.\n"
