"""Caches by what they gave: how often they had the answer, and what that saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aklo_analysis.caches.answer import HIT, STALE, Answer
from aklo_analysis.caches.claims import Claimed
from aklo_analysis.caches.observed import Observed


@dataclass(frozen=True, slots=True)
class CacheRow:
    """`stale` ones are among the misses; `unjudged` calls of its function are in no other number,
    and `uncounted` says that there may have been more of these than were seen. Times are means,
    None if there are none, or times are not known: `work_ns` is what a miss took to make what is
    looked up, and `benchmarked_ns` the same as a benchmark found it, where it was not seen.
    `saved_ns` is what that would have taken for all lookups, less what they took; less
    than 0 if the cache costs more than it saves. `function` is the one that looks up. Sizes are
    those of the entries that were touched; `oldest_ns` is the age of the oldest entry that was
    used, of those that were written in the trace. `limit_bytes` and `ttl_ns` are what the
    configuration allows. `memory_bytes` is by how much the heaps of shells grew during lookups, and
    `peak_rss_bytes` the peak of the largest process that looked up. `claimed`: what aklo says
    itself, if that can be had."""

    name: str
    lookups: int
    hits: int
    misses: int
    stale: int
    unjudged: int
    uncounted: bool
    rewrites: int
    hit_ratio: float | None
    hit_ns: int | None
    miss_ns: int | None
    work_ns: int | None
    benchmarked_ns: int | None
    saved_ns: int | None
    function: str | None
    entries: int | None
    size_bytes: int | None
    growth_bytes: int | None
    limit_bytes: int | None
    memory_bytes: int | None
    peak_rss_bytes: int | None
    oldest_ns: int | None
    ttl_ns: int | None
    claimed: Claimed | None


def caches(seen: Sequence[Observed], is_timed: bool) -> tuple[CacheRow, ...]:
    """Those of which there is anything, in the order given."""
    return tuple(_row(one, is_timed) for one in seen if one.is_used)


def _row(one: Observed, is_timed: bool) -> CacheRow:
    outcomes = Counter(answer.outcome for answer in one.answers)
    lookups, hits = outcomes.total(), outcomes[HIT]
    timed = one.answers if is_timed else ()
    return CacheRow(
        name=one.cache.name,
        lookups=lookups,
        hits=hits,
        misses=lookups - hits,
        stale=outcomes[STALE],
        unjudged=one.unjudged,
        uncounted=one.is_partial,
        rewrites=one.rewrites,
        hit_ratio=hits / lookups if lookups else None,
        hit_ns=_mean(answer.ns for answer in timed if answer.is_hit),
        miss_ns=_mean(answer.ns for answer in timed if not answer.is_hit),
        work_ns=one.work_ns if is_timed else None,
        benchmarked_ns=one.cache.benchmarked_ns if one.work_ns is None else None,
        saved_ns=one.saved_ns if is_timed else None,
        function=_function(one.answers),
        entries=one.size.entries if one.size else None,
        size_bytes=one.size.most_bytes if one.size else None,
        growth_bytes=one.size.growth_bytes if one.size else None,
        limit_bytes=one.cache.limit_bytes,
        memory_bytes=one.memory_bytes,
        peak_rss_bytes=one.peak_rss_bytes,
        oldest_ns=one.oldest_ns if is_timed else None,
        ttl_ns=one.cache.ttl_ns,
        claimed=one.claimed,
    )


def _mean(amounts: Iterable[int]) -> int | None:
    found = [*amounts]
    return sum(found) // len(found) if found else None


def _function(answers: Iterable[Answer]) -> str | None:
    """The one that most lookups were made by."""
    names = Counter(answer.stack[-1][0] for answer in answers if answer.stack)
    return names.most_common(1)[0][0] if names else None
