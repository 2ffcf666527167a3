"""``python -m benchmarks.report_speed``: how long a report takes, and how much memory.

The traces are a real one, of the example's cache benchmark or of `--trace`, repeated until they
have as many system calls as asked for (see `benchmarks.long_trace`). Each is reported in processes
of their own. Printed are the median and the best wall time of such a process from its start to its
end, imports included, its CPU time and its peak resident memory. `--profile` says instead where
the time of one report goes.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from aklo_analysis import report
from aklo_analysis.allocation import keep_freed_memory
from aklo_analysis.reporters import REPORTERS, Options
from aklo_trace.store import open_trace
from benchmarks.capture import ROOT, TRACER
from benchmarks.long_trace import prolong

SIZES: Final = (1, 1_400_000, 10_000_000)
EXAMPLE: Final = (str(ROOT / "examples/aklo/bin/aklo"), "cache", "benchmark")
REPORT: Final = (sys.executable, "-m", "aklo_trace", "report")
STAGES: Final = {
    "load": "reading the tables",
    "derive": "what each call is about",
    "live": "lives of processes",
    "program_names": "names of programs",
    "causes": "whom to blame for each call",
    "stacks": "stacks",
    "wall": "the critical path (wall time)",
    "findings": "rules",
    "wall_time": "tables of the wall time",
    "flame": "the tree of stacks",
    "_of_calls": "sums, percentiles, files (second thread)",
    "_of_code": "charges of functions and lines (second thread)",
    "programs": "programs",
    "processes": "processes",
    "slowest": "slowest calls",
}
"""What `aklo_analysis.report.build` does, by the names of the functions there."""

SPEED: Final = "| calls | median | best | CPU | peak memory |\n|---|---|---|---|---|"
PROFILE: Final = "| stage | CPU | share |\n|---|---|---|"
THREADED: Final = ("load", "findings")
"""Stages that have threads of their own, and nothing else runs beside them."""
LEAST: Final = 0.01
"""The share of a stage that is shown."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    wall_s: float
    cpu_s: float
    peak_bytes: int


def record(directory: Path) -> None:
    """A real trace of the example. It runs where it finds nothing to reuse."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [TRACER, "-o", directory, "--format", "none", "--", *EXAMPLE],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def run(command: list[str]) -> Run:
    """Run a command to its end, its output thrown away."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def measure(directory: Path, calls: int, repeat: int) -> str:
    """A row of the table."""
    runs = [run([*REPORT, str(directory)]) for _ in range(repeat)]
    walls = [one.wall_s for one in runs]
    cpu_s = statistics.median(one.cpu_s for one in runs)
    peak = max(one.peak_bytes for one in runs) / 2**20
    return (
        f"| {calls:,} | {statistics.median(walls):.2f} s | {min(walls):.2f} s | {cpu_s:.2f} s "
        f"| {peak:,.0f} MiB |"
    )


def profile(directory: Path) -> Iterator[str]:
    """Rows of a table of the CPU time of each stage, of both threads; imports are left out."""
    spent: dict[str, float] = {}
    for name in STAGES:
        setattr(report, name, _timed(name, getattr(report, name), spent))
    keep_freed_memory()
    write = _timed("write", REPORTERS["text"], spent)
    write(report.build(open_trace(directory)), io.StringIO(), Options())
    whole_s = sum(spent.values())
    for name, cpu_s in sorted(spent.items(), key=lambda item: -item[1]):
        if cpu_s >= LEAST * whole_s:
            yield f"| {STAGES.get(name, 'text')} | {cpu_s:.2f} s | {cpu_s / whole_s:.0%} |"
    yield f"| all | {whole_s:.2f} s | |"


def _timed(name: str, stage: Callable[P, T], spent: dict[str, float]) -> Callable[P, T]:
    """The same, with its CPU time noted."""
    clock = time.process_time if name in THREADED else time.thread_time

    def timed(*arguments: P.args, **options: P.kwargs) -> T:
        began_s = clock()
        try:
            return stage(*arguments, **options)
        finally:
            spent[name] = clock() - began_s

    return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trace", type=Path, help="the trace to repeat (default: the example's)")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, help="system calls, at least"
    )
    parser.add_argument("--repeat", type=int, default=5, help="reports of each size")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = options.trace or Path(scratch) / "recorded"
        if options.trace is None:
            record(source)
        print(PROFILE if options.profile else SPEED)
        for size in options.sizes:
            directory = Path(scratch) / str(size)
            calls = prolong(open_trace(source), size, directory)
            rows = (
                profile(directory)
                if options.profile
                else [measure(directory, calls, options.repeat)]
            )
            print(*rows, sep="\n")


if __name__ == "__main__":
    main()
