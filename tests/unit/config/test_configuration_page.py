"""docs/configuration.md has every key as the code has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace.cli import COMMANDS
from aklo_trace.config.keys import KEYS
from aklo_trace.config.kinds import Choice
from aklo_trace.engines import AUTO, ENGINES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "configuration.md"
SCRIPT = ROOT / "scripts" / "configuration_doc.py"


def test_the_tables_are_current() -> None:
    done = subprocess.run([sys.executable, SCRIPT], check=True, capture_output=True, text=True)
    assert PAGE.read_text().endswith(done.stdout), f"put in what {SCRIPT} prints"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_key_is_explained(key: object) -> None:
    assert key.doc  # type: ignore[attr-defined]
    assert f"| `{key.name}` | " in PAGE.read_text()  # type: ignore[attr-defined]


@pytest.mark.parametrize("flag", [key.flag for key in KEYS if key.flag])
def test_an_option_is_one(flag: str) -> None:
    assert "record" in COMMANDS
    command = [sys.executable, "-m", "aklo_trace", "record", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert f"{flag} " in done.stdout or f"{flag}," in done.stdout


def test_the_engines_are_those_there_are() -> None:
    (key,) = (key for key in KEYS if key.name == "trace.engine")
    assert key.kind == Choice((AUTO, *(engine.name for engine in ENGINES)))
