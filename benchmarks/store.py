"""How long it takes to say how things are, where there are many traces."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Final

from aklo_trace import location, meta, summary
from aklo_trace.meta import Meta
from aklo_trace.summary import (
    TOP,
    CacheUse,
    FoundIssue,
    SlowCall,
    SlowOperation,
    Spent,
    TraceSummary,
)
from benchmarks.capture import TRACER

TRACES: Final = 1000
COMMANDS: Final = 10
SPAN_NS: Final = 6 * 86_400 * 10**9
"""Between the first trace and the last."""
WAYS: Final = {
    "status": ("status",),
    "status, for programs": ("status", "--json"),
    "list": ("list",),
    "purge, with nothing to do": ("purge",),
}


def fill(store: Path) -> None:
    """Make traces that have what lists and dashboards read, as large as it is in real ones."""
    now_ns = time.time_ns()
    for number in range(TRACES):
        facts = Meta(
            engine="ebpf",
            engine_reason="",
            argv=("aklo", "command", str(number % COMMANDS)),
            cwd="/home/dev/project",
            started_at_ns=now_ns - SPAN_NS + SPAN_NS * number // TRACES,
            wall_ns=10**9 + number * 10**5,
            exit_status=0,
            complete=True,
            tables={"syscalls": 40_000, "processes": 300, "images": 200},
            scripts={f"/opt/aklo/modules/{script}.sh": "0" * 64 for script in range(40)},
        )
        directory = store / f"{number:06}-aklo"
        directory.mkdir(parents=True)
        meta.write(directory, facts)
        summary.write(directory, _summary(facts))


def _summary(facts: Meta) -> TraceSummary:
    path = "/home/dev/project/modules/core/config_value.sh"
    ranks = range(TOP)
    return replace(
        summary.of_meta(facts),
        is_analysed=True,
        size_bytes=400_000,
        finding_count=12,
        saving_ns=10**8,
        alert_count=0,
        spent=tuple(Spent(f"doing_{rank}", 10**8) for rank in range(10)),
        findings=tuple(
            FoundIssue("SH01", "high", "sed started 222 times", "f", path, 5, 10**8, 0.1)
            for _ in ranks
        ),
        slowest=tuple(SlowCall("openat", 10**7 + rank, "sed", path, 5) for rank in ranks),
        operations=tuple(
            SlowOperation("read", "reading files", 10**4, 10**8, 10**4, 10**6) for _ in ranks
        ),
        caches=tuple(CacheUse(name, 40, 30, 10**6, 10**5, 10**8) for name in ("id", "regex")),
    )


Times = tuple[float, float]
"""Milliseconds: of wall time, and of CPU time."""


def measure(rounds: int) -> dict[str, list[Times]]:
    """The times of each way, as a process of its own, with our modules compiled."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "HOME": home, "XDG_DATA_HOME": home}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        fill(location.user_store(environ, Path(home)))
        for arguments in WAYS.values():
            _run(arguments, environ, home)
        return {
            name: [_run(arguments, environ, home) for _ in range(rounds)]
            for name, arguments in WAYS.items()
        }


def _run(arguments: Sequence[str], environ: dict[str, str], cwd: str) -> Times:
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [TRACER, *arguments], env=environ, cwd=cwd, stdout=subprocess.DEVNULL, check=True
    )
    wall_s, after = time.perf_counter() - started, getrusage(RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s * 1000, cpu_s * 1000


def table(times: dict[str, list[Times]]) -> Iterator[str]:
    """The results as a Markdown table."""
    yield f"### (t) a store of {TRACES:,} traces"
    yield ""
    yield "| command | runs | median ms | min | max | CPU ms: median | min |"
    yield "|---|---|---|---|---|---|---|"
    for name, runs in times.items():
        walls, cpus = zip(*runs, strict=True)
        numbers = f"{median(walls):.0f} | {min(walls):.0f} | {max(walls):.0f}"
        yield f"| {name} | {len(runs)} | {numbers} | {median(cpus):.0f} | {min(cpus):.0f} |"
    yield ""
