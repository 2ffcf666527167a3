"""What a key is, and how its name is read.

A name has two parts, `table.key`, or three: `alert.*.key`, where there can be as many tables of
a kind as one likes, each with a name in place of the star. In TOML a table has the name of all
parts but the last, and so has a section of `.aklo.conf`; the keys that aklo has itself are also
known by the name that it gives them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aklo_trace.config.kinds import Duration, Kind, Size, Value, shown
from aklo_trace.quantity import duration_text, size_text

PREFIX: Final = "AKLO_TRACE_"
ANY: Final = "*"
"""Stands in the name of a key for that of a table, of which there can be many."""
TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")
TABLE_NAMES: Final = "a letter, then up to 47 letters, digits, '_' and '-', of ASCII"

RULE_THRESHOLD: Final = f"rules.{ANY}.{ANY}"
"""What these are the rules declare: there the rest is checked."""


@dataclass(frozen=True, slots=True)
class Key:
    """`default` is None where there is none: then what is not set does not count. `aklo`: the
    name that aklo gives it, at the beginning of `.aklo.conf` or in the section named like the
    table. `flag`: the option of the command line."""

    name: str
    kind: Kind
    default: Value | None
    doc: str
    unit: str = ""
    aklo: str | None = None
    flag: str | None = None

    @property
    def table(self) -> str:
        return self.name.rpartition(".")[0]

    def written(self, value: Value) -> str:
        """A value as it can stand in TOML."""
        match self.kind, value:
            case Duration(), int(ns):
                return shown(duration_text(ns))
            case Size(), int(size):
                return shown(size_text(size))
        return shown(value)

    def text(self, value: Value) -> str:
        """A value as one would give it to `set`: text as it is, a list as words."""
        if isinstance(value, tuple):
            return shlex.join(value)
        return value if isinstance(value, str) else self.written(value).strip('"')

    def checked(self, given: str) -> Value:
        """What to put into a file for it: text where the value is one with a unit. Raises
        ValueError for what is not allowed."""
        value = self.kind.read(given)
        return given if isinstance(self.kind, Duration | Size) else value

    @property
    def variable(self) -> str | None:
        """Its name in the environment, which has none for tables that one can have many of."""
        if ANY in self.name:
            return None
        return PREFIX + self.name.removeprefix("trace.").replace(".", "_").upper()


class Model:
    """Keys by name. Letters count alike in either case, as `.aklo.conf` has them."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = tuple(keys)
        self._by_name = {key.name.casefold(): key for key in self.keys}
        self._by_aklos = {key.aklo.casefold(): key for key in self.keys if key.aklo}

    def find(self, name: str) -> tuple[str, Key] | None:
        """The key, and its name here: with that of its table where there can be many."""
        plain = name.casefold()
        if found := self._by_name.get(plain):
            return None if ANY in name else (found.name, found)
        head, _, rest = plain.partition(".")
        table, _, last = rest.rpartition(".")
        found = self._by_name.get(f"{head}.{ANY}.{last}") or self._by_name.get(
            f"{head}.{ANY}.{ANY}"
        )
        if found is None or not TABLE_NAME.fullmatch(table):
            return None
        if found.name == RULE_THRESHOLD:
            table = table.upper()  # as codes are written
        return f"{head}.{table}.{last}", found

    def key(self, name: str) -> Key:
        """The key of a name that is known. Raises KeyError."""
        if found := self.find(name):
            return found[1]
        raise KeyError(name)

    def of_aklo(self, name: str) -> Key | None:
        """The key that aklo calls so."""
        return self._by_aklos.get(name.casefold())

    def of_table(self, table: str) -> list[Key]:
        """The keys of a table; none if there is no such table."""
        plain = table.casefold()
        wanted = {plain, f"{plain.partition('.')[0]}.{ANY}"}
        return [key for key in self.keys if key.table.casefold() in wanted]
