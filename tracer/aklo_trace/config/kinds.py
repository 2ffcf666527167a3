"""What a value can be. Each kind reads what stands in a source, and says what it allows.

Files in TOML give numbers, truth values, lists and text; all other sources give text.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from aklo_trace.quantity import MOST, duration_ns, size_bytes

Value = bool | int | float | str | tuple[str, ...]
Ordered = TypeVar("Ordered", int, float)

TRUTHS: Final = {"true": True, "false": False}
MOST_CHARACTERS: Final = 4096
MOST_WORDS: Final = 64


class Kind(Protocol):
    """`read` raises ValueError for what it does not allow; `allowed` says what it does, as the
    end of "must be ...". What is read can be another type than what is given: a time is text."""

    @property
    def allowed(self) -> str: ...

    def read(self, given: object) -> Value: ...


@dataclass(frozen=True, slots=True)
class Truth:
    allowed: str = "true or false"

    def read(self, given: object) -> bool:
        found = TRUTHS.get(given) if isinstance(given, str) else given
        if not isinstance(found, bool):
            raise ValueError(self.allowed)
        return found


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.least:,} to {self.most:,}"

    def read(self, given: object) -> int:
        if isinstance(given, str) and re.fullmatch(r"[0-9]{1,19}", given):
            given = int(given)
        if isinstance(given, bool) or not isinstance(given, int):
            raise ValueError(self.allowed)
        return _within(given, self.least, self.most, self.allowed)


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `least` to `most`."""

    least: float
    most: float

    @property
    def allowed(self) -> str:
        return f"a number from {self.least:,g} to {self.most:,g}"

    def read(self, given: object) -> float:
        if isinstance(given, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", given):
            given = float(given)
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise ValueError(self.allowed)
        return _within(given, self.least, self.most, self.allowed)


@dataclass(frozen=True, slots=True)
class Choice:
    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def read(self, given: object) -> str:
        if given not in self.words or not isinstance(given, str):
            raise ValueError(self.allowed)
        return given


@dataclass(frozen=True, slots=True)
class Duration:
    """A time from `least_ns` to `most_ns`, in nanoseconds once it is read."""

    least_ns: int
    most_ns: int
    allowed: str

    def read(self, given: object) -> int:
        if not isinstance(given, str):
            given = "0" if given == 0 and not isinstance(given, bool) else ""
        try:
            found = duration_ns(given)
        except ValueError:
            raise ValueError(self.allowed) from None
        return _within(found, self.least_ns, self.most_ns, self.allowed)


@dataclass(frozen=True, slots=True)
class Size:
    """A size up to `most_bytes`, in bytes once it is read."""

    most_bytes: int
    allowed: str

    def read(self, given: object) -> int:
        if not isinstance(given, str):
            given = "0" if given == 0 and not isinstance(given, bool) else ""
        try:
            found = size_bytes(given)
        except ValueError:
            raise ValueError(self.allowed) from None
        return _within(found, 0, self.most_bytes, self.allowed)


@dataclass(frozen=True, slots=True)
class Text:
    """Text that matches the whole of `pattern`."""

    allowed: str
    pattern: str = r".+"

    def read(self, given: object) -> str:
        if not isinstance(given, str) or not _is_plain(given):
            raise ValueError(self.allowed)
        if not re.fullmatch(self.pattern, given):
            raise ValueError(self.allowed)
        return given


@dataclass(frozen=True, slots=True)
class Place:
    """A path; what it is relative to is up to the key."""

    allowed: str = "a path"

    def read(self, given: object) -> str:
        if not isinstance(given, str) or not given or not _is_plain(given):
            raise ValueError(self.allowed)
        return given


@dataclass(frozen=True, slots=True)
class Limit:
    """A number, or text with a number and a unit. What it means depends on what is limited."""

    allowed: str

    def read(self, given: object) -> int | float | str:
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError(self.allowed)
        if isinstance(given, str):
            return Text(self.allowed, r"[\w.]{1,20} ?[\w%]{0,3}").read(given)
        return _within(given, 0, MOST, self.allowed)


@dataclass(frozen=True, slots=True)
class Words:
    """A list of texts; where there is but text, its words as a shell would divide it."""

    allowed: str
    least: int = 0

    def read(self, given: object) -> tuple[str, ...]:
        found = _divided(given) if isinstance(given, str) else given
        if not isinstance(found, list) or not self.least <= len(found) <= MOST_WORDS:
            raise ValueError(self.allowed)
        if not all(isinstance(word, str) and _is_plain(word) for word in found):
            raise ValueError(self.allowed)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Some:
    """A list of some of these words, at least one."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"a list of some of {', '.join(self.words)}"

    def read(self, given: object) -> tuple[str, ...]:
        found = Words(self.allowed, least=1).read(given)
        if not set(found) <= set(self.words):
            raise ValueError(self.allowed)
        return found


def shown(given: object) -> str:
    """A value as it can stand in TOML."""
    match given:
        case bool():
            return str(given).lower()
        case str():
            return json.dumps(given, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(shown, given))}]"
    return str(given)


def _divided(text: str) -> list[str] | None:
    try:
        return shlex.split(text)
    except ValueError:  # a quote is not closed
        return None


def _is_plain(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and "\0" not in text


def _within(value: Ordered, least: float, most: float, allowed: str) -> Ordered:
    if not least <= value <= most:
        raise ValueError(allowed)
    return value
