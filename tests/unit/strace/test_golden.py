"""Real logs, and what they become.

Run with UPDATE_GOLDEN=1 to write what they become now, and read the differences.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from aklo_trace.strace.log import read_logs
from aklo_trace.strace.sources import LogSource

from .readable import Readable, readable

GOLDEN = Path(__file__).parents[2] / "golden" / "strace"
FAMILY = "family.log"
LOGS = sorted(path.name for path in GOLDEN.glob("*.log"))
START = date(2024, 5, 1)


def sources(name: str) -> list[LogSource]:
    paths = sorted(GOLDEN.glob("family.log.*")) if name == FAMILY else [GOLDEN / name]
    return [LogSource.of(path) for path in paths]


def written(result: Readable) -> str:
    """One thing per line: statistics, process events, system calls."""
    statistics = asdict(result.statistics)
    statistics["examples"] = [
        example.text.decode("latin1") for example in result.statistics.examples
    ]
    rows: Iterator[dict[str, object]] = iter([statistics, *result.processes, *result.events])
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


@pytest.mark.parametrize("name", [*LOGS, FAMILY])
def test_a_real_log_becomes_what_it_is_known_to_become(name: str) -> None:
    expected = GOLDEN / f"{name.removesuffix('.log')}.json"
    now = written(readable(read_logs(sources(name), workers=0, start_date=START)))
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(now)
    assert now == expected.read_text()


@pytest.mark.parametrize("name", [*LOGS, FAMILY])
def test_every_line_is_counted_once_and_understood(name: str) -> None:
    statistics = readable(read_logs(sources(name), workers=0, start_date=START)).statistics
    lines = sum(source.path.read_bytes().count(b"\n") for source in sources(name) if source.path)
    accounted = (
        statistics.whole_lines
        + statistics.unfinished_lines
        + statistics.resumed_lines
        + sum(statistics.non_events.values())
        + statistics.unparsed_lines
    )
    assert statistics.lines == accounted
    assert statistics.lines - lines == (1 if name == "cut.log" else 0)
    assert statistics.unparsed_lines == (1 if name == "cut.log" else 0)


def test_there_are_logs_of_every_kind() -> None:
    assert len(LOGS) >= 24
