"""Programs that calculate, count, or tell the time."""

from __future__ import annotations

import re
from typing import Final

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms.idiom import Idiom, Translate, Words, options

ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%"})
COMPARISONS: Final = frozenset({"=", "==", "!=", "<", "<=", ">", ">="})
FORMATS: Final = {"-I": "%Y-%m-%d", "-Iseconds": "%FT%T%z", "-R": "%a, %d %b %Y %T %z"}
"""Options of date that stand for a format."""


def _expr(words: Words, shell: Dialect) -> Idiom | None:
    words = [*words[1:]] if words and words[0] == "--" else [*words]
    if len(words) >= 3 and ARITHMETIC.issuperset(words[1::2]) and len(words) % 2:
        names = iter("abcdefghijklm")
        sides = [word if place % 2 else next(names, "n") for place, word in enumerate(words)]
        return Idiom(f"$(({' '.join(sides)}))", costs.BUILTIN)
    if len(words) == 3 and words[1] in COMPARISONS:
        return Idiom(f"((a {words[1]} b))" if shell.is_bash() else "[ … ]", costs.BUILTIN)
    if len(words) == 2 and words[0] == "length":
        return Idiom("${#v}", costs.BUILTIN)
    if len(words) == 4 and words[0] == "substr" and shell.is_bash():
        return Idiom("${v:position - 1:length}", costs.BUILTIN)
    matches = (len(words) == 3 and words[1] == ":") or (len(words) == 3 and words[0] == "match")
    if matches and shell.is_bash():
        return Idiom("[[ $v =~ ^expression ]], then ${BASH_REMATCH[1]}", costs.MATCH)
    return None


def _date(words: Words, shell: Dialect) -> Idiom | None:
    utc = [word for word in words if word in ("-u", "--utc", "--universal")]
    rest = [FORMATS.get(word, word) for word in words if word not in utc]
    if len(rest) != 1 or not shell.is_bash(4, 2):
        return None
    form = rest[0].removeprefix("+")
    if form == rest[0] and words[-1] not in FORMATS:
        return None
    if form == "%s" and shell.is_bash(5):
        return Idiom("$EPOCHSECONDS", costs.BUILTIN)
    if re.fullmatch(r"%s\.?%\d?N", form) and shell.is_bash(5):
        return Idiom("$EPOCHREALTIME (in µs)", costs.BUILTIN)
    if re.search(r"%(\d*N|:+z|[-_^#0]*\d*N)", form):
        return None
    zone = "TZ=UTC " if utc else ""
    return Idiom(f"{zone}printf -v v '%({form})T' -1", costs.TIME)


def _wc(words: Words, shell: Dialect) -> Idiom | None:
    found = options(words, "clmw")
    if found is None or found.words or len(found.flags) != 1 or not shell.is_bash():
        return None
    return {
        "c": Idiom("${#v}", costs.BUILTIN),
        "m": Idiom("${#v}", costs.BUILTIN),
        "l": Idiom('mapfile -t f <<<"$v", then ${#f[@]}', costs.HERE_STRING, costs.BUILTIN),
        "w": Idiom('read -rd "" -a f <<<"$v", then ${#f[@]}', costs.HERE_STRING, costs.BUILTIN),
    }[next(iter(found.flags))]


TABLE: Final[dict[str, Translate]] = {"date": _date, "expr": _expr, "wc": _wc}
