"""The figures of docs/attribution.md: how much of what a trace says of bash's code is right."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .judgement import Tally

PAGE: Final = Path(__file__).parents[3] / "docs" / "attribution.md"
COLUMNS: Final = {
    "marks: function": "function",
    "marks: stack": "stack",
    "marks: line": "line",
    "marks: line in the file": "place",
    "calls: function": "call",
    "calls: stack": "call's stack",
    "programs: function and line": "program",
    "programs: fork": "fork",
}
"""By heading, what Tally counts."""
RULE: Final = "|---|" + "--:|" * (len(COLUMNS) + 3)
HEAD: Final = "| marks | calls | programs | " + " | ".join(COLUMNS) + " |"
SLACK: Final = 0.5
"""How many points a figure may be below the page's: what bash does varies a little."""


def row(name: str, tally: Tally) -> str:
    counts = [
        f"{tally.total['function']:,}",
        rounded(tally.total["call"]),
        f"{tally.total['program']:,}",
    ]
    shares = [percent(tally, what) for what in COLUMNS.values()]
    return f"| {name} | {' | '.join([*counts, *shares])} |"


def rounded(count: int) -> str:
    """Two digits: the number of calls is never the same twice."""
    digits = max(len(str(count)) - 2, 0)
    return f"{round(count, -digits):,}"


def percent(tally: Tally, what: str) -> str:
    """Rounded down: 100 is all."""
    return f"{math.floor(1000 * tally.ratio(what)) / 10:g}" if tally.total[what] else ""


def by_construct(tallies: Mapping[str, Tally]) -> str:
    rows = [row(name, tally) for name, tally in tallies.items()]
    return "\n".join([f"| construct {HEAD}", RULE, *rows, row("all", Tally.sum(tallies.values()))])


def write(version: str, tallies: Mapping[str, Tally], is_own: bool) -> None:
    """Put what was measured into the page: the totals of a version, and for the system's own
    bash all constructs."""
    text = PAGE.read_text()
    if is_own:
        text = re.sub(
            r"\| construct .*?\n\n", lambda _: by_construct(tallies) + "\n\n", text, flags=re.DOTALL
        )
    whole = row(version, Tally.sum(tallies.values()))
    text = re.sub(rf"^\| {re.escape(version)} \|.*$", lambda _: whole, text, flags=re.MULTILINE)
    PAGE.write_text(text)


def written(name: str) -> dict[str, float]:
    """What the page says of a version or a construct, in percent by what Tally counts."""
    (line,) = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE.read_text(), flags=re.MULTILINE)
    cells = [cell.strip() for cell in line.split("|")][3:]
    return {what: float(cell) for what, cell in zip(COLUMNS.values(), cells, strict=True) if cell}
