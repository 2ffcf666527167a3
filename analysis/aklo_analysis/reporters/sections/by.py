"""System calls, grouped by what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aklo_analysis.activity import BY_KEY
from aklo_analysis.causes import APART, UNREAD
from aklo_analysis.distribution import Distribution
from aklo_analysis.keys import NOBODY, Part
from aklo_analysis.measure import Measure
from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.scripts import Scripts
from aklo_analysis.reporters.sections.calls import percentiles
from aklo_analysis.reporters.sections.code import TITLES
from aklo_analysis.reporters.sections.files import APART as FILES_APART
from aklo_analysis.tables.files import NO_FILE, WITHOUT_PATH
from aklo_analysis.tables.groups import Groups
from aklo_analysis.units import count, size, spent
from aklo_trace.escape import escape

NUMBERS: Final = (
    Column("calls"),
    Column("failed", optional=5),
    Column("bytes", optional=4),
    Column("total"),
    Column("self"),
    Column("incl."),
    Column("p50", optional=2),
    Column("p95", optional=7),
    Column("p99", optional=6),
    Column("max", optional=3),
)
NAMES: Final = {
    "class": Column("class", "left", limit=30, least=12),
    "syscall": Column("syscall", "left", limit=20, least=12),
    "process": Column("process", "left", limit=40, least=12),
    "program": Column("program", "left", limit=20, least=12),
    "command": Column("command", "left", limit=40, least=12),
    "file": Column("file", "left", clip="path", limit=40, least=12),
    "directory": Column("directory", "left", clip="path", limit=40, least=12),
    "function": Column("function", "left", limit=40, least=12),
    "line": Column("line", "left", clip="path", limit=40, least=12),
}
"""The column of each key."""

OF_FILES: Final = {**FILES_APART, NO_FILE: "about no file"}
OF_PROCESSES: Final = {NOBODY: "unknown process"}
UNKNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "process": OF_PROCESSES,
    "program": OF_PROCESSES,
    "command": OF_PROCESSES,
    "file": OF_FILES,
    "directory": OF_FILES,
    "function": TITLES,
    "line": TITLES,
}
"""By key, what the names of its unknown parts mean."""

EXPECTED: Final = frozenset({NO_FILE, *WITHOUT_PATH.values(), *APART[:UNREAD]})
"""Names of parts that have no name but are no gap in what is known."""

TOTALS: Final = "total: time inside the calls; self: of that, without waiting for others"
BELOW: Final = {
    "process": "its descendants",
    "directory": "the directories in it",
    "function": "the functions that it called",
    "line": "the functions called from it",
}


def by(report: Report, page: Page) -> None:
    found = report.by
    if found is None or not found.ranking.total.calls:
        return
    names = [NAMES[key] for key in found.keys]
    grid, scripts = Grid((*NUMBERS, *names)), _scripts(found)
    blank = [""] * (len(names) - 1)
    for row in found.ranking.rows:
        texts = [_text(key, part, scripts) for key, part in zip(found.keys, row.parts, strict=True)]
        style = _style([part.name for part in row.parts if not part.known])
        grid.add(*_numbers(row.measure, row.distribution, row.inclusive), *texts, style=style)
    if found.ranking.others:
        more = f"{count(found.ranking.others)} more"
        grid.add(*_numbers(found.ranking.rest), *blank, more, style="dim", closing=True)
    for name, measure in found.ranking.apart.items():
        key, _, unknown = name.partition(":")
        text, style = _unknown(key, unknown), _style([unknown])
        grid.add(*_numbers(measure), *blank, text, style=style, closing=True)
    whole = _numbers(found.ranking.total, found.distribution)
    grid.add(*whole, *blank, "all calls", style="strong", closing=True)
    page.titled(f"Calls by {', '.join(found.keys)}", grid, _remark(found))
    if scripts.root:
        page.sentence(f"Scripts without / at the beginning are in {escape(scripts.root)}", "dim")


def _numbers(
    measure: Measure, distribution: Distribution | None = None, inclusive: Measure | None = None
) -> tuple[str, ...]:
    return (
        count(measure.calls),
        count(measure.failed) if measure.failed else "",
        size(measure.bytes) if measure.bytes else "",
        spent(measure.total_ns),
        spent(measure.work_ns),
        "" if inclusive is None else spent(inclusive.total_ns),
        *percentiles(distribution),
    )


def _remark(found: Groups) -> str:
    below = BELOW.get(found.keys[0]) if len(found.keys) == 1 else None
    return f"{TOTALS}; incl.: total with {below}." if below else f"{TOTALS}."


def _style(unknown: list[str]) -> str:
    """Of a row with these parts that are not known."""
    if not unknown:
        return "plain"
    return "dim" if EXPECTED.issuperset(unknown) else "warning"


def _text(key: str, part: Part, scripts: Scripts) -> str:
    if not part.known:
        return _unknown(key, part.name)
    return escape(SHOWN[key](part, scripts)) if key in SHOWN else escape(part.name)


def _unknown(key: str, name: str) -> str:
    return f"({UNKNOWN[key].get(name, name)})"


def _class(part: Part, _: Scripts) -> str:
    activity = BY_KEY[part.name]
    return f"waiting {activity.title}" if activity.waits else activity.title


def _function(part: Part, scripts: Scripts) -> str:
    return part.name if part.file is None else f"{part.name} ({scripts.short(part.file)})"


def _line(part: Part, scripts: Scripts) -> str:
    return scripts.short(part.name)


SHOWN: Final[dict[str, Callable[[Part, Scripts], str]]] = {
    "class": _class,
    "function": _function,
    "line": _line,
}
"""How the parts of a key are shown; those of the others by their name."""


def _scripts(found: Groups) -> Scripts:
    rows = [dict(zip(found.keys, row.parts, strict=True)) for row in found.ranking.rows]
    functions = [row["function"].file for row in rows if "function" in row]
    lines = [row["line"].name for row in rows if "line" in row]
    return Scripts(name for name in [*functions, *lines] if name is not None)
