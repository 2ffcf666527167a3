"""The variables `AKLO_TRACE_*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aklo_trace.config.entry import ENVIRONMENT, Entry, Origin, Problem
from aklo_trace.config.model import PREFIX, Model

OF_RULES: Final = PREFIX + "RULES_"


def read(environ: Mapping[str, str], model: Model) -> tuple[list[Entry], list[Problem]]:
    """A variable without a value is as good as none."""
    names = {key.variable: key.name for key in model.keys if key.variable}
    entries: list[Entry] = []
    problems: list[Problem] = []
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or not value:
            continue
        here = Origin(ENVIRONMENT, variable)
        name = names.get(variable) or _of_rules(variable)
        if name is None:
            problems.append(Problem(here, "", "is a variable that aklo-trace does not know"))
        else:
            entries.append(Entry(name, value, here))
    return entries, problems


def _of_rules(variable: str) -> str | None:
    """`AKLO_TRACE_RULES_SH01_STARTS` is `rules.sh01.starts`."""
    code, _, name = variable.removeprefix(OF_RULES).lower().partition("_")
    return f"rules.{code}.{name}" if variable.startswith(OF_RULES) and name else None
