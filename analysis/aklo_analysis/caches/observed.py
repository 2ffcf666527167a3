"""What a trace shows of each cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aklo_analysis.caches.answer import HIT, Answer
from aklo_analysis.caches.cache import Cache
from aklo_analysis.caches.claims import Claimed, claimed, counters
from aklo_analysis.caches.entries import entries
from aklo_analysis.caches.extents import lasted
from aklo_analysis.caches.function_answers import answers
from aklo_analysis.caches.lookups import Lookup, uses
from aklo_analysis.caches.memory import Heaps, largest
from aklo_analysis.caches.shells import Shells
from aklo_analysis.caches.sizes import Size, ranges, size
from aklo_analysis.caches.steps import steps

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case


BLIND: Final = frozenset({"bcc"})
"""Engines that do not tell which file a descriptor is: what was read and written is not known."""


@dataclass(frozen=True)
class Observed:
    """`answers`: its lookups, by time; `unjudged`: calls of its function of which it is not known
    what they returned. `rewrites`: how often an entry that was there was written anew. `size` is
    None of a cache without files."""

    cache: Cache
    answers: tuple[Answer, ...]
    unjudged: int
    rewrites: int
    size: Size | None
    oldest_ns: int | None
    """how old the oldest entry was that was used, of those written in the trace"""
    memory_bytes: int | None
    peak_rss_bytes: int | None
    """see `memory`; the first is None if not all calls were recorded"""
    claimed: Claimed | None
    is_partial: bool
    """its function may have been called more often than is seen"""

    @property
    def work_ns(self) -> int | None:
        """What a miss took to make what is looked up, on average; None if that is not known."""
        known = [answer.work_ns for answer in self.answers if answer.work_ns is not None]
        return sum(known) // len(known) if known else None

    @property
    def spared_ns(self) -> int | None:
        """What a hit spares: the work of a miss as it was seen, or else as it was benchmarked."""
        return self.cache.benchmarked_ns if self.work_ns is None else self.work_ns

    @property
    def saved_ns(self) -> int | None:
        """What the work would have taken for all lookups, less what they took. A function that
        never had the answer took its time for nothing, whatever the work is."""
        took_ns = sum(answer.with_work_ns for answer in self.answers)
        spared_ns = self.spared_ns
        if spared_ns is not None and self.answers:
            sought = (
                self.answers if self.work_ns is not None else [*filter(_is_measured, self.answers)]
            )
            return len(sought) * spared_ns - took_ns
        in_vain = all(answer.is_apart and not answer.is_hit for answer in self.answers)
        return -took_ns if self.answers and in_vain else None

    @property
    def is_used(self) -> bool:
        return bool(self.answers or self.unjudged or (self.size and self.size.entries))


def _is_measured(answer: Answer) -> bool:
    """Whether its time has the work in it, if that was to be done."""
    return answer.is_hit or not answer.is_apart


def observed(case: Case) -> tuple[Observed, ...]:
    """In the order of `case.caches`."""
    files = () if case.meta.engine in BLIND else case.caches
    shells, of_caches = Shells(case), entries(case.frames, files)
    found = steps(case, of_caches)
    used, moved = uses(case, found), ranges(case, found)
    heaps, counted = Heaps(case), counters(case)
    seen: list[Observed] = []
    for place, cache in enumerate(case.caches):
        mine = [entry for entry, owner in enumerate(of_caches.caches) if owner == place]
        asked = answers(case, shells, cache)
        own = set(mine)
        by_function = bool(asked.judged or asked.unjudged)
        looked_up = [one for one in used.lookups if one.entry in own]
        given = asked.judged if by_function else tuple(lasted(shells, looked_up))
        is_counted = cache.function is None or len(case.frames.calls) > 0
        seen.append(
            Observed(
                cache=cache,
                answers=given,
                unjudged=asked.unjudged,
                rewrites=sum(used.rewrites[entry] for entry in mine),
                size=size((found[entry] for entry in mine), moved) if cache.files else None,
                memory_bytes=None if case.meta.filter else heaps.grown(given),
                peak_rss_bytes=largest(case, given),
                oldest_ns=_oldest(looked_up),
                claimed=claimed(counted, cache.counter, given),
                is_partial=by_function and not is_counted,
            )
        )
    return tuple(seen)


def _oldest(lookups: Iterable[Lookup]) -> int | None:
    hits = (one for one in lookups if one.outcome == HIT and one.written_ns is not None)
    return max((one.at_ns - (one.written_ns or 0) for one in hits), default=None)
