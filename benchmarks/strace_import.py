"""``python -m benchmarks.strace_import``: how fast strace logs are read and imported.

The log is a real one, of the example's cache benchmark, repeated with other pids and later
times until it is as long as asked for: contents, proportions and the mixing of processes are
those of real work. Reading alone is measured with its CPU time in the reading process and in
the workers, and then `aklo-trace import`, from the log to a finished trace.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace.strace.log import read_logs
from aklo_trace.strace.sources import LogSource

ROOT: Final = Path(__file__).parent.parent
TRACER: Final = str(ROOT / ".venv/bin/aklo-trace")
EXAMPLE: Final = (str(ROOT / "examples/aklo/bin/aklo"), "cache", "benchmark")
STRACE: Final = ("strace", "-f", "-ttt", "-T", "-y")
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
PID_STEP: Final = 100_003
_LEADER: Final = re.compile(rb"^(\d+) +(\d+)\.(\d{6}) ", re.MULTILINE)
_NUMBER: Final = re.compile(rb"(?<![\w.])\d{2,7}(?![\w.])")


@dataclass(frozen=True)
class Reading:
    """What reading a log once took. CPU times are for all lines."""

    lines: int
    events: int
    wall_s: float
    own_cpu_s: float
    worker_cpu_s: float
    own_rss_mb: int
    worker_rss_mb: int

    def row(self, workers: int) -> str:
        rate = self.lines / self.wall_s
        own, theirs = (cpu / self.lines * 1e6 for cpu in (self.own_cpu_s, self.worker_cpu_s))
        return (
            f"| read, {workers} workers | {rate:,.0f} | {own:.2f} | {theirs:.2f} "
            f"| {self.own_rss_mb} | {self.worker_rss_mb} |"
        )


def record(log: Path) -> None:
    """A real log. The working directory is one where the example finds nothing to reuse."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [*STRACE, "-o", log, *EXAMPLE],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )


def prolong(log: Path, lines: int, result: Path) -> None:
    """Repeat a log, each time with pids of its own and later times."""
    text = log.read_bytes()
    leaders = _LEADER.findall(text)
    pids = {pid for pid, _, _ in leaders}
    span_us = _microseconds(leaders[-1]) - _microseconds(leaders[0]) + 1
    with result.open("wb") as file:
        for turn in range(-(-lines // len(leaders))):
            file.write(_moved(text, pids, turn * PID_STEP, turn * span_us))


def prolong_apart(log: Path | None, lines: int, result: Path) -> None:
    """`prolong` a log, or a new one, in a process whose memory is not ours."""
    short = log or result.with_name("short.log")
    if log is None:
        record(short)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(prolong, (short, lines, result))


def _microseconds(leader: tuple[bytes, bytes, bytes]) -> int:
    return int(leader[1]) * 1_000_000 + int(leader[2])


def _moved(text: bytes, pids: set[bytes], pid_shift: int, shift_us: int) -> bytes:
    def moved_leader(found: re.Match[bytes]) -> bytes:
        at = _microseconds((found[1], found[2], found[3])) + shift_us
        return b"%s %d.%06d " % (found[1], *divmod(at, 1_000_000))

    def moved_pid(found: re.Match[bytes]) -> bytes:
        return b"%d" % (int(found[0]) + pid_shift) if found[0] in pids else found[0]

    return _NUMBER.sub(moved_pid, _LEADER.sub(moved_leader, text))


def name_files(lines: int, result: Path) -> None:
    """A log in which every line opens another file."""
    with result.open("w") as file:
        for number in range(lines):
            seconds, micros = divmod(number * 20, 1_000_000)
            path = f"/srv/data/project/of-{number % 97}/file-{number:09d}.txt"
            file.write(
                f"10 {1_700_000_000 + seconds}.{micros:06d} openat(AT_FDCWD</home/u>, "
                f'"{path}", O_RDONLY) = -1 ENOENT (No such file or directory) <0.000010>\n'
            )


def measure(log: Path, workers: int) -> Reading:
    """Read a log and let the events go."""
    reading = read_logs([LogSource(log)], workers=workers)
    before, began, cpu = {os.getpid()}, time.perf_counter(), time.process_time()
    workers_used: dict[int, tuple[float, int]] = {}
    for count, _ in enumerate(reading.batches()):
        if count % 8 == 0:
            workers_used.update(_descendants(before))
    wall_s, own_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    statistics = reading.statistics
    return Reading(
        statistics.lines,
        statistics.events,
        wall_s,
        own_cpu_s,
        sum(used for used, _ in workers_used.values()),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        max((rss for _, rss in workers_used.values()), default=0),
    )


def _descendants(family: set[int]) -> Iterator[tuple[int, tuple[float, int]]]:
    """CPU seconds and peak resident MB of all processes below those of `family`."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            status = stat.with_name("status").read_text()
        except OSError:
            continue
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
        used = cpu_s, int(peak[1]) >> 10 if peak else 0
        parents[int(stat.parent.name)] = int(fields[1]), used
    known = set(family)
    while found := {pid for pid, (parent, _) in parents.items() if parent in known} - known:
        known |= found
    return ((pid, parents[pid][1]) for pid in known - family if pid in parents)


def import_rate(log: Path, lines: int) -> tuple[float, int]:
    """Lines per second from the log to a finished trace, and the peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [TRACER, "import", "-o", f"{folder}/trace", str(log)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
    if status:
        sys.exit(f"{' '.join(command)} failed with status {status}")
    return lines / wall_s, usage.ru_maxrss >> 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.strace_import", description=__doc__)
    parser.add_argument("--lines", type=int, default=2_000_000, help="length of the log")
    parser.add_argument("--log", type=Path, help="repeat this log (-f -ttt) instead of a new one")
    parser.add_argument("--new-paths", action="store_true", help="name another file on each line")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.log is None and not options.new_paths and shutil.which("strace") is None:
        sys.exit("strace is not installed; give a log with --log")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "strace.log")
        if options.new_paths:
            name_files(options.lines, log)
        else:
            prolong_apart(options.log, options.lines, log)
        print(f"{log.stat().st_size >> 20} MB, {os.cpu_count()} CPUs\n")
        print("| what | lines/s | own CPU µs/line | workers' | own MB | a worker's |")
        print("|---|---|---|---|---|---|")
        for _ in range(options.rounds):
            reading = measure(log, options.workers)
            print(reading.row(options.workers), flush=True)
        for _ in range(options.rounds):
            rate, rss_mb = import_rate(log, reading.lines)
            print(f"| import | {rate:,.0f} | | | {rss_mb} | |", flush=True)


if __name__ == "__main__":
    main()
