"""The budget of a project: a file in TOML, to be committed beside the code, that limits commands.

    [max."aklo status"]
    processes = 437
    "calls:openat" = 8200

    [min."aklo *"]
    "cache_ratio:parsed" = "50%"

Keys are metrics of alerts. What a table is of is a pattern of commands, as of alerts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any, Final

from aklo_trace.config.entry import PROJECT, Origin
from aklo_trace.errors import StoreError, UsageError, reason_of, remedy_of
from aklo_trace.location import project
from aklo_trace.plain_file import write_whole

FILE: Final = "aklo-trace-budget.toml"
KINDS: Final = ("max", "min")
HEAD: Final = """\
# What commands may cost: 'aklo-trace check TRACE' fails above a maximum or below a minimum.
# 'aklo-trace check TRACE --update' writes what a trace has. See docs/check.md.
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`kind` is one of `KINDS`, `key` a metric, `command` a pattern."""

    kind: str
    command: str
    key: str
    given: object
    origin: Origin


def place(cwd: Path) -> Path:
    """Where the budget of the project is, or would be: in its directory, or else here."""
    return (project(cwd) or cwd) / FILE


def read(path: Path) -> tuple[Limit, ...]:
    """All limits of a budget. Raises UsageError."""
    import tomllib

    from aklo_trace.config.toml_file import lines

    text = _text(path)
    try:
        document, at = tomllib.loads(text), lines(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.") from None
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply.") from None
    found = []
    for kind, tables in document.items():
        _check_table(path, kind, tables)
        for command, limits in tables.items():
            if not isinstance(limits, dict):
                raise UsageError(
                    f"{path}: {kind}.{command} is no table: write METRIC = LIMIT below "
                    f'[{kind}."{command}"].'
                )
            for key, given in limits.items():
                origin = Origin(PROJECT, str(path), at.get((kind, command, key)))
                found.append(Limit(kind, command, key, given, origin))
    return tuple(found)


def is_about(limit: Limit, command: str) -> bool:
    return fnmatchcase(command, limit.command)


def updated(
    path: Path,
    command: str,
    amounts: Mapping[tuple[str, str], object],
    canonical: Callable[[str], str],
) -> str:
    """The text of the budget with these amounts, by kind and canonical key, for a command; comments
    and all else stay, also how a key is spelt. Where no table is of the command there will be one.
    Raises UsageError."""
    import tomlkit

    document: Any = tomlkit.parse(_text(path) if path.exists() else HEAD)
    for (kind, key), amount in amounts.items():
        tables = document.setdefault(kind, tomlkit.table(is_super_table=True))
        fitting = [name for name in tables if fnmatchcase(command, name)]
        spelt = {name: [one for one in tables[name] if canonical(one) == key] for name in fitting}
        name = next((one for one in fitting if spelt[one]), next(iter(fitting), escape(command)))
        if name not in tables:
            tables.add(name, tomlkit.table())
        for one in spelt.get(name) or [key]:
            tables[name][one] = amount
    return tomlkit.dumps(document)


def write(path: Path, text: str) -> None:
    """As a whole or not at all, with the permissions that the file had. Raises StoreError."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        write_whole(target, text.encode(), 0o666 if mode is None else mode)
        if mode is not None:
            target.chmod(mode)  # what the umask took
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {reason_of(error)}; {remedy_of(error)}."
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"The budget {path} cannot be read: {why}.") from None


def _check_table(path: Path, kind: str, tables: object) -> None:
    if kind not in KINDS or not isinstance(tables, dict):
        names: Iterable[str] = (f'[{name}."COMMAND"]' for name in KINDS)
        raise UsageError(
            f"{path}: '{kind}' is none of the tables of a budget, {' and '.join(names)}."
        )
