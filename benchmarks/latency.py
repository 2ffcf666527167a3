"""How long a short command waits for its tracer, and its user for the report."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Final

from aklo_trace import meta
from aklo_trace.engines import ENGINES
from benchmarks.capture import TRACER

COMMAND: Final = ("sleep", "0.03")


@dataclass(frozen=True)
class Latency:
    """Milliseconds: from the start of the command line to the first event, and from the end of
    the target to the end of the report."""

    first_event_ms: float
    report_ms: float


def usable() -> list[str]:
    """The engines that can run here."""
    return [engine.name for engine in ENGINES if engine.probe().usable]


def measure(engine: str) -> Latency:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        started_ns = time.time_ns()
        subprocess.run(
            [TRACER, "record", "--engine", engine, "-o", str(out), "--", *COMMAND],
            stderr=subprocess.DEVNULL,
            check=True,
        )
        ended_ns = time.time_ns()
        found = meta.read(out)
    target_ended_ns = found.started_at_ns + (found.wall_ns or 0)
    return Latency((found.started_at_ns - started_ns) / 1e6, (ended_ns - target_ended_ns) / 1e6)


def table(latencies: dict[str, list[Latency]]) -> Iterator[str]:
    """The results by engine as a Markdown table."""
    yield "### (d) a command of 30 ms"
    yield ""
    yield "| what | engine | runs | median ms | min | max |"
    yield "|---|---|---|---|---|---|"
    rows = {
        "command line to first event": attrgetter("first_event_ms"),
        "end of the target to end of the report": attrgetter("report_ms"),
    }
    for (name, value), (engine, measured) in product(rows.items(), latencies.items()):
        values = [*map(value, measured)]
        yield (
            f"| {name} | {engine} | {len(values)} | {median(values):.0f} | {min(values):.0f} "
            f"| {max(values):.0f} |"
        )
    yield ""
