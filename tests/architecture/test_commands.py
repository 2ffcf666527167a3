"""Every command explains itself, quickly, and is documented."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace.cli import COMMANDS, RECORD, TRACER_FAILED

from .test_imports import HEAVY, belongs_to, imported_by, in_main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

NARROW = 80


def module_of(name: str) -> str:
    return f"aklo_trace.commands.{name.replace('-', '_')}" + ("_" if name == "import" else "")


def parser_of(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    importlib.import_module(module_of(name)).configure(parser)
    return parser


def aklo_trace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aklo_trace", *arguments]
    environ = {**os.environ, "COLUMNS": str(NARROW)}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)


def test_every_module_is_a_command() -> None:
    folder = ROOT / "tracer" / "aklo_trace" / "commands"
    found = {path.stem.rstrip("_").replace("_", "-") for path in folder.glob("[!_]*.py")}
    assert found == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help(name: str) -> None:
    done = aklo_trace(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    first_line = (importlib.import_module(module_of(name)).__doc__ or "").splitlines()[0]
    assert first_line.endswith(".")
    assert first_line in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= NARROW


def test_engines_are_listed_as_wide_as_the_terminal() -> None:
    assert max(map(len, aklo_trace("doctor").stdout.splitlines())) <= NARROW


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_has_help(name: str) -> None:
    description = importlib.import_module(module_of(name)).__doc__ or ""
    for action in parser_of(name)._actions:
        explained = not action.option_strings and str(action.metavar) in description
        assert action.help or explained, action.option_strings or action.metavar


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    loaded = imported_by(f"exec({in_main(name, '--help')!r})")
    assert not belongs_to(loaded, *HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_help_of_all(name: str) -> None:
    shown = aklo_trace("--help").stdout
    assert re.search(rf"^  {name} +{re.escape(COMMANDS[name])}$", shown, re.M)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != RECORD])
def test_a_command_is_documented(name: str) -> None:
    assert any(f"aklo-trace {name}" in page.read_text() for page in PAGES)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_refused(name: str) -> None:
    done = aklo_trace(name, "--no-such-option", "x")
    assert done.returncode == (TRACER_FAILED if name == RECORD else 2)
    assert "--no-such-option" in done.stderr


def test_without_arguments_it_says_how_it_is_used() -> None:
    done = aklo_trace()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: aklo-trace")
