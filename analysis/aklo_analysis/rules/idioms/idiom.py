"""One way to do without a program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aklo_analysis.rules.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Idiom:
    """`text`: what to write; `cost_ns`: what the shell takes for it, and `line_ns` for each line
    of what the program read."""

    text: str
    cost_ns: int
    line_ns: int = 0

    def then(self, other: Idiom) -> Idiom:
        """Both, one after the other, of which each gives a value."""
        text = f"v={self.text}; v={other.text}"
        return Idiom(text, self.cost_ns + other.cost_ns, self.line_ns + other.line_ns)


Words = Sequence[str]
Translate = Callable[[Words, Dialect], Idiom | None]


@dataclass(frozen=True, slots=True)
class Options:
    """Arguments taken apart: `flags` are letters without a value, `values` those with one."""

    flags: frozenset[str]
    values: Mapping[str, str]
    words: tuple[str, ...]


def options(words: Words, flags: str, valued: str = "") -> Options | None:
    """The arguments of a program that has these options; None if there are others."""
    found, values, rest = set[str](), dict[str, str](), list(words)
    while rest and re.fullmatch(r"-[^-].*", rest[0], re.DOTALL):
        letters = rest.pop(0)[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in valued:
                if not letters and not rest:
                    return None
                values[letter], letters = letters or rest.pop(0), ""
            elif letter in flags:
                found.add(letter)
            else:
                return None
    if rest[:1] == ["--"]:
        rest.pop(0)
    elif rest and rest[0].startswith("--"):
        return None
    return Options(frozenset(found), values, tuple(rest))


def literal(text: str) -> str:
    """Text as a pattern of the shell that matches just it."""
    if re.fullmatch(r"[\w.:=,@+-]+", text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    escaped = text.encode("unicode_escape").decode().replace("'", "\\'")
    return f"$'{escaped}'"
