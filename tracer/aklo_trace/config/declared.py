"""What tables such as `[alert.NAME]` declare, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from aklo_trace.config.configuration import Setting
from aklo_trace.config.entry import Problem

T = TypeVar("T")

Settings = Mapping[str, Setting]
"""Of one table, by the last part of their names."""


class Wrong(Exception):
    """Why what a table declares cannot be used."""

    def __init__(self, setting: Setting, what: str) -> None:
        self.problem = Problem(setting.origin, setting.name, what)


def declared(
    names: Iterable[str], settings: Callable[[str], Settings], made: Callable[[str, Settings], T]
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """What `made` makes of the `settings` of each of these that is enabled; and what is wrong with
    those of which it raises `Wrong`, which are left out."""
    found: list[T] = []
    problems: list[Problem] = []
    for name in names:
        table = settings(name)
        if not table["enabled"].value:
            continue
        try:
            found.append(made(name, table))
        except Wrong as wrong:
            problems.append(wrong.problem)
    return tuple(found), tuple(problems)


def somewhere(settings: Settings) -> Setting:
    """One that somebody has set, to say where the table is; else one that nobody has."""
    own = (setting for setting in settings.values() if setting.origin.place)
    return next(own, settings["enabled"])
