"""The variables of the environment."""

from __future__ import annotations

from aklo_trace.config import environment
from aklo_trace.config.configuration import MODEL
from aklo_trace.config.keys import KEYS


def test_every_key_of_its_own_has_a_variable_of_its_own() -> None:
    variables = [key.variable for key in KEYS if "*" not in key.name]
    assert None not in variables
    assert len(set(variables)) == len(variables)
    environ = dict.fromkeys(map(str, variables), "1")
    entries, problems = environment.read(environ, MODEL)
    assert {entry.name for entry in entries} == {key.name for key in KEYS if "*" not in key.name}
    assert problems == []


def test_other_variables_are_nobodys_business() -> None:
    assert environment.read({"PATH": "x", "AKLO_DRY_RUN": "true"}, MODEL) == ([], [])
