"""Thresholds of rules as the configuration has them."""

from __future__ import annotations

from aklo_analysis.rules import RULES
from aklo_analysis.rules.rule import Setting
from aklo_trace.config.configuration import Configuration
from aklo_trace.config.entry import Problem

RULE_TABLE = "rules"


def limits(found: Configuration) -> tuple[dict[str, Setting], tuple[Problem, ...]]:
    """By full name, `SH01.starts`; and what is set that no rule has."""
    names = {rule.code: [one.name for one in rule.thresholds] for rule in RULES}
    made: dict[str, Setting] = {}
    problems: list[Problem] = []
    for setting in found.settings.values():
        table, _, rest = setting.name.partition(".")
        code, _, threshold = rest.partition(".")
        if table != RULE_TABLE:
            continue
        if threshold in names.get(code, ()):
            assert isinstance(setting.value, float)
            made[rest] = Setting(setting.value, str(setting.origin))
        else:
            problems.append(Problem(setting.origin, setting.name, _unknown(code, names)))
    return made, tuple(problems)


def _unknown(code: str, names: dict[str, list[str]]) -> str:
    if code in names:
        return f"is no threshold; {code} has {', '.join(names[code])}"
    return f"there is no rule {code}, but {', '.join(names)}"
