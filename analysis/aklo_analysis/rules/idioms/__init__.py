"""What a shell can write instead of a program that it can do without.

Each function of the tables gets the arguments that a program had, and says what does the same in a
shell, or None if nothing does. `v` is the variable at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aklo_analysis.rules.idioms import builtins, cutting, matching, numbers, substituting
from aklo_analysis.rules.idioms.idiom import Idiom, Translate

BUILTIN: Final[Mapping[str, Translate]] = builtins.TABLE
"""Programs whose work a builtin does, by name (SH03)."""

TEXT: Final[Mapping[str, Translate]] = {
    **cutting.TABLE,
    **matching.TABLE,
    **numbers.TABLE,
    **substituting.TABLE,
}
"""Programs whose work an expansion does when they work on a variable, by name (SH04)."""

__all__ = ["BUILTIN", "TEXT", "Idiom", "Translate"]
