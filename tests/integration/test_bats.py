"""The function for bats: a test passes within its budget, and fails beyond it with the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
load {function}

@test "within" {{
    within_budget processes=1 calls:socket=0 -- cat /dev/null
}}
@test "its output and its status" {{
    run within_budget processes=9 -- sh -c 'echo said; exit 7'
    [ "$status" = 7 ] && [ "$output" = said ]
}}
@test "beyond" {{
    within_budget processes=1 -- sh -c 'cat /dev/null; cat /dev/null; :'
}}
"""


@pytest.fixture
def bats(tmp_path: Path) -> list[str]:
    """The command that runs the tests in bats."""
    program = shutil.which("bats")
    assert program, "bats is missing; `make setup-dev` installs it"
    file = tmp_path / "budget.bats"
    file.write_text(TESTS.format(function=ROOT / "scripts" / "budget.bash"))
    tracer = tmp_path / "aklo-trace"
    tracer.write_text(f'#!/bin/sh\nexec {sys.executable} -m aklo_trace "$@"\n')
    tracer.chmod(0o755)
    return [program, "--tap", str(file)]


def test_budgets_hold_or_fail_the_test(bats: list[str], tmp_path: Path) -> None:
    environ = {**os.environ, "AKLO_TRACE": str(tmp_path / "aklo-trace")}
    environ |= {"AKLO_TRACE_ENGINE": "strace", "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(bats, env=environ, capture_output=True, text=True, timeout=120)
    shown = [line for line in done.stdout.splitlines() if line.startswith(("ok", "not ok"))]
    assert shown == ["ok 1 within", "ok 2 its output and its status", "not ok 3 beyond"]
    assert "there were 3 processes (threshold: 1)" in done.stdout
