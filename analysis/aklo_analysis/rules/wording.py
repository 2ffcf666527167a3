"""How findings speak of programs."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import Final

import pandas as pd

from aklo_analysis.units import count, duration

NAMED: Final = 3
"""How many programs or commands are named."""

LONGEST: Final = 200
"""Characters of a command that are shown."""


def names(starts: pd.DataFrame) -> str:
    """`sed, tr and cut`, the most frequent first."""
    found = starts["name"].value_counts(sort=True).index.tolist()[:NAMED]
    return " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{count(number)} times")


def commands(starts: pd.DataFrame) -> list[str]:
    """Some of their command lines, the most frequent first."""
    counts = Counter(zip(starts["name"], starts["argv"], strict=True))
    found = [shlex.join([name, *(argv or ())]) for (name, argv), _ in counts.most_common(NAMED)]
    return [line if len(line) <= LONGEST else line[:LONGEST] + " …" for line in found]


def evidence(starts: pd.DataFrame, cost_ns: int) -> tuple[str, ...]:
    """What one of them costs, with examples."""
    first, *more = commands(starts)
    return f"{duration(cost_ns // len(starts))} each, as {first}", *more


def with_variable(text: str, source: str | None) -> str:
    """The text with the variable of a line of code in place of `v`, if it has only one. A text
    that sets `v` is left as it is."""
    found = set(re.findall(r"\$\{?([A-Za-z_]\w*|\d)", source or ""))
    if len(found) != 1 or re.search(r"(?<![$\w{#])v\b", text):
        return text
    return re.sub(r"\$(\{#?)?v\b", lambda match: f"${match[1] or ''}{min(found)}", text)
