"""The manual page has every verb and option, and says nothing that roff takes for its own."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace.cli import COMMANDS, parser_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "man_page.py"


@pytest.fixture(scope="module")
def source() -> str:
    command = [sys.executable, SCRIPT]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def as_roff(text: str) -> str:
    return text.replace("-", "\\-")


def section_of(verb: str, source: str) -> str:
    title = "OPTIONS OF A RECORDING" if verb == "record" else as_roff(f"aklo-trace {verb}")
    found = re.search(rf'^\.SH "{re.escape(title)}"\n(.*?)^\.SH', source, re.M | re.S)
    assert found, verb
    return found[1]


@pytest.mark.parametrize("verb", COMMANDS)
def test_it_has_every_verb_with_its_options(verb: str, source: str) -> None:
    assert f".TP 15\n\\fB{as_roff(verb)}\\fR\n" in source
    explained = "\n".join(re.findall(r"^\.TP 15\n(.*)\n", section_of(verb, source), re.M))
    for action in parser_of(verb)._actions:
        for option in action.option_strings if action.help != argparse.SUPPRESS else ():
            assert f"\\fB{as_roff(option)}\\fR" in explained


def test_roff_has_nothing_to_complain_of(source: str) -> None:
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    command = ["groff", "-man", "-Tascii", "-ww", "-z"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_no_line_is_taken_for_a_request(source: str) -> None:
    known = {".SH", ".TH", ".TP", ".PP", ".PD", ".BR", ".br", ".nf", ".fi", ".nh", ".ad"}
    assert {line.split()[0] for line in source.splitlines() if line.startswith(".")} <= known
    assert not re.search(r"^'", source, re.M)
