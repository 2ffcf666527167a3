"""A digest as text, Markdown or a page for a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TextIO

from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.html.document import document
from aklo_analysis.reporters.html.page import HtmlPage
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.pages import PAGES
from aklo_analysis.units import count, counted, duration, size
from aklo_trace.digest import ROWS, CommandChange, Digest
from aklo_trace.escape import escape
from aklo_trace.summary import CacheUse

HTML: Final = "html"
FORMATS: Final = (*PAGES, HTML)
TITLE: Final = "aklo-trace digest"
COMMANDS: Final = (
    Column("change", style="strong"),
    Column("now"),
    Column("before", optional=1),
    Column("runs"),
    Column("failed", style="warning", optional=2),
    Column("command", "left", style="code"),
)
CACHES: Final = (
    Column("ratio"),
    Column("before"),
    Column("lookups"),
    Column("saved"),
    Column("size", optional=1),
    Column("cache", "left"),
)
ALERTS: Final = (
    Column("traces"),
    Column("severity", "left", "warning"),
    Column("alert", "left"),
    Column("command", "left", "code", limit=24, optional=1),
    Column("last", "left"),
)


def write(found: Digest, form: str, stream: TextIO, options: Options) -> None:
    """`form` is one of `FORMATS`."""
    if form == HTML:
        page = HtmlPage()
        _fill(found, page)
        stream.write(document(TITLE, _span(found), page.sections, {}, options.utf8))
        return
    _fill(found, PAGES[form](stream, options))


def _fill(found: Digest, page: Page) -> None:
    page.title(f"{TITLE} {_span(found)}")
    page.fact("Traces", _traces(found))
    page.fact("Slower", _named([row for row in found.commands if row.is_slower]), "warning")
    page.fact("Faster", _named([row for row in found.commands if row.is_faster]), "good")
    page.fact("Disk", f"{size(found.size_bytes)} in all, {size(found.added_bytes)} of them new")
    if not found.traces:
        page.sentence(f"Nothing was traced this {found.period}.")
    page.titled("Commands", _commands(found), "Medians; before: the four weeks before.")
    _findings(found, page)
    page.titled("Caches", _caches(found))
    page.titled("Alerts", _alerts(found))


def _span(found: Digest) -> str:
    since, until = (
        datetime.fromtimestamp(ns / 1e9, UTC) for ns in (found.since_ns, found.until_ns)
    )
    return f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"


def _traces(found: Digest) -> str:
    parts = [counted(found.traces, "trace")]
    for number, what in (
        (found.failed, "of a command that failed"),
        (found.incomplete, "incomplete"),
        (found.removed, "removed since"),
    ):
        if number:
            parts.append(f"{count(number)} {what}")
    return ", ".join(parts)


def _named(rows: Sequence[CommandChange]) -> str:
    """`aklo status +34%`"""
    named = [f"{escape(row.command)} {row.change:+.0%}" for row in rows[:3]]
    more = [f"{len(rows) - 3} more"] if len(rows) > 3 else []
    return ", ".join([*named, *more]) or "nothing"


def _commands(found: Digest) -> Grid:
    grid = Grid(COMMANDS)
    for row in found.commands[:ROWS]:
        grid.add(
            _change(row),
            "" if row.wall_ns is None else duration(row.wall_ns),
            "" if row.before_ns is None else duration(row.before_ns),
            count(row.runs),
            count(row.failed) if row.failed else "",
            escape(row.command),
            style="warning" if row.is_slower else "plain",
        )
    return grid


def _change(row: CommandChange) -> str:
    if row.before_ns is None:
        return "new"
    return "" if row.change is None else f"{row.change:+.0%}"


def _findings(found: Digest, page: Page) -> None:
    if not found.findings:
        return
    page.heading("New findings", "Rules that found nothing there in the four weeks before.")
    for new in found.findings:
        finding = new.finding
        place = f"{finding.file}:{finding.line}" if finding.file else ""
        where = " ".join(filter(None, (finding.function, place)))
        page.item(
            duration(finding.saving_ns),
            "strong",
            [
                (escape(f"{finding.title} ({finding.code})"), "strong"),
                (escape(where) or "(no place)", "code"),
                (f"in {escape(new.command)}", "dim"),
            ],
        )


def _caches(found: Digest) -> Grid:
    grid = Grid(CACHES)
    for row in found.caches:
        now = row.now
        grid.add(
            _ratio(now),
            _ratio(row.before),
            count(now.lookups),
            "" if now.saved_ns is None else duration(now.saved_ns),
            "" if now.size_bytes is None else size(now.size_bytes),
            escape(now.name),
        )
    return grid


def _ratio(use: CacheUse | None) -> str:
    return "" if use is None or use.hit_ratio is None else f"{use.hit_ratio:.0%}"


def _alerts(found: Digest) -> Grid:
    grid = Grid(ALERTS)
    for row in found.alerts:
        grid.add(
            count(row.traces),
            escape(row.severity),
            escape(row.name),
            escape(row.command),
            escape(row.message),
        )
    return grid
