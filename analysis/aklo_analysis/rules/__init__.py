"""The rules: each looks for one habit that makes shell programs slow."""

from __future__ import annotations

from typing import Final

from aklo_analysis.rules import (
    blocking_stages,
    flushes,
    harmful_caches,
    incomplete,
    needless_programs,
    program_loads,
    repeated_looks,
    repeated_programs,
    reread_files,
    searches,
    small_transfers,
    sourced_files,
    subshells,
    turns,
    unused_modules,
)
from aklo_analysis.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    repeated_programs.RULE,
    subshells.RULE,
    needless_programs.BUILTINS,
    needless_programs.EXPANSIONS,
    needless_programs.CATS,
    repeated_looks.RULE,
    searches.RULE,
    sourced_files.RULE,
    reread_files.RULE,
    small_transfers.RULE,
    flushes.RULE,
    program_loads.RULE,
    turns.RULE,
    blocking_stages.RULE,
    unused_modules.RULE,
    harmful_caches.RULE,
    incomplete.RULE,
)
"""By their codes."""
