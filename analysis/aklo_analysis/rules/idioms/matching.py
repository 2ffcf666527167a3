"""Programs that look for something in a text."""

from __future__ import annotations

import re
from typing import Final

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms.idiom import Idiom, Translate, Words, literal, options

SPECIAL: Final = re.compile(r"[][\\.*^$+?(){}|]")
"""What is not literal in a regular expression; some of it only in an extended one."""


def _grep(words: Words, shell: Dialect) -> Idiom | None:
    """Whether there is a match, without printing it."""
    found = options(words, "qsEFixw", "e")
    if found is None or "q" not in found.flags:
        return None
    pattern = found.values.get("e") or next(iter(found.words), None)
    if pattern is None or len(found.words) != (0 if "e" in found.values else 1):
        return None
    if "\n" in pattern:
        return None
    glob = None if "w" in found.flags else _glob(pattern, found.flags)
    if glob is not None:
        return _globbed(glob, "i" in found.flags, shell)
    if not shell.is_bash():
        return None
    folded = ", with shopt -s nocasematch" if "i" in found.flags else ""
    return Idiom(f"[[ $v =~ {_extended(pattern, found.flags)} ]]{folded}", costs.MATCH)


def _glob(pattern: str, flags: frozenset[str]) -> str | None:
    """The same as a pattern of the shell, if it is only a text, maybe at one end."""
    begins = "F" not in flags and pattern.startswith("^")
    ends = "F" not in flags and pattern.endswith("$") and not pattern.endswith("\\$")
    text = pattern[begins : len(pattern) - ends]
    if "F" not in flags:
        plain = re.sub(r"\\([.*^$/-])", r"\1", text)
        if SPECIAL.search(re.sub(r"\\[.*^$/-]", "", text)):
            return None
        text = plain
    whole = "x" in flags
    quoted = literal(text) if text else ""
    return f"{'' if begins or whole else '*'}{quoted}{'' if ends or whole else '*'}"


def _globbed(glob: str, folded: bool, shell: Dialect) -> Idiom | None:
    if shell.is_bash():
        text = "${v,,}" if folded else "$v"
        return Idiom(f"[[ {text} == {glob.lower() if folded else glob} ]]", costs.EXPANSION)
    return None if folded else Idiom(f"case $v in {glob}) …", costs.EXPANSION)


def _extended(pattern: str, flags: frozenset[str]) -> str:
    """A regular expression as bash takes it: extended, and words for it quoted."""
    if "E" not in flags:
        pattern = re.sub(r"\\([+?(){}|])", r"\1", pattern)
    if re.search(r"[\s;&<>\"']", pattern):
        return "$expression"
    return pattern


def _egrep(words: Words, shell: Dialect) -> Idiom | None:
    return _grep(["-E", *words], shell)


def _fgrep(words: Words, shell: Dialect) -> Idiom | None:
    return _grep(["-F", *words], shell)


TABLE: Final[dict[str, Translate]] = {"egrep": _egrep, "fgrep": _fgrep, "grep": _grep}
