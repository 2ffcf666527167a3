"""Changes to a file in TOML, which keep its comments, order and spacing.

By tomlkit, which is imported here alone: nothing that only reads needs it.
"""

from __future__ import annotations

from typing import Any

from aklo_trace.config.kinds import Value


def with_value(text: str, name: str, value: Value) -> str:
    """The text in which the key of that dotted name has the value. Raises ValueError where a key
    of the file is in the way."""
    import tomlkit

    document = tomlkit.parse(text)
    *tables, last = name.split(".")
    table: Any = document
    for part in tables:
        key = _spelled(table, part)
        if key not in table:
            table[key] = tomlkit.table()
        table = table[key]
        if not hasattr(table, "keys"):
            raise ValueError(f"{part} is no table there")
    table[_spelled(table, last)] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


def without(text: str, name: str) -> str:
    """The text without that key; its table stays."""
    import tomlkit

    document = tomlkit.parse(text)
    _remove(document, name.split("."))
    return tomlkit.dumps(document)


def _remove(table: Any, parts: list[str]) -> None:
    key = _spelled(table, parts[0])
    if key not in table:
        return
    if len(parts) == 1:
        del table[key]
        return
    _remove(table[key], parts[1:])


def _spelled(table: Any, name: str) -> str:
    """The key as the file has it, where letters of either case count alike."""
    return next((key for key in table if key.casefold() == name.casefold()), name)
