"""The name of a program as a person would say it: `sed`, or `aklo (bash)` for a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from aklo_analysis.nullable import Objects


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How an interpreter is told its program. Letters of short options: `valued` ones are
    followed by a value, `inline` ones say that the program is no script file."""

    valued: str
    inline: str
    valued_words: tuple[str, ...] = ()


SHELL = Interpreter("oO", "cs", ("--rcfile", "--init-file"))

INTERPRETERS = {
    "ash": SHELL,
    "bash": SHELL,
    "dash": SHELL,
    "ksh": SHELL,
    "mksh": SHELL,
    "sh": SHELL,
    "zsh": SHELL,
    "perl": Interpreter("I", "eE"),
    "python": Interpreter("WX", "cm"),
    "ruby": Interpreter("Ir", "e"),
}
"""By base name of the executable, a version number at its end left out."""


def program_name(exe: str | None, script: str | None, argv: Sequence[str] | None) -> str | None:
    """The base name of the script with its interpreter, or of the program; None if unknown."""
    if exe is None:
        return None
    program = base_name(exe)
    # a script that named its interpreter is not in argv: that is argv as it was given to exec
    script = script or script_of(program, argv or ())
    return program if script is None else f"{base_name(script)} ({program})"


def script_of(program: str, argv: Sequence[str]) -> str | None:
    """The script that an interpreter's arguments name."""
    interpreter = INTERPRETERS.get(program.rstrip("0123456789."))
    if interpreter is None:
        return None
    words = iter(argv[1:])
    for word in words:
        if word in ("-", "--"):
            return next(words, None) if word == "--" else None
        if not word.startswith(("-", "+")):
            return word
        if _is_inline(interpreter, word, words):
            return None
    return None


def _is_inline(interpreter: Interpreter, option: str, words: Iterator[str]) -> bool:
    """Whether an option replaces the script; its value, if it has one, is taken from `words`."""
    if option in interpreter.valued_words:
        next(words, None)
    if option.startswith("--"):
        return False
    for place, letter in enumerate(option[1:], start=2):
        if letter in interpreter.inline:
            return True
        if letter in interpreter.valued:
            if place == len(option):
                next(words, None)
            return False
    return False


def program_names(images: pd.DataFrame) -> Objects:
    """The name for each row of `images`, and None as the last: a place of -1 is unknown."""
    from aklo_analysis.nullable import objects  # pandas, which is not needed for a single name

    columns = (objects(images[name]) for name in ("exe", "script", "argv"))
    names = [program_name(*row) for row in zip(*columns, strict=True)]
    return np.array([*names, None], dtype=object)


def base_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path
