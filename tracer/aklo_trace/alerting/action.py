"""What is to be done about an alert, as the configuration has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aklo_trace.config.configuration import Configuration, Setting
from aklo_trace.config.entry import Problem
from aklo_trace.location import expanded

KINDS = ("command", "url", "file")


@dataclass(frozen=True, slots=True)
class Action:
    """It has a command with its arguments, a URL, or a file; the others are empty. `on`: states
    of an alert in which it is done."""

    name: str
    command: tuple[str, ...]
    url: str
    file: Path | None
    timeout_s: float
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert that is said. `message` is in words, without anything that could harm a terminal;
    `line` has it all, as a JSON object; `actions` are names."""

    name: str
    severity: str
    state: str
    message: str
    trace: str
    line: str
    at_ns: int
    actions: tuple[str, ...]


def actions(found: Configuration, home: str) -> tuple[dict[str, Action], tuple[Problem, ...]]:
    """Those that can be done, by name, and what is wrong with others, or with what names them."""
    made: dict[str, Action] = {}
    problems: list[Problem] = []
    for name in found.tables("action"):
        settings = found.table("action", name)
        problem = _problem(settings)
        if problem is None:
            made[name] = _action(name, settings, home)
        else:
            problems.append(problem)
    return made, (*problems, *_unknown(found))


def _action(name: str, settings: Mapping[str, Setting], home: str) -> Action:
    command, url, file = (settings[kind].value if kind in settings else "" for kind in KINDS)
    timeout_ns, on = settings["timeout"].value, settings["on"].value
    assert isinstance(timeout_ns, int)
    assert isinstance(on, tuple)
    return Action(
        name=name,
        command=command if isinstance(command, tuple) else (),
        url=str(url),
        file=expanded(str(file), home) if file else None,
        timeout_s=timeout_ns / 1e9,
        on=on,
    )


def _problem(settings: Mapping[str, Setting]) -> Problem | None:
    given = [settings[kind] for kind in KINDS if kind in settings]
    if len(given) != 1:
        some = next(iter(given or [one for one in settings.values() if one.origin.place]))
        return Problem(some.origin, some.name, f"an action needs one of {', '.join(KINDS)}")
    program = given[0].value[0] if isinstance(given[0].value, tuple) else ""
    if "/" in program and not program.startswith("/"):
        what = "must name a program on PATH, or by its absolute path"
        return Problem(given[0].origin, given[0].name, what)
    return None


def _unknown(found: Configuration) -> list[Problem]:
    """Names of actions that there are not."""
    known = found.tables("action")
    named = [found.settings.get(f"alert.{name}.actions") for name in found.tables("alert")]
    return [
        Problem(setting.origin, setting.name, f"there is no action '{name}'")
        for setting in named
        if setting is not None and isinstance(setting.value, tuple)
        for name in setting.value
        if name not in known
    ]
