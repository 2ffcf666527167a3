"""How long runs took, what caches gave in them, and what of that is chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from aklo_analysis.benchmark.printed import Printed
from aklo_analysis.caches.observed import Observed
from aklo_analysis.compare.comparison import Comparison
from aklo_analysis.compare.significance import (
    Interval,
    Tested,
    can_tell,
    interval,
    is_available,
    median_interval,
    tested,
)
from aklo_trace.benchmarking.plan import Arm

FENCE: Final = 1.5
"""Times the distance of the quartiles: what is so far beyond them is an outlier (Tukey)."""
FEW: Final = 5
"""Runs below which nothing is called an outlier."""


@dataclass(frozen=True, slots=True)
class Run:
    """`number` is that of its round, from 1. `status`: the exit status, as a shell has it."""

    arm: Arm
    number: int
    wall_ns: int
    status: int


@dataclass(frozen=True)
class Timing:
    """The runs of an arm. `interval`: of the median, None of too few runs."""

    arm: Arm
    runs: tuple[Run, ...]

    @property
    def wall_ns(self) -> tuple[int, ...]:
        return tuple(run.wall_ns for run in self.runs)

    @property
    def median_ns(self) -> float:
        return median(self.wall_ns)

    @property
    def interval(self) -> Interval | None:
        return median_interval(self.wall_ns)

    @property
    def outliers(self) -> tuple[Run, ...]:
        if len(self.runs) < FEW:
            return ()
        low, _, high = quantiles(self.wall_ns, n=4, method="inclusive")
        reach = FENCE * (high - low)
        return tuple(run for run in self.runs if not low - reach <= run.wall_ns <= high + reach)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the medians of two timings: how much longer `other` took than `base`, and whether that is
    chance, if it was tested."""

    base: Timing
    other: Timing
    tested: Tested | None

    @property
    def ns(self) -> float:
        return self.other.median_ns - self.base.median_ns

    @property
    def ratio(self) -> float:
        return self.ns / self.base.median_ns if self.base.median_ns else 0.0

    @property
    def interval(self) -> Interval | None:
        return interval(self.base.wall_ns, self.other.wall_ns)


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What a traced run shows of a cache. `took_ns`: all its lookups, with the work that was done
    all the same; `work_ns`: what a miss took to make what is looked up, on average, if known."""

    name: str
    lookups: int
    hits: int
    took_ns: int
    work_ns: int | None

    @classmethod
    def of(cls, one: Observed) -> CacheUse:
        hits = sum(answer.is_hit for answer in one.answers)
        took_ns = sum(answer.with_work_ns for answer in one.answers)
        return cls(one.cache.name, len(one.answers), hits, took_ns, one.work_ns)


@dataclass(frozen=True)
class CacheGain:
    """What a cache gives in cold runs, or in warm ones. `gains_ns`, for each run: what the work of
    a miss, `work_ns`, would have taken for all its lookups, less what they took. `printed`: what
    the command says of it itself."""

    name: str
    is_cold: bool
    lookups: float
    hits: float
    took_ns: float
    work_ns: int | None
    gains_ns: tuple[int, ...]
    printed: Printed | None

    @property
    def gain_ns(self) -> float | None:
        return median(self.gains_ns) if self.gains_ns else None

    @property
    def interval(self) -> Interval | None:
        return median_interval(self.gains_ns)


@dataclass(frozen=True)
class Benchmark:
    """`timings` in the order of `plan.arms`. `warming`: warm against cold, untraced; `tracing`:
    traced against untraced, cold and warm. `changed`: cold traces against warm ones. `failed`: runs
    whose exit status was not 0. `is_whole`: all runs that were wanted were made."""

    command: tuple[str, ...]
    timings: tuple[Timing, ...]
    warming: Difference | None
    tracing: tuple[Difference, ...]
    caches: tuple[CacheGain, ...]
    changed: Comparison | None
    is_tested: bool
    is_whole: bool

    @property
    def failed(self) -> tuple[Run, ...]:
        return tuple(run for one in self.timings for run in one.runs if run.status)


Uses = Mapping[Arm, Sequence[Sequence[CacheUse]]]
"""Of each traced arm, for each run what it shows of caches."""


def benchmark(
    command: Sequence[str],
    arms: Sequence[Arm],
    runs: Sequence[Run],
    uses: Uses,
    printed: Mapping[str, Printed],
    changed: Comparison | None,
    is_whole: bool,
) -> Benchmark:
    of_arm = {arm: tuple(run for run in runs if run.arm == arm) for arm in arms}
    timings = {arm: Timing(arm, found) for arm, found in of_arm.items() if found}
    pairs = [
        (Arm(False, False), Arm(True, False)),
        *((Arm(is_cold, False), Arm(is_cold, True)) for is_cold in (True, False)),
    ]
    known = [(timings[a], timings[b]) for a, b in pairs if a in timings and b in timings]
    is_tested = is_available() and all(can_tell(len(a.runs), len(b.runs)) for a, b in known)
    results: Sequence[Tested | None] = [None] * len(known)
    if is_tested:
        results = tested([(a.wall_ns, b.wall_ns) for a, b in known])
    found = [Difference(a, b, result) for (a, b), result in zip(known, results, strict=True)]
    return Benchmark(
        command=tuple(command),
        timings=tuple(timings.values()),
        warming=next((one for one in found if one.other.arm.is_cold != one.base.arm.is_cold), None),
        tracing=tuple(one for one in found if one.other.arm.is_traced),
        caches=tuple(_gains(uses, printed)),
        changed=changed,
        is_tested=is_tested,
        is_whole=is_whole,
    )


def works_ns(uses: Uses) -> dict[str, int]:
    """By cache what a miss takes to make what is looked up: the median of all runs that tell."""
    known = defaultdict[str, list[int]](list)
    for of_runs in uses.values():
        for of_run in of_runs:
            for one in of_run:
                if one.work_ns is not None:
                    known[one.name].append(one.work_ns)
    return {name: round(median(found)) for name, found in known.items()}


def _gains(uses: Uses, printed: Mapping[str, Printed]) -> list[CacheGain]:
    work_ns = works_ns(uses)
    found = []
    for arm, of_runs in uses.items():
        by_name = defaultdict[str, list[CacheUse]](list)
        for of_run in of_runs:
            for one in of_run:
                if one.lookups:
                    by_name[one.name].append(one)
        found += [
            _gain(name, arm.is_cold, of_cache, work_ns.get(name), printed.get(name))
            for name, of_cache in by_name.items()
        ]
    return sorted(found, key=lambda one: (one.name, not one.is_cold))


def _gain(
    name: str,
    is_cold: bool,
    found: Sequence[CacheUse],
    work_ns: int | None,
    printed: Printed | None,
) -> CacheGain:
    gains = () if work_ns is None else tuple(one.lookups * work_ns - one.took_ns for one in found)
    return CacheGain(
        name=name,
        is_cold=is_cold,
        lookups=median(one.lookups for one in found),
        hits=median(one.hits for one in found),
        took_ns=median(one.took_ns for one in found),
        work_ns=work_ns,
        gains_ns=gains,
        printed=printed,
    )
