"""Conditions as a configuration would have them."""

from __future__ import annotations

from aklo_analysis.alerts.condition import Condition, conditions
from aklo_trace.config import toml_file
from aklo_trace.config.configuration import Configuration, resolved
from aklo_trace.config.entry import USER, Origin


def configuration(text: str) -> Configuration:
    """Of a file in TOML."""
    found = resolved(toml_file.read(text, Origin(USER, "c.toml"))[0])
    assert found.problems == ()
    return found


def condition(text: str = "", name: str = "it") -> Condition:
    """That of one table, which has no alerts beside it."""
    table = f"[alert.slow_operation]\nenabled = false\n[alert.{name}]\n{text}"
    found, problems = conditions(configuration(table))
    assert problems == ()
    (made,) = found
    return made


def problems(text: str) -> list[str]:
    return [str(problem) for problem in conditions(configuration(text))[1]]
