"""Reports that are written without being asked for each time: after a run, and as digests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TRACER = (sys.executable, "-m", "aklo_trace")


def aklo_trace(home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), **environ}
    return subprocess.run(
        [*TRACER, *words], env=variables, cwd=home, capture_output=True, text=True, timeout=60
    )


FILES = 30
OPENING = ("sh", "-c", "for n in $(seq $1); do : >file-$n; done", "sh", str(FILES))


@pytest.mark.parametrize(
    ("form", "ending", "is_drawn"), [("markdown", "md", False), ("html", "html", True)]
)
@pytest.mark.parametrize("options", [["-q"], []], ids=["quiet", "printed"])
def test_a_report_of_each_run_goes_to_the_directory(
    tmp_path: Path, form: str, ending: str, is_drawn: bool, options: list[str]
) -> None:
    place = {"AKLO_TRACE_REPORT_DIRECTORY": str(tmp_path / "reports")}
    command = (*options, "--engine", "strace", "--", *OPENING)
    done = aklo_trace(tmp_path, *command, **place, AKLO_TRACE_REPORT_FORMAT=form)
    assert done.returncode == 0
    assert named(done.stderr) < FILES
    assert bool(done.stderr) == (not options)
    (report,) = (tmp_path / "reports").iterdir()
    assert report.suffix == f".{ending}"
    text = report.read_text()
    assert ("Latency over time" in text) == is_drawn
    assert (named(text) == FILES) == is_drawn
    assert report.stat().st_mode & 0o777 == 0o600


def named(text: str) -> int:
    """How many of the files a report names."""
    return len(set(re.findall(r"/file-\d+", text)))


def test_a_directory_that_cannot_be_written_is_said_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = {"AKLO_TRACE_REPORT_DIRECTORY": str(tmp_path / "file")}
    done = aklo_trace(tmp_path, "-q", "--engine", "strace", "--", "sh", "-c", "exit 3", **place)
    assert done.returncode == 3
    assert "is not written to" in done.stderr


def test_a_digest_is_printed_or_written(tmp_path: Path) -> None:
    aklo_trace(tmp_path, "--engine", "strace", "--", "true")
    assert "1 trace" in aklo_trace(tmp_path, "digest").stdout
    done = aklo_trace(tmp_path, "digest", "--period", "week", "--format", "html", "-o", "digests")
    (path,) = (tmp_path / "digests").glob("digest-week-*.html")
    assert done.stderr == f"digest: digests/{path.name}\n"
    assert "Nothing was traced" in aklo_trace(tmp_path, "digest", "--until", "2020-01-01").stdout


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    assert aklo_trace(tmp_path, "digest", "--schedule").returncode == 2
    assert aklo_trace(tmp_path, "digest", "--until", "soon").returncode == 2
