"""Configuration in TOML: the values that tomllib reads, and the line of each."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.config import toml_file
from aklo_trace.config.entry import USER, Origin

ORIGIN = Origin(USER, "/c.toml")
DOCUMENT = '''\
# a comment with [brackets] and "quotes"
top = 1
"quoted key" = "[not] {a} = 'table'" # and "more"

[trace]
engine = "ebpf"
'single' = \'\'\'
several
lines = 1\'\'\'
list = [
    1, "]", # ]
    [2, {x = 3}],
]
a.b."c.d" = { e = 1, f = [ {g = 1} ], h = { i = """
x""" } }

[ alert . slow ]
metric = "operation"
quotes = """a \\""" b"""""

[[others]]
x = 1
[[others]]
[trace.more]
date = 2024-02-29T10:00:00Z
float = 1.5e3
'''


def lines_of(text: str) -> dict[str, int | None]:
    entries, problems = toml_file.read(text, ORIGIN)
    assert problems == []
    return {entry.name: entry.origin.line for entry in entries}


def test_every_key_has_its_line() -> None:
    assert lines_of(DOCUMENT) == {
        "top": 2,
        "quoted key": 3,
        "trace.engine": 6,
        "trace.single": 7,
        "trace.list": 10,
        "trace.a.b.c.d.e": 14,
        "trace.a.b.c.d.f": 14,
        "trace.a.b.c.d.h.i": 14,
        "alert.slow.metric": 18,
        "alert.slow.quotes": 19,
        "others": 21,
        "trace.more.date": 25,
        "trace.more.float": 26,
    }


def test_values_are_those_of_tomllib() -> None:
    entries, _ = toml_file.read(DOCUMENT, ORIGIN)
    found = {entry.name: entry.given for entry in entries}
    assert found["trace.list"] == [1, "]", [2, "{'x': 3}"]]
    assert found["trace.more.float"] == 1500.0
    assert isinstance(found["trace.more.date"], str)


def test_carriage_returns_do_not_matter() -> None:
    assert lines_of(DOCUMENT.replace("\n", "\r\n")) == lines_of(DOCUMENT)


@pytest.mark.parametrize(
    ("text", "line"), [("a = \n", 1), ("a = 1\n[x\n", 2), ("a=1\nb=1\na=2\n", 3), ("=", 1)]
)
def test_what_is_not_toml_is_named_with_its_line(text: str, line: int) -> None:
    entries, problems = toml_file.read(text, ORIGIN)
    assert entries == []
    assert [problem.origin.line for problem in problems] == [line]
    assert "is not TOML" in str(problems[0])


def test_what_is_nested_without_end_is_refused() -> None:
    entries, problems = toml_file.read("a = " + "[" * 50_000, ORIGIN)
    assert (entries, len(problems)) == ([], 1)


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4)
SCALARS = st.booleans() | st.integers(0, 9) | st.text("ab\"'[]{}=,.#\\ \n", max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


def inline(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value) if "'" in value or "\n" in value else f"'{value}'"
        case list():
            return f"[{', '.join(map(inline, value))}]"
        case dict():
            return f"{{{', '.join(f'{quoted(k)} = {inline(v)}' for k, v in value.items())}}}"
    return str(value)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_any_document_has_a_line_for_each_key(tables: dict[str, dict[str, Any]]) -> None:
    text, number, expected = "", 1, {}
    for name, table in tables.items():
        text += f"[{quoted(name)}]\n"
        number += 1
        for key, value in table.items():
            text += f"{quoted(key)} = {inline(value)} # {number}\n"
            expected[name, key] = number
            number += 1
    assert tomllib.loads(text) == tables
    found = toml_file.lines(text)
    assert {path: line for path, line in found.items() if len(path) == 2} == expected
