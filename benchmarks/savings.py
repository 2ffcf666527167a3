"""What rules predict to be saved, against what is saved when their advice is followed.

Each pair of scripts does the same, before and after. The one before is traced and its finding says
what will be saved; both run untraced, just before and after that, and time themselves from inside.
A machine whose speed drifts slows the three of a round alike: the error is that of the median of
the rounds' ratios.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from aklo_analysis.report import build
from aklo_trace.store import open_trace
from benchmarks.capture import TRACER

TIMED: Final = 'start=$EPOCHREALTIME\n{}\necho "$start $EPOCHREALTIME" >timing\n'
FILES: Final = 'for ((i = 0; i < 60; i++)); do echo "key-$i=$i"; done >config\n'


@dataclass(frozen=True)
class Pair:
    code: str
    before: str
    after: str


PAIRS: Final = (
    Pair(
        "SH01",
        FILES + "for ((i = 0; i < 60; i++)); do\nsize=$(stat -c %s config)\ndone",
        FILES + "for ((i = 0; i < 60; i++)); do a[i]=config; done\n"
        'while read -r size; do :; done < <(stat -c %s "${a[@]}")',
    ),
    Pair(
        "SH02",
        'f() { printf %s "$1"; }\nfor ((i = 0; i < 200; i++)); do\nx=$(f "$i")\ndone',
        'f() { printf -v "$1" %s "$2"; }\nfor ((i = 0; i < 200; i++)); do\nf x "$i"\ndone',
    ),
    Pair(
        "SH03",
        "for ((i = 0; i < 60; i++)); do\nfor j in $(seq 1 5); do :; done\ndone",
        "for ((i = 0; i < 60; i++)); do\nfor ((j = 1; j <= 5; j++)); do :; done\ndone",
    ),
    Pair(
        "SH04",
        'for ((i = 0; i < 60; i++)); do\nx=$(basename "/a/b/$i")\ndone',
        "for ((i = 0; i < 60; i++)); do\nx=/a/b/$i; x=${x##*/}\ndone",
    ),
    Pair(
        "SH04",
        'for ((i = 0; i < 60; i++)); do\nx=$(echo "key=$i" | cut -d= -f1)\ndone',
        "for ((i = 0; i < 60; i++)); do\nx=key=$i; x=${x%%=*}\ndone",
    ),
    Pair(
        "SH05",
        FILES + "for ((i = 0; i < 60; i++)); do\nx=$(cat config)\ndone",
        FILES + "for ((i = 0; i < 60; i++)); do\nx=$(<config)\ndone",
    ),
    Pair(
        "SH05",
        FILES + "for ((i = 0; i < 60; i++)); do\ncat config | sort >sorted\ndone",
        FILES + "for ((i = 0; i < 60; i++)); do\nsort <config >sorted\ndone",
    ),
    Pair(
        "SH08",
        'for ((i = 0; i < 400; i++)); do echo "f_$i() { echo $i; }"; done >lib\n'
        "for ((i = 0; i < 60; i++)); do\n. ./lib\ndone",
        'for ((i = 0; i < 400; i++)); do echo "f_$i() { echo $i; }"; done >lib\n'
        "for ((i = 0; i < 60; i++)); do\n[[ -v once ]] || . ./lib; once=1\ndone",
    ),
    Pair(
        "SH09",
        FILES + 'for ((i = 0; i < 60; i++)); do\nx=$(grep "key-$i=" config)\ndone',
        FILES + "declare -A a\nwhile IFS== read -r key value; do a[$key]=$value; done <config\n"
        "for ((i = 0; i < 60; i++)); do\nx=${a[key-$i]}\ndone",
    ),
)


@dataclass(frozen=True)
class Result:
    """In nanoseconds, of each round."""

    pair: Pair
    predicted_ns: list[float]
    measured_ns: list[float]

    @property
    def error(self) -> float:
        rounds = zip(self.predicted_ns, self.measured_ns, strict=True)
        return abs(median(predicted / measured for predicted, measured in rounds) - 1)


def measure(pair: Pair, rounds: int) -> Result:
    predicted: list[float] = []
    measured: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, code in ("before", pair.before), ("after", pair.after):
            (folder / name).write_text(TIMED.format(code))
        for number in range(rounds):
            before = _seconds(folder, "before")
            predicted.append(_predicted(pair, folder, number))
            measured.append(1e9 * (before - _seconds(folder, "after")))
    return Result(pair, predicted, measured)


def _predicted(pair: Pair, folder: Path, number: int) -> int:
    trace = folder / f"trace-{number}"
    own = ("--engine", "ebpf", "--format", "none", "--user", "root", "-o", str(trace))
    command = (TRACER, "record", *own, "--", "bash", "before")
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    findings = build(open_trace(trace)).findings
    return max((one.saving_ns for one in findings if one.code == pair.code), default=0)


def _seconds(folder: Path, script: str) -> float:
    subprocess.run(["bash", script], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    started, ended = map(float, (folder / "timing").read_text().split())
    return ended - started


def table(results: list[Result]) -> Iterator[str]:
    """The results as a Markdown table."""
    yield "| rule | line | predicted | measured | error |"
    yield "|---|---|--:|--:|--:|"
    for one in results:
        line = one.pair.before.splitlines()[-2].replace("|", "\\|")
        medians = median(one.predicted_ns), median(one.measured_ns)
        times = " | ".join(f"{ns / 1e6:.1f} ms" for ns in medians)
        yield f"| {one.pair.code} | `{line}` | {times} | {one.error:.0%} |"
    yield ""
    yield f"Median error: {median(one.error for one in results):.0%}."
