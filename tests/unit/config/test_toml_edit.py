"""Changes to TOML keep what people have written around them."""

from __future__ import annotations

import tomllib

import pytest

from aklo_trace.config import toml_edit

FILE = """\
# mine
[trace]   # of reports
top = 10          # rows
color = "never"

[alert.slow]
metric = 'processes'
actions = [
    "mail",  # to me
]
"""


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        ("trace.top", 20, "top = 10 ", "top = 20 "),
        ("trace.color", "a\n\"'#\x00é", 'color = "never"', None),
        ("alert.slow.metric", "calls", "metric = 'processes'", 'metric = "calls"'),
    ],
)
def test_only_the_value_changes(
    name: str, value: str | int, before: str, after: str | None
) -> None:
    text = toml_edit.with_value(FILE, name, value)
    table, _, key = name.rpartition(".")
    found = tomllib.loads(text)
    for part in table.split("."):
        found = found[part]
    assert found[key] == value
    if after is not None:
        assert text == FILE.replace(before, after)


def test_what_is_not_there_is_added() -> None:
    text = toml_edit.with_value(FILE, "trace.engine", "ebpf")
    text = toml_edit.with_value(text, "rules.SH01.starts", 3.5)
    text = toml_edit.with_value(text, "alert.new.actions", ("a", "b c"))
    found = tomllib.loads(text)
    assert found["trace"] == {"top": 10, "color": "never", "engine": "ebpf"}
    assert found["rules"] == {"SH01": {"starts": 3.5}}
    assert found["alert"]["new"] == {"actions": ["a", "b c"]}
    assert "top = 10          # rows\n" in text
    assert '"mail",  # to me' in text
    assert tomllib.loads(toml_edit.with_value("", "trace.top", 1)) == {"trace": {"top": 1}}


def test_letters_count_alike_in_either_case() -> None:
    assert toml_edit.with_value("[Trace]\nTop = 1\n", "trace.top", 2) == "[Trace]\nTop = 2\n"


def test_a_key_is_taken_out() -> None:
    text = toml_edit.without(FILE, "trace.top")
    assert text == FILE.replace("top = 10          # rows\n", "")
    assert toml_edit.without(text, "trace.top") == text
    assert toml_edit.without(text, "rules.SH01.starts") == text


@pytest.mark.parametrize("text", ["[", "trace = 3\n", 'trace = ["a"]\n'])
def test_what_is_in_the_way_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        toml_edit.with_value(text, "trace.top", 1)
