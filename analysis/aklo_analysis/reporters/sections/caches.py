"""What caches gave: how often they had the answer, and what that saved or cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.tables.caches import CacheRow
from aklo_analysis.units import count, counted, duration, size
from aklo_trace.escape import escape

CACHES: Final = (
    Column("lookups"),
    Column("hits"),
    Column("misses"),
    Column("stale", optional=3),
    Column("ratio"),
    Column("hit", optional=1),
    Column("miss", optional=1),
    Column("saved"),
    Column("size", optional=2),
    Column("cache", "left", wanted=12),
)
MEANING: Final = (
    "hit, miss: how long such a lookup takes. saved: what the work of a miss would have taken for "
    "all lookups, less what they took. size: of the entries that were touched."
)
UNCOUNTED: Final = (
    "Calls of {} that make no system call are not counted: record with --function-calls to count "
    "them all."
)


def caches(report: Report, page: Page) -> None:
    grid = Grid(CACHES)
    for row in report.caches:
        loses = row.saved_ns is not None and row.saved_ns < 0
        grid.add(*_cells(row), style="warning" if loses else "plain")
        if note := "; ".join(_facts(row)):
            grid.note(note, "dim")
    page.titled("Caches", grid, MEANING)
    for row in report.caches:
        for sentence in _warnings(row):
            page.sentence(sentence, "warning")


def _cells(row: CacheRow) -> tuple[str, ...]:
    ratio = "" if row.hit_ratio is None else f"{100 * row.hits // row.lookups}%"
    times = (row.hit_ns, row.miss_ns, row.saved_ns)
    return (
        count(row.lookups),
        count(row.hits),
        count(row.misses),
        count(row.stale) if row.stale else "",
        ratio,
        *("" if ns is None else duration(ns) for ns in times),
        size(row.size_bytes) if row.size_bytes else "",
        escape(row.name),
    )


def _facts(row: CacheRow) -> Iterator[str]:
    if row.function:
        yield f"in {escape(row.function)}"
    if row.work_ns is not None:
        yield f"the work takes {duration(row.work_ns)}"
    elif row.benchmarked_ns is not None and row.lookups:
        yield f"the work took {duration(row.benchmarked_ns)} in a benchmark"
    if row.rewrites:
        yield counted(row.rewrites, "rewrite")
    if row.entries:
        yield counted(row.entries, "entry", "entries")
    if row.growth_bytes:
        yield f"grown by {size(row.growth_bytes)}" if row.growth_bytes > 0 else "smaller at the end"
    if row.memory_bytes:
        yield f"heaps grew by {size(row.memory_bytes)}"
    if row.claimed and not (row.claimed.hits_difference or row.claimed.misses_difference):
        yield "as aklo counts"
    if row.unjudged:
        yield f"{counted(row.unjudged, 'more call')} of unknown result"


def _warnings(row: CacheRow) -> Iterator[str]:
    name = escape(row.name)
    if row.limit_bytes is not None and (row.size_bytes or 0) > row.limit_bytes:
        yield f"{name} is larger than the {size(row.limit_bytes)} that it may take."
    if row.ttl_ns is not None and row.oldest_ns is not None and row.oldest_ns > row.ttl_ns:
        age, ttl = duration(row.oldest_ns), duration(row.ttl_ns)
        yield f"{name} gave an entry that was {age} old: it is fresh for {ttl}."
    if row.claimed and (row.claimed.hits_difference or row.claimed.misses_difference):
        said = f"{counted(row.claimed.hits, 'hit')} and {count(row.claimed.misses)} misses"
        yield f"aklo itself counted {said} of {name}."
    if row.uncounted:
        yield UNCOUNTED.format(escape(row.function or row.name))
