"""The versions of bash that attribution is tested with."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BASHES = "AKLO_TRACE_BASHES"
"""Paths of more of them, separated by colons."""
BUILT = Path(__file__).parents[3] / ".bashes"
"""Where scripts/bashes.sh puts more of them."""


def bashes() -> list[str]:
    """The system's bash first."""
    own = shutil.which("bash")
    more = os.environ.get(BASHES, "").split(":")
    return [path for path in (own, *more, *map(str, sorted(BUILT.glob("*/bash")))) if path]


def version(bash: str | Path) -> str:
    script = 'printf %s "${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"'
    return subprocess.run([bash, "-c", script], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module", params=bashes())
def bash(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path
