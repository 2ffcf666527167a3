"""What each way of tracing costs the traced program.

Every round runs each way once, in turn, so that a machine whose speed drifts slows all of them
alike; a way's ratio is taken against the untraced run of the same round. The traced command
times itself, in bash, from inside: start-up of the tracer and its report are not part of it. The
CPU time of the command and its children varies less than what it takes: probes are part of it,
the recorder and tools that stop each call are not.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from aklo_trace import meta
from aklo_trace.engines import engine_named
from aklo_trace.summary import disk_bytes

ROOT: Final = Path(__file__).parent.parent
TRACER: Final = str(Path(__file__).parent.parent / ".venv/bin/aklo-trace")
TIMER: Final = 'out=$1; shift; s=$EPOCHREALTIME; "$@"; { echo "$s $EPOCHREALTIME"; times; } >"$out"'


@dataclass(frozen=True)
class Workload:
    """`slow` ways are measured once for it: they take minutes."""

    key: str
    title: str
    argv: tuple[str, ...]


WORKLOADS: Final = (
    Workload(
        "a",
        "the example's cache benchmark",
        (str(ROOT / "examples/aklo/bin/aklo"), "cache", "benchmark"),
    ),
    Workload(
        "b",
        "500 times /bin/true",
        ("bash", "-c", "for ((i = 0; i < 500; i++)); do /bin/true; done"),
    ),
    Workload(
        "c",
        "dd, two million calls of 512 bytes",
        ("dd", "if=/dev/zero", "of=/dev/null", "bs=512", "count=1000000", "status=none"),
    ),
)


@dataclass(frozen=True)
class Way:
    """One way to trace: what goes before the command; ``{out}`` is a fresh path. `engine` is that
    of our own."""

    name: str
    prefix: tuple[str, ...]
    slow: bool = False
    engine: str | None = None

    def is_here(self) -> bool:
        if self.engine is not None:
            return engine_named(self.engine).probe().usable
        return not self.prefix or shutil.which(self.prefix[0]) is not None


def _ours(name: str, engine: str, *options: str, slow: bool = False) -> Way:
    said = ("--engine", engine, *options, "--format", "none", "-o", "{out}")
    return Way(name, (TRACER, "record", *said, "--"), slow, engine)


BPFTRACE: Final = (
    "tracepoint:raw_syscalls:sys_enter { @[tid] = nsecs; } "
    "tracepoint:raw_syscalls:sys_exit /@[tid]/ { @n[args->id] = hist(nsecs - @[tid]); "
    "delete(@[tid]); }"
)
WAYS: Final = (
    Way("untraced", ()),
    _ours("aklo-trace, ebpf", "ebpf"),
    _ours("the same without attribution and timer", "ebpf", "--no-attribution", "--sample-hz", "0"),
    _ours("aklo-trace, bcc", "bcc"),
    _ours("aklo-trace, strace", "strace", slow=True),
    Way("strace -f -ttt -T -y", ("strace", "-f", "-ttt", "-T", "-y", "-o", "{out}"), slow=True),
    Way("perf trace", ("perf", "trace", "-o", "{out}", "--"), slow=True),
    Way(
        "bpftrace (counts only)", ("bpftrace", "-q", "-o", "{out}", "-e", BPFTRACE, "-c"), slow=True
    ),
)


@dataclass
class Result:
    """Of one way: seconds, ratios of them and of CPU seconds to the untraced run of the same
    round, and of our own traces the recorder's share of a core, its peak memory, what was lost, and
    the size on disk for each call."""

    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    cpu_ratios: list[float] = field(default_factory=list)
    cpu_shares: list[float] = field(default_factory=list)
    max_rss_bytes: list[int] = field(default_factory=list)
    calls: int = 0
    lost: int = 0
    call_bytes: float = 0.0


def measure(workload: Workload, rounds: int, slow_rounds: int) -> dict[str, Result]:
    """Run every way that can be here `rounds` times in turn; those that are slow only in the first
    rounds."""
    ways = [way for way in WAYS if way.is_here()]
    results = {way.name: Result() for way in ways}
    for number in range(rounds):
        baseline = None
        for way in ways:
            if way.slow and number >= slow_rounds:
                continue
            result = results[way.name]
            seconds, cpu_seconds = _run(way, workload, result)
            baseline = baseline or (seconds, cpu_seconds)
            result.seconds.append(seconds)
            result.ratios.append(seconds / baseline[0])
            result.cpu_ratios.append(cpu_seconds / baseline[1])
    return {name: result for name, result in results.items() if result.seconds}


def _run(way: Way, workload: Workload, result: Result) -> tuple[float, float]:
    """One run; how long it took and its CPU time, in seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        out, timing = Path(scratch) / "out", Path(scratch) / "timing"
        timed = ["bash", "-c", TIMER, "timer", str(timing), *workload.argv]
        prefix = [word.replace("{out}", str(out)) for word in way.prefix]
        if way.prefix[:1] == ("bpftrace",):
            timed = [_quoted(timed)]
        subprocess.run(
            [*prefix, *timed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
        )
        started, ended, *cpu = timing.read_text().split()
        if way.engine is not None:
            _note_cost(meta.read(out), result)
            result.call_bytes = disk_bytes(out) / max(result.calls, 1)
        return float(ended) - float(started), sum(map(_seconds, cpu))


def _seconds(text: str) -> float:
    """Of a time as bash's `times` writes it: 1m2.345s."""
    minutes, seconds = text.rstrip("s").split("m")
    return 60 * float(minutes) + float(seconds)


def _quoted(argv: list[str]) -> str:
    """bpftrace takes its command as one string that it splits at blanks, without quotes; its
    first word must be an ELF file."""
    script = Path(argv[4]).with_name("command")
    script.write_text("set -- " + " ".join(f"'{word}'" for word in argv[4:]) + "\n" + TIMER)
    return f"/bin/bash {script}"


def _note_cost(found: meta.Meta, result: Result) -> None:
    result.calls, result.lost = found.tables["syscalls"], result.lost + found.lost
    if found.recorder_cpu_ns is not None and found.wall_ns:
        result.cpu_shares.append(found.recorder_cpu_ns / found.wall_ns)
    if found.recorder_max_rss_bytes is not None:
        result.max_rss_bytes.append(found.recorder_max_rss_bytes)


def table(workload: Workload, results: dict[str, Result]) -> Iterator[str]:
    """The results as a Markdown table."""
    yield f"### ({workload.key}) {workload.title}"
    yield ""
    columns = ("way", "runs", "median s", "ratio: median", "min", "max", "of CPU time")
    columns = (*columns, "calls", "lost", "bytes per call", "recorder CPU", "memory")
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for name, result in results.items():
        ratios = (
            f"{median(result.ratios):.2f} | {min(result.ratios):.2f} | {max(result.ratios):.2f}"
            f" | {median(result.cpu_ratios):.2f}"
        )
        cost = " | | | | "
        if result.calls:
            calls = f"{result.calls:,} | {result.lost:,} | {result.call_bytes:.1f}"
            cost = f" {calls} | {_share(result)} | {_memory(result)}"
        runs = f"{len(result.seconds)} | {median(result.seconds):.3f}"
        yield f"| {name} | {runs} | {ratios} |{cost} |"
    yield ""


def _share(result: Result) -> str:
    return f"{median(result.cpu_shares):.1%}" if result.cpu_shares else ""


def _memory(result: Result) -> str:
    return f"{max(result.max_rss_bytes) / 2**20:.0f} MiB" if result.max_rss_bytes else ""
