"""The configuration as it is in force: of each key the value that counts, and its origin."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from aklo_trace.config import aklo_file, environment, files, toml_file
from aklo_trace.config.entry import (
    BY_DEFAULT,
    FLAG,
    PROJECT,
    Entry,
    Origin,
    Problem,
)
from aklo_trace.config.files import FOREIGN, USED, File
from aklo_trace.config.keys import KEYS
from aklo_trace.config.kinds import Value, shown
from aklo_trace.config.model import ANY, TABLE_NAMES, Model
from aklo_trace.location import user_store
from aklo_trace.spelling import meant

T = TypeVar("T", bound=Value)
MODEL: Final = Model(KEYS)
UNTRUSTED: Final = (
    "actions are not done until you trust the file as it is: aklo-trace config trust {path}"
)
SHOWN: Final = 60
"""Characters of a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`name` is that of the key, with the name of its table in place of a star."""

    name: str
    value: Value
    origin: Origin


@dataclass(frozen=True)
class Configuration:
    """`settings`: what somebody has set, by name. `problems`: what cannot be used, and counts for
    nothing. `files`: where was looked, what counts most first."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: tuple[File, ...] = ()

    def setting(self, name: str) -> Setting:
        """That of a key which has a default. Raises KeyError if the model has no such key."""
        if found := self.settings.get(name):
            return found
        default = MODEL.key(name).default
        if default is None:
            raise KeyError(name)
        return Setting(name, default, BY_DEFAULT)

    def value(self, name: str, kind: type[T]) -> T:
        """The value of a key that holds one of that type."""
        found = self.setting(name).value
        assert isinstance(found, kind), name
        return found

    def tables(self, head: str) -> list[str]:
        """The names of the tables `head.NAME` of which something is set."""
        parts = (name.split(".") for name in self.settings)
        return sorted({part[1] for part in parts if part[0] == head and len(part) == 3})

    def table(self, head: str, name: str) -> dict[str, Setting]:
        """The settings of one of them, by the last part of their name, defaults included."""
        defaults = {
            _last(key.name): Setting(f"{head}.{name}.{_last(key.name)}", key.default, BY_DEFAULT)
            for key in MODEL.of_table(f"{head}.{name}")
            if key.default is not None
        }
        prefix = f"{head}.{name}."
        own = {_last(n): s for n, s in self.settings.items() if n.startswith(prefix)}
        return defaults | own

    def with_flags(self, given: Mapping[str, Value | None]) -> Configuration:
        """The same, with values of the command line, by name of the key; None is not given."""
        flags = {
            name: Setting(name, value, Origin(FLAG, MODEL.key(name).flag or ""))
            for name, value in given.items()
            if value is not None
        }
        return replace(self, settings={**self.settings, **flags})

    def packed(self) -> bytes:
        """As JSON, for a process that may not read the files itself."""
        return json.dumps(
            {
                "settings": [asdict(setting) for setting in self.settings.values()],
                "problems": [asdict(problem) for problem in self.problems],
                "files": [asdict(file) for file in self.files],
            }
        ).encode()


def unpacked(raw: bytes) -> Configuration:
    """What `Configuration.packed` gave."""
    found = json.loads(raw)
    settings = [
        Setting(one["name"], _tupled(one["value"]), Origin(**one["origin"]))
        for one in found["settings"]
    ]
    return Configuration(
        {setting.name: setting for setting in settings},
        tuple(Problem(Origin(**one.pop("origin")), **one) for one in found["problems"]),
        tuple(File(**one) for one in found["files"]),
    )


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class _Source:
    entries: list[Entry]
    problems: list[Problem]


