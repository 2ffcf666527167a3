"""What a report can be asked for is what there is, and is documented."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from aklo_analysis import keys
from aklo_analysis.reporters import REPORTERS, sections
from aklo_analysis.reporters.sections import by
from aklo_trace.contents import KEYS, ON_REQUEST, SECTIONS
from aklo_trace.presentation import FORMATS, OF_SECTIONS, TEXT, add_options

DOCUMENT = Path(__file__).parents[2] / "docs" / "report.md"
EVIL = "\x1b[31mred"


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(words)


def test_the_names_of_sections_are_those_of_the_analysis_in_their_order() -> None:
    assert [*SECTIONS] == [*sections.SECTIONS]


def test_the_keys_are_those_of_the_analysis_and_each_has_a_column() -> None:
    assert [*KEYS] == [*keys.KEYS] == [*by.NAMES]


def test_the_formats_are_those_of_the_analysis_and_are_documented() -> None:
    assert [*FORMATS] == [*REPORTERS]
    text = DOCUMENT.read_text("utf-8")
    for form in FORMATS:
        assert f"--format {form}" in text or form == TEXT
    assert {*OF_SECTIONS} <= {*FORMATS}


def test_what_is_written_on_request_is_a_section() -> None:
    assert SECTIONS.keys() >= ON_REQUEST


def test_every_section_and_key_is_documented_in_its_order() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert rows == [*SECTIONS.items(), *KEYS.items()]


def test_sections_are_taken_in_the_order_asked_for() -> None:
    assert parsed("--section", "quality,header").section == ("quality", "header")
    assert parsed().section == ()


def test_keys_are_taken_in_the_order_asked_for() -> None:
    assert parsed("--by", "function,class").by == ("function", "class")
    assert parsed().by == ()


@pytest.mark.parametrize("name", ["", "files", "file,", "file,file", EVIL])
def test_a_wrong_key_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--by", name)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "--by: " in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["", "nothing", "header,", "Header", EVIL])
def test_a_wrong_section_is_refused_with_those_there_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--section", name)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "function-calls" in said
    assert "\x1b" not in said
