"""The rules: each looks for one habit that makes shell programs slow."""

from __future__ import annotations

from typing import Final

from aklo_analysis.rules import repeated_programs
from aklo_analysis.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (repeated_programs.RULE,)
"""By their codes."""
