"""A benchmark for programs: JSON, documented in docs/benchmark.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final, TextIO

from aklo_analysis.benchmark.result import Benchmark, CacheGain, Difference, Timing
from aklo_analysis.compare.json import change
from aklo_analysis.compare.significance import Interval
from aklo_trace.benchmarking.plan import Arm

BENCHMARK_VERSION: Final = 1
"""Grows when a key changes its meaning or goes away; new keys do not change it."""


def write(found: Benchmark, stream: TextIO) -> None:
    """One JSON object, in ASCII."""
    document = {
        "benchmark_version": BENCHMARK_VERSION,
        "command": found.command,
        "complete": found.is_whole,
        "timings": [*map(_timing, found.timings)],
        "warming": _difference(found.warming) if found.warming else None,
        "tracing": [*map(_difference, found.tracing)],
        "caches": [*map(_cache, found.caches)],
        "cold_to_warm": [*map(change, found.changed.totals)] if found.changed else [],
    }
    json.dump(document, stream, indent=2, allow_nan=False)
    stream.write("\n")


def _arm(arm: Arm) -> dict[str, bool]:
    return {"cold": arm.is_cold, "traced": arm.is_traced}


def _timing(one: Timing) -> dict[str, Any]:
    return {
        **_arm(one.arm),
        "wall_ns": one.wall_ns,
        "statuses": [run.status for run in one.runs],
        "rounds": [run.number for run in one.runs],
        "median_ns": one.median_ns,
        "interval_ns": _interval(one.interval),
        "outliers": [run.number for run in one.outliers],
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "from": _arm(one.base.arm),
        "to": _arm(one.other.arm),
        "difference_ns": one.ns,
        "ratio": one.ratio,
        "interval_ns": _interval(one.interval),
        "p": one.tested.p if one.tested else None,
        "is_significant": one.tested.is_significant if one.tested else None,
    }


def _cache(one: CacheGain) -> dict[str, Any]:
    return {
        "name": one.name,
        "cold": one.is_cold,
        "lookups": one.lookups,
        "hits": one.hits,
        "took_ns": one.took_ns,
        "work_ns": one.work_ns,
        "gains_ns": one.gains_ns,
        "gain_ns": one.gain_ns,
        "interval_ns": _interval(one.interval),
        "claimed": asdict(one.printed) if one.printed else None,
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return asdict(interval) if interval else None
