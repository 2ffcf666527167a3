"""What a source of configuration says: a key, what is given for it, and where that stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FLAG, ENVIRONMENT, PROJECT, USER, SYSTEM, DEFAULT = LEVELS = (
    *("flag", "environment", "project"),
    *("user", "system", "default"),
)
"""Where a value can come from, what counts most first. The files of the tool aklo itself are of
the level `project`, after those of the project."""


@dataclass(frozen=True, slots=True)
class Origin:
    """`place` is the file, the variable or the option; `line` that of a file."""

    level: str
    place: str = ""
    line: int | None = None

    def __str__(self) -> str:
        if self.level == DEFAULT:
            return DEFAULT
        return self.place if self.line is None else f"{self.place}:{self.line}"


BY_DEFAULT: Final = Origin(DEFAULT)


@dataclass(frozen=True, slots=True)
class Entry:
    """`given`: text, or what TOML has besides: numbers, truth values, lists. `written`: the key as
    it stands there, if that is not its name."""

    name: str
    given: object
    origin: Origin
    written: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that cannot be used. `name` is the key as it stands there, empty if
    it is not about one. `is_mistake`: the source should be put right."""

    origin: Origin
    name: str
    what: str
    is_mistake: bool = True

    def __str__(self) -> str:
        name = self.name.encode("ascii", "backslashreplace").decode()  # no key has other letters
        return ": ".join(filter(None, (str(self.origin), name, self.what)))
