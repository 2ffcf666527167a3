"""The rules: each looks for one habit that makes shell programs slow."""

from __future__ import annotations

from typing import Final

from aklo_analysis.rules import (
    blocking_stages,
    flushes,
    incomplete,
    program_loads,
    repeated_looks,
    repeated_programs,
    searches,
    small_transfers,
    turns,
    unused_modules,
)
from aklo_analysis.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    repeated_programs.RULE,
    repeated_looks.RULE,
    searches.RULE,
    small_transfers.RULE,
    flushes.RULE,
    program_loads.RULE,
    turns.RULE,
    blocking_stages.RULE,
    unused_modules.RULE,
    incomplete.RULE,
)
"""By their codes."""
