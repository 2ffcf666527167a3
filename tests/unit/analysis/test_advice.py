"""Advice is what the shell at hand understands, and says it plainly."""

from __future__ import annotations

import pandas as pd
import pytest

from aklo_analysis.report import build
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.needless_programs import _texts
from aklo_analysis.rules.repeated_looks import EMPTIES
from aklo_analysis.rules.spared import _verdict

from .synthetic_trace import MS, SyntheticTrace

BASH = Dialect((5, 2))


@pytest.mark.parametrize(
    ("exe", "shell", "said"),
    [("/bin/dash", None, 'text="$text…"'), ("/bin/bash", "bash 5.2", "lines+=")],
)
def test_lines_are_collected_as_the_shell_can(exe: str, shell: str | None, said: str) -> None:
    trace = SyntheticTrace(wall_ns=20 * MS, facts={"target_proc_id": 10})
    trace.process(10, 0, 20 * MS)
    image = trace.image(10, 0, exe, shell=shell)
    file = trace.file("/out")
    for number in range(150):
        trace.call(
            10, "write", number * MS // 10, MS // 20, fd=1, file_id=file, bytes=5, image_id=image
        )
    (finding,) = (one for one in build(trace).findings if one.code == "SH10")
    assert said in finding.advice


def advice(argv: tuple[str, ...], files: int, piped: bool, into: str) -> str:
    _, idiom = _verdict("cat", argv, files, piped, into, BASH, False)
    return _texts(pd.DataFrame({"name": ["cat"], "text": [idiom.text]}))


def test_each_way_of_using_cat_has_its_own() -> None:
    before = "<file behind what reads it (behind the done of a loop) instead of cat"
    assert advice(("config",), 1, False, "another") == before
    assert advice(("config",), 1, False, "shell") == "$(<file) instead of cat"
    assert advice((), 0, True, "another") == "nothing instead of cat"


@pytest.mark.parametrize(
    ("line", "empties"),
    [
        ("cat config | sort >sorted", True),
        ('echo x >| "$file"', True),
        ("command &>out", True),
        ("echo x >>log", False),
        ('echo x >"$file" 2>>log', False),
        ("command >/dev/null", False),
        ("echo x >&2", False),
        ("(( a >= 3 ))", False),
        ("diff <(one) >(two)", False),
    ],
)
def test_a_line_that_empties_its_file_is_known(line: str, empties: bool) -> None:
    assert (EMPTIES.search(line) is not None) == empties
