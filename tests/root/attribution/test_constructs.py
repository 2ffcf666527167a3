"""Where bash was, by construct of the language: at every mark, at all calls between marks, and for
every program that was started.

``pytest -s`` prints the figures. They stand in docs/attribution.md; ``UPDATE_GOLDEN=1 pytest
tests/root/attribution`` writes what they are now.
"""

from __future__ import annotations

import os
import shutil

import pytest

from ..recording import AS_ROOT, Recorder
from . import figures
from .conftest import version
from .judgement import Judge, Tally
from .labels import constructs, prepare

DRIVER = """
cd "$1" || exit
for construct in "${@:2}"; do
    mkdir "$1/truth/$construct"
    TRUTH=$1/truth/$construct MARKS=0 "$BASH" "$1/$construct.bash" < /dev/null
done
"""
LEAST = {
    "function": 0.99,
    "stack": 0.99,
    "line": 0.99,
    "call": 0.99,
    "call's stack": 0.99,
    "program": 0.98,
    "fork": 0.98,
}
EXAMPLES = 20

Tallies = dict[str, Tally]


@pytest.fixture(scope="module")
def tallies(module_record: Recorder, bash: str) -> Tallies:
    """By construct."""
    name = bash.replace("/", "_")
    folder = module_record.folder / name
    prepare(folder)
    (folder / "truth").mkdir()
    command = (bash, "-c", DRIVER, "driver", folder, *constructs())
    recording = module_record(*command, name=f"trace{name}", options=AS_ROOT)
    return {
        construct: Judge(recording, str(folder / "truth" / construct)).tally()
        for construct in constructs()
    }


def test_functions_stacks_lines_and_programs_are_right(tallies: Tallies, bash: str) -> None:
    whole = Tally.sum(tallies.values())
    print(f"\n{bash}: bash {version(bash)}\n{figures.by_construct(tallies)}")
    few = {what: whole.ratio(what) for what in LEAST if whole.ratio(what) < LEAST[what]}
    assert not few, "\n".join([str(few), *whole.wrong[:EXAMPLES]])


def test_every_construct_is_looked_at(tallies: Tallies) -> None:
    for construct, tally in tallies.items():
        assert tally.total["function"] > 10, construct
        assert tally.total["call"] > 100, construct
        assert tally.total["program"] > 1, construct


def test_the_page_has_these_figures(tallies: Tallies, bash: str) -> None:
    is_own = bash == shutil.which("bash")
    if os.environ.get("UPDATE_GOLDEN"):
        figures.write(version(bash), tallies, is_own)
    measured = {version(bash): Tally.sum(tallies.values())} | (tallies if is_own else {})
    for name, tally in measured.items():
        for what, share in figures.written(name).items():
            assert 100 * tally.ratio(what) >= share - figures.SLACK, f"{name}: {what}"
