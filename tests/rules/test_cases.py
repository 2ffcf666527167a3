"""Every rule finds what it is about, and nothing where that only seems to be.

Each script in `cases` is run by its interpreter in a folder of its own, under each engine. The
rule whose folder it is in must report the line marked ``# HERE`` of a script ``fire-…``, and
nothing at all in a script ``near-…``. A script with ``# not strace: WHY`` is not for that engine;
in one with ``# before: CODE`` the finding stands before that of another rule for the same line.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from aklo_analysis.report import build
from aklo_analysis.rules import RULES
from aklo_analysis.rules.finding import Finding
from aklo_analysis.rules.rule import Rule
from root.recording import AS_ROOT, Recorder

ENGINES = ("ebpf", "strace")
OPTIONS = {"ebpf": (), "strace": ("--shell-lines",)}
CASES = Path(__file__).parent / "cases"
MARK = "# HERE"
SCRIPT = "case.sh"


@dataclass(frozen=True)
class Script:
    path: Path

    @property
    def code(self) -> str:
        return self.path.parent.name

    @property
    def lines(self) -> list[str]:
        return self.path.read_text("utf-8").splitlines()

    @property
    def interpreter(self) -> str:
        return self.lines[0].rpartition("/")[2]

    @property
    def before(self) -> set[str]:
        codes = (re.match(r"# before: (\S+)", line) for line in self.lines)
        return {match[1] for match in codes if match}

    @property
    def fires(self) -> bool:
        return self.path.name.startswith("fire-")

    @property
    def marked(self) -> set[int]:
        return {number for number, line in enumerate(self.lines, 1) if line.endswith(MARK)}

    def is_for(self, engine: str) -> bool:
        return not any(re.match(rf"# not {engine}: \S", line) for line in self.lines)


SCRIPTS = [Script(path) for path in sorted(CASES.glob("*/*.sh"))]


def found(script: Script, record: Recorder) -> list[Finding]:
    """What is reported of a run of it."""
    name = f"{script.code}-{script.path.stem}"
    folder = record.folder / f"{name}-files"
    folder.mkdir()
    shutil.copy(script.path, folder / SCRIPT)
    command = script.interpreter, SCRIPT
    options = (*OPTIONS[record.engine], *AS_ROOT)
    recording = record(*command, name=name, options=options, cwd=folder)
    assert recording.status == 0, recording.stderr
    return [*build(recording.trace).findings]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: f"{s.code}-{s.path.stem}")
def test_case(script: Script, module_record: Recorder) -> None:
    if not script.is_for(module_record.engine):
        pytest.skip(f"{module_record.engine} cannot know, as the script says")
    every = found(script, module_record)
    findings = [one for one in every if one.code == script.code]
    if not script.fires:
        assert findings == []
        return
    assert {(one.file or "").rpartition("/")[2] for one in findings} == {SCRIPT}
    assert {one.line for one in findings} == script.marked
    here = [one.code for one in every if one.line in script.marked]
    assert script.before <= {*here[here.index(script.code) :]}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_cases(rule: Rule) -> None:
    fires = [script.fires for script in SCRIPTS if script.code == rule.code]
    assert fires.count(True) >= 2
    assert fires.count(False) >= 2


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: f"{s.code}-{s.path.stem}")
def test_a_script_marks_a_line_if_it_is_to_be_found(script: Script) -> None:
    assert bool(script.marked) == script.fires
