"""Programs that do what a builtin or a variable of the shell does."""

from __future__ import annotations

import re
from typing import Final

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms.idiom import Idiom, Translate, Words, options

SAME: Final = ("echo", "printf", "test", "[", "true", "false", "pwd", "kill")
"""Both a program and a builtin of every shell."""


def _same(name: str) -> Translate:
    def translate(words: Words, _: Dialect) -> Idiom | None:
        return (
            None
            if words and words[0].startswith("--")
            else Idiom(f"{name} without a path", costs.BUILTIN)
        )

    return translate


def _which(words: Words, _: Dialect) -> Idiom | None:
    if len(words) != 1 or words[0].startswith("-"):
        return None
    return Idiom(f"command -v {words[0]}", costs.BUILTIN)


def _seq(words: Words, shell: Dialect) -> Idiom | None:
    if not 1 <= len(words) <= 3 or not all(re.fullmatch(r"-?\d+", word) for word in words):
        return None
    first, step = words[0] if words[1:] else "1", words[1] if words[2:] else "1"
    more = "i++" if step == "1" else f"i += {step}"
    if shell.is_bash():
        return Idiom(f"for ((i = {first}; i <= {words[-1]}; {more}))", costs.BUILTIN)
    return Idiom(f"while [ $i -le {words[-1]} ]; do …; i=$((i + {step})); done", costs.BUILTIN)


def _id(words: Words, shell: Dialect) -> Idiom | None:
    variable = {("-u",): "$EUID", ("-u", "-r"): "$UID", ("-ru",): "$UID"}.get(tuple(words))
    return Idiom(variable, costs.BUILTIN) if variable and shell.is_bash() else None


def _hostname(words: Words, shell: Dialect) -> Idiom | None:
    return Idiom("$HOSTNAME", costs.BUILTIN) if not words and shell.is_bash() else None


def _printenv(words: Words, _: Dialect) -> Idiom | None:
    named = len(words) == 1 and re.fullmatch(r"\w+", words[0])
    return Idiom(f"${words[0]}", costs.BUILTIN) if named else None


def _head(words: Words, _: Dialect) -> Idiom | None:
    """The first line of a file."""
    found = options([re.sub(r"^-1$", "-n1", word) for word in words], "q", "n")
    if found is None or found.values.get("n") != "1" or len(found.words) != 1:
        return None
    return Idiom("IFS= read -r v <file", costs.READ_FILE)


TABLE: Final[dict[str, Translate]] = {
    **{name: _same(name) for name in SAME},
    "head": _head,
    "hostname": _hostname,
    "id": _id,
    "printenv": _printenv,
    "seq": _seq,
    "which": _which,
}