def load(
    cwd: Path | None,
    environ: Mapping[str, str],
    home: Path,
    command: Sequence[str] = (),
    proposed: Mapping[str, bytes] = MappingProxyType({}),
) -> Configuration:
    """Read everything, as the user that this process is. Nothing is raised: what cannot be used
    is a problem of the configuration. `proposed`: by path what stands in files instead."""
    sources, found = [_Source(*environment.read(environ, MODEL))], []
    for file, content in files.find(cwd, environ, home, command):
        if file.path in proposed:
            file, content = replace(file, state=USED, why=""), proposed[file.path]
        file, source = _trusted(file, content, user_store(environ, home))
        sources.append(source)
        found.append(file)
    entries = (entry for source in sources for entry in source.entries)
    problems = (problem for source in sources for problem in source.problems)
    return resolved(entries, problems, found)


def acting(file: File, content: bytes) -> list[Entry]:
    """What of a file is about actions."""
    return [entry for entry in _read(file, content)[0] if _acts(entry.name.casefold())]


def _trusted(file: File, content: bytes, data: Path) -> tuple[File, _Source]:
    """What a file says, without actions if these need a trust that it does not have."""
    entries, problems = _read(file, content)
    about_actions = [entry for entry in entries if _acts(entry.name.casefold())]
    if not about_actions or (file.level != PROJECT and file.is_private):
        return file, _Source(entries, problems)
    from aklo_trace.config import trust

    file = replace(file, is_trusted=trust.is_trusted(data, file.path, content))
    if file.is_trusted:
        return file, _Source(entries, problems)
    what = UNTRUSTED.format(path=shlex.quote(file.path))
    problems.append(Problem(about_actions[0].origin, "", what, is_mistake=False))
    return file, _Source([entry for entry in entries if entry not in about_actions], problems)


def _acts(name: str) -> bool:
    return name.startswith("action.") or (name.startswith("alert.") and name.endswith(".actions"))


def _read(file: File, content: bytes) -> tuple[list[Entry], list[Problem]]:
    origin = Origin(file.level, file.path)
    if file.state != USED:
        is_mistake = file.state != FOREIGN
        said = Problem(origin, "", f"is not used: {file.why}", is_mistake=is_mistake)
        return [], [said] if file.why else []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [], [Problem(replace(origin, line=line), "", "is not UTF-8")]
    if file.level == PROJECT:
        return aklo_file.read(text, origin, MODEL)
    return toml_file.read(text, origin)


def resolved(
    entries: Iterable[Entry], problems: Iterable[Problem] = (), found: Iterable[File] = ()
) -> Configuration:
    """Of each key the first entry that can be used."""
    settings: dict[str, Setting] = {}
    wrong = list(problems)
    for entry in entries:
        known = MODEL.find(entry.name)
        written = entry.written or entry.name
        if known is None:
            wrong.append(Problem(entry.origin, written, unknown(entry.name)))
            continue
        name, key = known
        try:
            settings.setdefault(name, Setting(name, key.kind.read(entry.given), entry.origin))
        except ValueError:
            what = f"must be {key.kind.allowed}, not {_cut(shown(entry.given))}"
            what += meant(entry.given, getattr(key.kind, "words", ()))
            wrong.append(Problem(entry.origin, written, what))
    return Configuration(settings, tuple(wrong), tuple(found))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def unknown(name: str) -> str:
    """What to say of a key that there is not."""
    table, _, last = name.casefold().rpartition(".")
    if not table:
        table, last = "monitoring", name.casefold()
    keys = list(_names(table))
    if not keys:
        tables = dict.fromkeys(key.table.partition(".")[0] for key in MODEL.keys)
        return f"is no key; the tables are {', '.join(tables)}"
    if {last, ANY} & {key.casefold() for key in keys}:
        return f"is in a table called {_cut(ascii(table))}: after its dot comes {TABLE_NAMES}"
    known = [key.casefold() for key in keys] if last.isascii() else []  # it may look like one
    close = meant(last, known)
    return f"is no key{close or f'; {table} has ' + ', '.join(keys)}"


def _names(table: str) -> Iterator[str]:
    for key in MODEL.of_table(table):
        yield key.aklo or _last(key.name)
