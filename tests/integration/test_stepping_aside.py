"""The wrapper steps aside: the real aklo then runs once, and finds all as it would without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace import wrapper

REAL = "#!/bin/sh\n"
TELLS = f"{REAL}grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status\nenv | grep -v ^_=\n"
COUNTS = f"{REAL}echo once\nexit 7\n"
BROKEN = """\
import argparse, sys
from types import SimpleNamespace
from aklo_trace.commands import record, wrapped

def refuse(*_):
    raise {error}

{place} = refuse
wrapped.EbpfEngine.probe = lambda _: SimpleNamespace(usable=True)
wrapped.run(argparse.Namespace(program=sys.argv[1], arguments=[]))
"""
PLACES = ("record._start", "record.abandon_inherited_files", "record._hold", "wrapped._epilogue")


@pytest.fixture
def real(tmp_path: Path) -> Path:
    program = tmp_path / "real" / "aklo"
    program.parent.mkdir()
    program.touch(0o755)
    return program


@pytest.mark.parametrize("locale", [{}, {"LANG": "C"}, {"LC_ALL": "POSIX"}])
@pytest.mark.parametrize("trap", ["", "trap '' PIPE INT; "])
def test_signals_and_variables_are_as_without_it(
    real: Path, tmp_path: Path, locale: dict[str, str], trap: str
) -> None:
    real.write_text(TELLS)
    (tmp_path / "before").mkdir()
    own = wrapper.install(tmp_path / "before")
    path = f"{own.parent}:{real.parent}:{os.defpath}"
    environ = {"PATH": path, "HOME": str(tmp_path), **locale}
    environ["AKLO_TRACE_MONITORING_ENABLED"] = "false"
    plain, found = (
        subprocess.run(
            ["bash", "-c", f"{trap}{program}; exit $?"],
            env=environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for program in (real, own)
    )
    assert (found.stdout, found.stderr) == (plain.stdout, "")
    assert "SigIgn" in plain.stdout


@pytest.mark.parametrize("error", ["MemoryError()", "ImportError('numpy')", "OSError(28, 'full')"])
@pytest.mark.parametrize("place", PLACES)
def test_whatever_fails_aklo_runs_once(real: Path, tmp_path: Path, place: str, error: str) -> None:
    real.write_text(COUNTS)
    done = subprocess.run(
        [sys.executable, "-P", "-c", BROKEN.format(place=place, error=error), real],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("once\n", 7)
    assert "not traced: " in done.stderr
