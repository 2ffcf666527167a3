"""Configuration in TOML, with the line of each key, which the standard library does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from aklo_trace.config.entry import Entry, Origin, Problem

Path = tuple[str, ...]

_TOKEN: Final = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*')"
    r"|(?P<comment>\#[^\n]*)|(?P<blank>[ \t\r]+)|(?P<bare>[^\s\"'#\[\]{}=,.]+)|(?P<mark>.)",
    re.DOTALL,
)
_IN_LINE: Final = re.compile(r"line (\d+)")


def read(text: str, origin: Origin) -> tuple[list[Entry], list[Problem]]:
    """Every key with a value, by its dotted name; `origin` has the file. Nothing, if the file
    is not TOML."""
    import tomllib

    try:
        found = tomllib.loads(text)
        places = lines(text)
    except tomllib.TOMLDecodeError as error:
        at = _IN_LINE.search(str(error))
        here = replace(origin, line=int(at[1]) if at else text.count("\n") + 1)
        return [], [Problem(here, "", f"is not TOML: {error}")]
    except RecursionError:
        return [], [Problem(origin, "", "is nested too deeply")]
    entries = [
        Entry(".".join(path), _plain(value), replace(origin, line=places.get(path)))
        for path, value in _leaves(found)
    ]
    return entries, []


def _leaves(table: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        here = (*path, name)
        if isinstance(value, dict):
            yield from _leaves(value, here)
        else:
            yield here, value


def _plain(value: Any) -> Any:
    """Dates as text: no key takes one."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def lines(text: str) -> dict[Path, int]:
    """The line of every table and key of a document, which must be TOML, those in arrays left
    out."""
    reading = _Reading(text)
    reading.document()
    return reading.lines


class _Reading:
    """Goes through the tokens of a document; what is one, and what it means, is known."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._tokens = list(_tokens(text))
        self._at = 0

    def document(self) -> None:
        table: Path = ()
        while self._skip("\n"):
            if self._kind() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self._tokens[self._at][2]
        brackets = 2 if self._tokens[self._at + 1][0] == "[" else 1
        self._at += brackets
        table = self._path()
        self._at += brackets
        self.lines.setdefault(table, line)
        return table

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at][2]
        path = (*table, *self._path())
        self.lines.setdefault(path, line)
        self._at += 1  # the sign =
        self._value(path)

    def _path(self) -> Path:
        names = [self._name()]
        while self._kind() == ".":
            self._at += 1
            names.append(self._name())
        return tuple(names)

    def _name(self) -> str:
        kind, text, _ = self._tokens[self._at]
        self._at += 1
        return _unquoted(text) if kind == "text" else text

    def _value(self, path: Path) -> None:
        if self._kind() == "{":
            self._at += 1
            while self._skip(",\n") and self._kind() != "}":
                self._pair(path)
            self._at += 1
            return
        depth = 0
        while self._at < len(self._tokens):
            kind = self._kind()
            if depth == 0 and kind in {"\n", ",", "}", "]"}:
                return
            depth += (kind in {"[", "{"}) - (kind in {"]", "}"})
            self._at += 1

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _skip(self, marks: str) -> bool:
        """Pass over these; whether there is more."""
        while self._kind() and self._kind() in marks:
            self._at += 1
        return self._at < len(self._tokens)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """What it is, its text and its line; blanks and comments left out. A mark is what it says."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind, token = str(found.lastgroup), found[0]
        if kind in {"text", "bare"}:
            yield kind, token, line
        elif kind == "mark":
            yield token, token, line
        line += token.count("\n")


def _unquoted(text: str) -> str:
    import tomllib

    return next(iter(tomllib.loads(f"{text}=0")))
