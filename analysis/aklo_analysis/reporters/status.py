"""`aklo-trace status`: an overview as one screen of text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TextIO

from aklo_analysis.reporters.clip import columns
from aklo_analysis.reporters.grid import GAP, Bar, Column, Grid, Spark
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.text_page import TextPage
from aklo_analysis.units import count, counted, duration, size
from aklo_trace.escape import escape
from aklo_trace.overview import CacheRow, CommandRow, Health, Overview, SlowRow, StoreRow
from aklo_trace.stored import FINISHED

COMMANDS: Final = (
    Column("when", style="dim"),
    Column("wall"),
    Column("usual", optional=1),
    Column("change"),
    Column("runs", optional=3),
    Column("last runs", "left", style="bar", optional=2),
    Column("", "left", style="bad"),
    Column("command", "left", style="code", wanted=24),
)
SLOWEST: Final = (
    Column("took"),
    Column("call", "left"),
    Column("command", "left", style="code", limit=20, optional=1),
    Column("on", "left", clip="path", wanted=24),
)
CACHES: Final = (
    Column("ratio"),
    Column("", "left", style="bar", optional=1),
    Column("lookups"),
    Column("saved"),
    Column("size"),
    Column("allowed", optional=2),
    Column("cache", "left", wanted=12),
)
ALERTS: Final = {"critical": "bad", "warning": "warning", "info": "plain"}
PAINT: Final = re.compile(r"\x1b\[[0-9;]*m")
BAR: Final = 10
AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


class QuickGrid(Grid):
    """Aligned without tabulate, which would be a third of the time that a status takes."""

    def _aligned(self, rows: list[list[str]], aligns: list[str]) -> list[str]:
        widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
        return [
            (" " * GAP).join(
                _padded(cell, width, align)
                for cell, width, align in zip(row, widths, aligns, strict=True)
            )
            for row in rows
        ]


def _padded(cell: str, width: int, align: str) -> str:
    gap = " " * (width - _columns(cell))
    return gap + cell if align == "right" else cell + gap


def _columns(cell: str) -> int:
    """What a cell takes on a terminal, its colours left out."""
    return columns(PAINT.sub("", cell))


def write(found: Overview, stream: TextIO, options: Options, lines: int | None = None) -> None:
    """`lines`: those of the terminal, if there is one."""
    page = TextPage(stream, options)
    page.title(f"aklo-trace status {_clock(found.at_ns)}")
    page.fact("Store", _store(found.store))
    page.fact("Traces", found.store.limits.said())
    page.fact("Engine", *_health(found.health))
    page.fact("Alerts", *_alerts(found))
    if not found.commands:
        page.blank()
        page.sentence("There is no trace yet. Make one: aklo-trace -- COMMAND")
    shown = found if lines is None else found.fitted(lines)
    page.titled("Commands", _commands(shown))
    page.titled("Slowest operations", _slowest(shown.slowest))
    page.titled("Caches", _caches(shown.caches))
    if shown.alerts:
        page.heading("Alerts")
    for row in shown.alerts:
        style = ALERTS.get(row.alert.severity, "plain")
        said = [(escape(row.alert.message), "strong"), (escape(row.command), "dim")]
        page.item(f"{escape(row.alert.severity):<8}", style, said, cut=("strong", "dim"))


def _clock(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"


def _store(row: StoreRow) -> str:
    parts = [counted(row.traces, "trace"), size(row.size_bytes)]
    if row.pinned:
        parts.append(f"{count(row.pinned)} pinned")
    if row.free_bytes is not None:
        parts.append(f"{size(row.free_bytes)} free")
    return f"{escape(row.directory)}: {', '.join(parts)}"


def _health(health: Health) -> tuple[str, str]:
    """What to say of how well was recorded, and in which style."""
    parts = [f"{escape(name)} {count(traces)}" for name, traces in health.engines.items()]
    finished = health.states.get(FINISHED, 0)
    if finished:
        parts.append(f"{count(finished - health.incomplete)} of {count(finished)} complete")
        parts.append(f"{counted(health.lost, 'call')} lost")
    parts += [f"{count(n)} {state}" for state, n in health.states.items() if state != FINISHED]
    if health.unanalysed:
        parts.append(f"{count(health.unanalysed)} not analysed")
    return ", ".join(parts) or "nothing recorded", "warning" if health.incomplete else "plain"


def _alerts(found: Overview) -> tuple[str, str]:
    if not found.alerts:
        return "none is active", "good"
    severities: dict[str, int] = {}
    for row in found.alerts:
        severities[row.alert.severity] = severities.get(row.alert.severity, 0) + 1
    said = ", ".join(f"{count(number)} {escape(name)}" for name, number in severities.items())
    return said, ALERTS.get(found.alerts[0].alert.severity, "plain")


def _commands(found: Overview) -> Grid:
    grid = QuickGrid(COMMANDS)
    for row in found.commands:
        change = row.change
        grid.add(
            _ago(found.at_ns - row.started_at_ns),
            "" if row.wall_ns is None else duration(row.wall_ns),
            "" if row.usual_ns is None else duration(row.usual_ns),
            "" if change is None else f"{change:+.0%}",
            count(row.runs),
            Spark(_shares(row.walls_ns)) if len(row.walls_ns) > 1 else "",
            _ending(row),
            escape(row.command),
            style="warning" if row.is_slower else "plain",
        )
    return grid


def _shares(walls_ns: Iterable[int]) -> tuple[float, ...]:
    found = [*walls_ns]
    most = max(found) or 1
    return tuple(one / most for one in found)


def _ending(row: CommandRow) -> str:
    """What is to be known of a run that did not go as it should."""
    if row.state != FINISHED:
        return row.state
    if row.signal is not None:
        return f"signal {row.signal}"
    if row.exit_status:
        return f"exit {row.exit_status}"
    return "" if row.complete else "incomplete"


def _slowest(rows: Iterable[SlowRow]) -> Grid:
    grid = QuickGrid(SLOWEST)
    for row in rows:
        call = row.call
        on = call.path or call.program or ""
        grid.add(duration(call.dur_ns), escape(call.syscall), escape(row.command), escape(on))
    return grid


def _caches(rows: Iterable[CacheRow]) -> Grid:
    grid = QuickGrid(CACHES)
    for row in rows:
        ratio, last = row.hit_ratio, row.last
        loses = row.saved_ns is not None and row.saved_ns < 0
        grid.add(
            "" if ratio is None else f"{100 * row.hits // row.lookups}%",
            Bar(ratio or 0, BAR),
            count(row.lookups),
            "" if row.saved_ns is None else duration(row.saved_ns),
            "" if last.size_bytes is None else size(last.size_bytes),
            "" if last.limit_bytes is None else size(last.limit_bytes),
            escape(row.name),
            style="warning" if loses else "plain",
        )
    return grid


def _ago(ns: int) -> str:
    """`12s`, `5m`, `3h`, `2d`, of a time that has passed."""
    seconds = max(ns, 0) // 10**9
    return next((f"{seconds // unit}{name}" for unit, name in AGES if seconds >= unit), "now")
