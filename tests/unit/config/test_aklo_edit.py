"""Changes to .aklo.conf: one value, and every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.config import aklo_edit, aklo_file
from aklo_trace.config.configuration import MODEL
from aklo_trace.config.entry import PROJECT, Origin

NAME = "monitoring.metrics_dir"
FILE = """\
# The project.
PROJECT_NAME="Harbour # 1"   # quoted

  IO_METRICS_DIR =  'a b'   # where
[cache]
ttl_days=7
# of the cache

[Profile.fast]
IO_METRICS_DIR=aklo's own
"""


def changed(text: str, name: str, value: str) -> str:
    return aklo_edit.with_value(text, name, MODEL.key(name), value, MODEL)


def value(text: str, name: str) -> object:
    entries, problems = aklo_file.read(text, Origin(PROJECT, "f"), MODEL)
    assert problems == []
    return next((entry.given for entry in entries if entry.name == name), None)


def test_a_value_is_replaced_where_it_stands() -> None:
    text = changed(FILE, NAME, "/tmp/x")
    assert text == FILE.replace("'a b'", "/tmp/x")
    assert value(text, NAME) == "/tmp/x"


def test_of_two_assignments_the_last_is_changed_for_it_counts() -> None:
    text = "IO_METRICS_DIR=a\n[monitoring]\nmetrics_dir=b\n"
    assert changed(text, NAME, "c") == "IO_METRICS_DIR=a\n[monitoring]\nmetrics_dir=c\n"


@pytest.mark.parametrize(
    ("text", "name", "after"),
    [
        ("", "trace.top", "[trace]\ntop=5\n"),
        ("A=1", "trace.top", "A=1\n\n[trace]\ntop=5\n"),
        ("[trace]\n", "trace.top", "[trace]\ntop=5\n"),
        ("[trace]", "trace.top", "[trace]\ntop=5"),
        ("[Trace] # ours\na=b\n\n# next\n[x]\n", "trace.top", None),
        ("", "monitoring.retention_days", "[monitoring]\nIO_RETENTION_DAYS=5\n"),
        ("[trace]\ntop = 3\r\n", "trace.top", "[trace]\ntop = 5\r\n"),
        ("[trace]\ntop='3\n", "trace.top", "[trace]\ntop=5\n"),
        ("[trace]\ntop=#3\n", "trace.top", "[trace]\ntop=5 #3\n"),
    ],
)
def test_what_is_not_there_is_put_into_its_section(text: str, name: str, after: str | None) -> None:
    expected = after or "[Trace] # ours\na=b\ntop=5\n\n# next\n[x]\n"
    assert changed(text, name, "5") == expected


def test_a_key_of_its_section_alone_is_taken_out() -> None:
    text = aklo_edit.without(FILE, NAME, MODEL)
    assert text == FILE.replace("  IO_METRICS_DIR =  'a b'   # where\n", "")
    assert aklo_edit.without(text, NAME, MODEL) == text


LINE = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r\0"))


@given(LINE.filter(lambda text: not {'"', "'"} <= set(text)))
def test_any_value_of_a_line_is_read_as_it_was_given(text: str) -> None:
    for before in (FILE, "", "[monitoring]\n# x"):
        after = changed(before, NAME, text)
        assert value(after, NAME) == text
        assert aklo_edit.without(after, NAME, MODEL).count("IO_METRICS_DIR") <= 1


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "'\"", " '\"", "# '\""])
def test_what_a_line_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it"):
        changed(FILE, NAME, text)
