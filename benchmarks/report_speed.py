"""How long a report takes, and how much memory: `python benchmarks/report_speed.py`.

Makes traces of known sizes, up to that of a long aklo run, and reports each of them in
processes of their own. Prints the median and the best wall time of such a process from its
start to its end, imports included, and its peak resident memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aklo_trace import meta, schema, tables
from aklo_trace.meta import Meta

SIZES = (100, 100_000, 1_400_000)
START_NS = 1_700_000_000_000_000_000
CALLS_PER_PROCESS = 200
CALL_NS = 7_000
FILES = 5_000
SITES = 20_000
DEPTH = 12
SAMPLE_NS = 10_101_010
MIX = {
    "read": 0.24,
    "rt_sigprocmask": 0.17,
    "close": 0.11,
    "openat": 0.10,
    "newfstatat": 0.09,
    "mmap": 0.09,
    "fstat": 0.06,
    "write": 0.05,
    "ioctl": 0.03,
    "lseek": 0.03,
    "mprotect": 0.02,
    "wait4": 0.005,
    "clone": 0.005,
}
"""Shares of the calls of a shell program."""

PROGRAMS = ("/usr/bin/bash", "/usr/bin/sed", "/usr/bin/grep", "/usr/bin/stat", "/usr/bin/cat")
ON_FILES = ("read", "close", "openat", "newfstatat", "fstat", "write", "ioctl", "lseek")
REPORT = (sys.executable, "-m", "aklo_trace", "report")

Ints = npt.NDArray[np.int64]


def syscalls(count: int, processes: int, random: np.random.Generator) -> dict[str, object]:
    """Calls at even distances; processes run one after the other."""
    names = list(MIX)
    shares = np.array(list(MIX.values()))
    code = random.choice(len(names), count, p=shares / shares.sum())
    on_file = np.isin(code, [names.index(name) for name in ON_FILES])
    failed = (code == names.index("openat")) & (random.random(count) < 0.3)
    process = np.minimum(np.arange(count) // CALLS_PER_PROCESS, processes - 1)
    # a few files get most of the calls
    file = (FILES * random.random(count) ** 4).astype(np.int64)
    return {
        "ts_ns": START_NS + np.arange(count) * CALL_NS,
        "dur_ns": np.minimum(random.lognormal(7, 1, count).astype(np.int64), CALL_NS),
        "proc_id": process,
        "image_id": process,
        "pid": 1000 + process,
        "tid": 1000 + process,
        "syscall": pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), names),
        "ret": np.where(failed, -1, 0),
        "errno": np.ma.array(np.full(count, 2), mask=~failed),
        "fd": np.ma.array(np.full(count, 3), mask=~on_file | failed),
        "file_id": np.ma.array(file, mask=~on_file),
        "bytes": np.ma.array(random.integers(0, 4096, count), mask=code != 0),
        "site_id": np.ma.array(sites_of(process, random), mask=process % len(PROGRAMS) != 0),
        "flags": np.zeros(count, np.int64),
    }


def sites_of(process: Ints, random: np.random.Generator) -> Ints:
    """Places in shell code: a process is at few of them, one after the other."""
    place = process * 7 + np.arange(len(process)) % CALLS_PER_PROCESS // 20
    found: Ints = (place + random.integers(0, 2, len(process))) % SITES
    return found


def sites() -> dict[str, object]:
    number = np.arange(SITES)
    depth = 1 + number % DEPTH
    return {
        "site_id": number,
        "function": [f"function_{one % 700}" for one in number],
        "file": [f"/opt/tool/lib/{one % 90}.sh" for one in number],
        "line": number % 400 + 1,
        "stack": [
            ["main", *(f"function_{(one + up) % 700}" for up in range(deep, 0, -1))]
            for one, deep in zip(number, depth, strict=True)
        ],
        "files": [
            ["/opt/tool/bin/tool", *(f"/opt/tool/lib/{(one + up) % 90}.sh" for up in range(deep))]
            for one, deep in zip(number, depth, strict=True)
        ],
        "lines": [
            [None, *((one + up) % 400 + 1 for up in range(deep))]
            for one, deep in zip(number.tolist(), depth.tolist(), strict=True)
        ],
        "flags": np.zeros(SITES, np.int64),
    }


def samples(calls: int, processes: int) -> dict[str, object]:
    ts_ns = np.arange(0, calls * CALL_NS, SAMPLE_NS)
    process = np.minimum(ts_ns // (CALL_NS * CALLS_PER_PROCESS), processes - 1)
    return {
        "ts_ns": START_NS + ts_ns,
        "proc_id": process,
        "image_id": process,
        "tid": 1000 + process,
        "site_id": np.ma.array(process * 7 % SITES, mask=process % len(PROGRAMS) != 0),
        "period_ns": np.full(len(ts_ns), SAMPLE_NS),
        "flags": np.zeros(len(ts_ns), np.int64),
    }


def processes(count: int) -> dict[str, object]:
    number = np.arange(count)
    start_ns = START_NS + number * CALLS_PER_PROCESS * CALL_NS
    return {
        "proc_id": number,
        "pid": 1000 + number,
        "parent_proc_id": np.ma.array(np.zeros(count, np.int64), mask=number == 0),
        "ppid": np.ma.array(np.full(count, 1000), mask=number == 0),
        "start_ns": start_ns,
        "end_ns": start_ns + CALLS_PER_PROCESS * CALL_NS,
        "exit_status": np.zeros(count, np.int64),
        "max_rss_bytes": np.full(count, 4 << 20),
        "utime_ns": np.full(count, 400_000),
        "stime_ns": np.full(count, 300_000),
        "site_id": np.ma.array(number * 7 % SITES, mask=number == 0),
        "flags": np.zeros(count, np.int64),
    }


def images(count: int) -> dict[str, object]:
    exes = [PROGRAMS[number % len(PROGRAMS)] for number in range(count)]
    return {
        "image_id": np.arange(count),
        "proc_id": np.arange(count),
        "ts_ns": START_NS + np.arange(count) * CALLS_PER_PROCESS * CALL_NS,
        "exe": exes,
        "shell": ["bash 5.2.15" if exe == PROGRAMS[0] else None for exe in exes],
        "site_id": np.ma.array(np.arange(count) * 7 % SITES, mask=np.arange(count) == 0),
        "argv": [[exe, f"/opt/tool/lib/{number % 90}.sh"] for number, exe in enumerate(exes)],
        "flags": np.zeros(count, np.int64),
    }


def files() -> dict[str, object]:
    paths = [f"/opt/project/backlog/dir{number % 70}/item-{number}.md" for number in range(FILES)]
    kinds = ["pipe" if number % 50 == 7 else "regular" for number in range(FILES)]
    return {
        "file_id": np.arange(FILES),
        "path": paths,
        "kind": kinds,
        "dev": np.full(FILES, 2049),
        "inode": np.arange(FILES),
        "flags": np.zeros(FILES, np.int64),
    }


def write_trace(directory: Path, count: int) -> None:
    """A trace of `count` system calls."""
    process_count = -(-count // CALLS_PER_PROCESS)
    rows = {
        "syscalls": syscalls(count, process_count, np.random.default_rng(1)),
        "processes": processes(process_count),
        "images": images(process_count),
        "files": files(),
        "sites": sites(),
        "samples": samples(count, process_count),
    }
    for table in schema.TABLES:
        (directory / table.name).mkdir(parents=True)
        path = directory / table.name / "part-00000.parquet"
        pq.write_table(arrow_table(table, rows.get(table.name, {})), path, compression="zstd")
    facts = Meta(
        engine="synthetic",
        engine_reason="made by benchmarks/report_speed.py",
        argv=("tool", "benchmark"),
        cwd="/opt/project",
        started_at_ns=START_NS,
        wall_ns=count * CALL_NS,
        exit_status=0,
        complete=True,
        incomplete_reason=None,
    )
    meta.write(directory, facts)


def arrow_table(table: schema.Table, columns: dict[str, object]) -> pa.Table:
    """`columns` in the types of the schema; those that are not there are null."""
    fields = tables.arrow_schema(table)
    length = len(next(iter(columns.values()), ()))  # type: ignore[arg-type]
    arrays = [
        pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(length, field.type)
        for field in fields
    ]
    return pa.table(arrays, schema=fields)


@dataclass(frozen=True)
class Run:
    wall_s: float
    cpu_s: float
    peak_bytes: int


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="system calls")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each size")
    options = parser.parse_args()
    print(f"{'syscalls':>10} {'median':>8} {'best':>8} {'CPU':>8} {'peak':>9}")
    with tempfile.TemporaryDirectory() as scratch:
        for size in options.sizes:
            directory = Path(scratch) / str(size)
            write_trace(directory, size)
            runs = [run([*REPORT, str(directory)]) for _ in range(options.repeat)]
            walls = [one.wall_s for one in runs]
            print(
                f"{size:>10,} {statistics.median(walls):>6.2f} s {min(walls):>6.2f} s "
                f"{statistics.median(one.cpu_s for one in runs):>6.2f} s "
                f"{max(one.peak_bytes for one in runs) / 2**20:>5.0f} MiB"
            )


if __name__ == "__main__":
    main()
