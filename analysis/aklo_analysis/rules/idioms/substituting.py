"""Programs that change a text: sed, tr."""

from __future__ import annotations

import re
from typing import Final

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms.idiom import Idiom, Translate, Words, literal, options
from aklo_analysis.rules.idioms.matching import SPECIAL

LOWER: Final = ("a-z", "[:lower:]", "[a-z]", "A-Z", "[:upper:]", "[A-Z]")
CASES: Final = {
    **{(low, up): "${v^^}" for low in LOWER[:3] for up in LOWER[3:]},
    **{(up, low): "${v,,}" for low in LOWER[:3] for up in LOWER[3:]},
}
"""By the two sets of tr."""

MOST_COMMANDS: Final = 2
"""Of sed's, that are worth being written as expansions."""


def _tr(words: Words, shell: Dialect) -> Idiom | None:
    found = options(words, "dcC")
    if found is None or not shell.is_bash():
        return None
    sets = [_unescaped(word) for word in found.words]
    if tuple(found.words) in CASES and not found.flags:
        return Idiom(CASES[found.words[0], found.words[1]], costs.EXPANSION)
    if "d" in found.flags and len(sets) == 1:
        return Idiom("${v//" + _one_of(sets[0], bool(found.flags - {"d"})) + "}", costs.EXPANSION)
    if not found.flags and len(sets) == 2 and len(sets[0]) == len(sets[1]) == 1:
        return Idiom(f"${{v//{_slashed(literal(sets[0]))}/{literal(sets[1])}}}", costs.EXPANSION)
    return None


def _unescaped(text: str) -> str:
    for escaped, character in ("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\\\", "\\"):
        text = text.replace(escaped, character)
    return text


def _one_of(characters: str, others: bool) -> str:
    """A pattern for a set of tr, or for all that is not in it."""
    if len(characters) == 1 and not others:
        return _slashed(literal(characters))
    quoted = "".join(literal(c) if not c.isprintable() or c in " '\"" else c for c in characters)
    return f"[{'!' if others else ''}{quoted}]"


def _slashed(pattern: str) -> str:
    """A pattern where a slash would end it."""
    return "\\/" if pattern == "'/'" else pattern


def _sed(words: Words, shell: Dialect) -> Idiom | None:
    found = options(words, "nEr", "e")
    if found is None:
        return None
    script = found.values.get("e") or next(iter(found.words), "")
    if len(found.words) != (0 if "e" in found.values else 1):
        return None
    extended = bool(found.flags & {"E", "r"})
    commands = [_substitution(text, extended, shell) for text in _commands(script)]
    if not commands or len(commands) > MOST_COMMANDS:
        return None
    idiom, *more = commands
    for other in more:
        idiom = idiom and other and idiom.then(other)
    return idiom


def _commands(script: str) -> list[str]:
    return [part.strip() for part in re.split(r";(?=\s*s[^\w\s])|\n", script) if part.strip()]


def _substitution(command: str, extended: bool, shell: Dialect) -> Idiom | None:
    found = re.fullmatch(r"s([^\w\s])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1([gp]*);?", command)
    if not found:
        return None
    pattern, new, everywhere = found[2], found[3], "g" in found[4]
    mark = found[1]
    if mark not in ".*^$+?|":
        pattern, new = (text.replace("\\" + mark, mark) for text in (pattern, new))
    plain = not re.search(r"\\|&", new)
    text = _expansion(pattern, new, everywhere, shell.is_bash()) if plain else None
    if text is not None:
        return Idiom(text, costs.EXPANSION)
    if everywhere or not shell.is_bash():
        return None
    text = f"[[ $v =~ {_expression(pattern, extended)} ]] with ${{BASH_REMATCH[1]}}"
    return Idiom(text, costs.MATCH)


def _expansion(pattern: str, new: str, everywhere: bool, bash: bool) -> str | None:
    """An expansion that does the same, if the pattern is a text, a set, or has `.*` at an end."""
    cut = _cut_off(pattern) if not new else None
    if cut is not None:
        return cut
    begins, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    inner = _as_glob(pattern[begins : len(pattern) - ends])
    if inner is None or not inner or (begins and ends):
        return None
    if not new and begins:
        return "${v#" + inner + "}"
    if not new and ends:
        return "${v%" + inner + "}"
    if not bash:
        return None
    where = "/#" if begins else "/%" if ends else "//" if everywhere else "/"
    return "${v" + where + _slashed(inner) + (f"/{literal(new)}" if new else "") + "}"


def _cut_off(pattern: str) -> str | None:
    """`s/.*X//` and `s/X.*//`."""
    for form, begin, end in (
        (r"\^?\.\*(.+)", "${v##*", "}"),
        (r"(.+)\.\*\$?", "${v%%", "*}"),
    ):
        found = re.fullmatch(form, pattern)
        inner = found and _as_glob(found[1])
        if inner:
            return begin + inner + end
    return None


def _as_glob(pattern: str) -> str | None:
    """A regular expression as a pattern of the shell: of a text, or of one set of characters."""
    one_of = re.fullmatch(r"\[(\^?)((?:\[:\w+:\]|[^]\[\\])+)\]", pattern)
    if one_of:
        return f"[{'!' if one_of[1] else ''}{one_of[2]}]"
    text = re.sub(r"\\([.*^$/\[\]-])", r"\1", pattern)
    if SPECIAL.search(re.sub(r"\\[.*^$/\[\]-]", "", pattern)):
        return None
    return literal(text) if text else ""


def _expression(pattern: str, extended: bool) -> str:
    if not extended:
        pattern = re.sub(r"\\([+?(){}|])", r"\1", pattern)
    return "$expression" if re.search(r"[\s;&<>\"']", pattern) or len(pattern) > 30 else pattern


TABLE: Final[dict[str, Translate]] = {"sed": _sed, "tr": _tr}
