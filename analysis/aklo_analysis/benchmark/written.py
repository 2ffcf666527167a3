"""A benchmark as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aklo_analysis.benchmark.printed import Printed
from aklo_analysis.benchmark.result import Benchmark, CacheGain, Difference, Run, Timing
from aklo_analysis.compare.significance import ENOUGH, EXTRA, RESAMPLES, Interval
from aklo_analysis.compare.written import totals
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.units import count, duration
from aklo_trace.escape import escape, escape_command

TIMES: Final = (
    Column("median"),
    Column("within", "left", optional=2),
    Column("least", optional=1),
    Column("most", optional=1),
    Column("runs"),
    Column("", "left"),
)
CACHES: Final = (
    Column("lookups"),
    Column("hits"),
    Column("took"),
    Column("work", optional=1),
    Column("gain"),
    Column("within", "left", optional=2),
    Column("cache", "left", wanted=12),
)
WITHIN: Final = f"within: where 95% of {RESAMPLES:,} resampled medians are."
GAIN: Final = (
    "took: all lookups. work: what a miss takes to make what is looked up. gain: what that would "
    "have taken for all lookups, less what they took. Medians of traced runs."
)
NO_COLD: Final = "Warm runs alone. With --cold COMMAND, which empties the caches, also cold ones."
UNTESTED: Final = (
    f"Nothing is tested: that takes 4 runs or more of each kind, and aklo-trace[{EXTRA}] installed."
)
INTERRUPTED: Final = "Interrupted: this is of the runs that were made."


def write(found: Benchmark, page: Page) -> None:
    page.title("aklo-trace benchmark")
    page.fact("Command", escape_command(found.command), "strong")
    if not found.is_whole:
        page.fact("Incomplete", INTERRUPTED, "warning")
    if found.failed:
        page.fact("Failed", ", ".join(map(_failure, found.failed)), "bad")
    if found.warming:
        page.fact("Caches", f"untraced, a cold run takes {_difference(found.warming)}")
    for one in found.tracing:
        temperature = "cold" if one.base.arm.is_cold else "warm"
        page.fact("Tracer", f"traced, a {temperature} run takes {_difference(one)}")
    _times(found, page)
    _caches(found, page)
    if found.changed:
        totals(found.changed, page, "Cold runs, then warm ones, traced")


def _difference(one: Difference) -> str:
    """`210ms longer (35%), within 180ms … 240ms, p <0.001: significant`"""
    direction = "longer" if one.ns >= 0 else "less"
    parts = [f"{duration(round(abs(one.ns)))} {direction} ({100 * abs(one.ratio):.1f}%)"]
    if one.interval:
        parts.append(f"within {_within(one.interval)}")
    if one.tested:
        sure = "significant" if one.tested.is_significant else "it can be chance"
        parts.append(f"p {one.tested.said}: {sure}")
    return ", ".join(parts)


def _times(found: Benchmark, page: Page) -> None:
    grid = Grid(TIMES)
    for one in found.timings:
        grid.add(*_cells(one), one.arm.name)
        if one.outliers:
            grid.note(f"outliers: {', '.join(map(_outlier, one.outliers))}", "warning")
    remarks = [WITHIN if any(len(one.runs) >= ENOUGH for one in found.timings) else ""]
    remarks.append("" if found.warming else NO_COLD)
    remarks.append("" if found.is_tested else UNTESTED)
    page.titled("Wall time", grid, " ".join(filter(None, remarks)))


def _cells(one: Timing) -> tuple[str, ...]:
    return (
        duration(round(one.median_ns)),
        _within(one.interval) if one.interval else "",
        duration(min(one.wall_ns)),
        duration(max(one.wall_ns)),
        count(len(one.runs)),
    )


def _caches(found: Benchmark, page: Page) -> None:
    grid = Grid(CACHES)
    for one in found.caches:
        loses = one.gain_ns is not None and one.gain_ns < 0
        grid.add(*_cache_cells(one, found), style="warning" if loses else "plain")
        if one.printed and (note := ", ".join(_said(one.printed))):
            grid.note(f"it prints: {escape(note)}", "dim")
    page.titled("Caches", grid, GAIN)


def _cache_cells(one: CacheGain, found: Benchmark) -> Sequence[str]:
    temperature = f", {'cold' if one.is_cold else 'warm'}" if found.warming else ""
    return (
        f"{one.lookups:,.0f}",
        f"{one.hits:,.0f}",
        duration(round(one.took_ns)),
        "" if one.work_ns is None else duration(one.work_ns),
        "" if one.gain_ns is None else duration(round(one.gain_ns)),
        _within(one.interval) if one.interval else "",
        escape(one.name) + temperature,
    )


def _said(printed: Printed) -> Iterator[str]:
    """`without 98.2ms, 28 hits`"""
    for title, ns in printed.times_ns.items():
        yield f"{title} {duration(ns)}"
    for title, number in printed.counts.items():
        yield f"{count(number)} {title}"


def _within(interval: Interval) -> str:
    return f"{duration(round(interval.low))} … {duration(round(interval.high))}"


def _outlier(run: Run) -> str:
    return f"run {run.number} {duration(run.wall_ns)}"


def _failure(run: Run) -> str:
    return f"run {run.number} ({run.arm.name}) ended with status {run.status}"
