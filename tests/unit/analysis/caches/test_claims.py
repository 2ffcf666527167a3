"""What aklo counted itself is shown where it can be had, and is of this trace alone."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from aklo_analysis.caches.cache import Cache
from aklo_analysis.caches.claims import FILE, Claimed
from aklo_analysis.report import build

from ..synthetic_trace import MS, SyntheticTrace

FAR_NS = 1 << 62


def trace_of(path: Path, began: bool = True, host: str | None = None) -> SyntheticTrace:
    """One hit, after which the counters are written; the trace ends in a far future."""
    trace = SyntheticTrace(wall_ns=FAR_NS // 2, facts={"host": host or socket.gethostname()})
    trace.process(10, 0, 900 * MS)
    trace.image(10, 0, "/bin/sh")
    entry = {"file_id": trace.file("/c/a.parsed"), "fd": 3}
    trace.call(10, "openat", 1 * MS, 10, **entry)
    trace.call(10, "read", 2 * MS, 10, bytes=300, offset=0, **entry)
    counters = trace.file(str(path))
    absent = {"errno": 2, "ret": -1} if began else {}
    trace.call(10, "newfstatat", 3 * MS, 10, file_id=counters, **absent)
    trace.call(10, "write", 4 * MS, 10, file_id=counters, fd=3, bytes=20, offset=0)
    return trace


def claimed(trace: SyntheticTrace) -> Claimed | None:
    cache = Cache("parsed", ("*.parsed",), counter="parsed")
    (row,) = build(trace, known_caches=[cache]).caches
    return row.claimed


@pytest.fixture
def counters(tmp_path: Path) -> Path:
    path = tmp_path / FILE
    path.write_text(json.dumps({"parsed_hits": 3, "parsed_misses": 0, "other": "x"}))
    return path


def test_it_is_compared_with_what_was_seen(counters: Path) -> None:
    assert claimed(trace_of(counters)) == Claimed(3, 0, 2, 0)


def test_it_is_not_known_if_others_counted_in_the_file_before(counters: Path) -> None:
    assert claimed(trace_of(counters, began=False)) is None


def test_it_is_not_known_of_a_trace_of_another_host(counters: Path) -> None:
    assert claimed(trace_of(counters, host="elsewhere")) is None


def test_it_is_not_known_if_the_file_was_changed_since(counters: Path) -> None:
    trace = trace_of(counters)
    trace.wall_ns = 900 * MS
    assert claimed(trace) is None


@pytest.mark.parametrize("content", ["", "[" * 100_000, "[1]", '{"parsed_hits": true}', "\x00"])
def test_what_makes_no_sense_is_not_known(counters: Path, content: str) -> None:
    counters.write_text(content)
    assert claimed(trace_of(counters)) is None


def test_it_is_not_known_if_the_file_is_gone(counters: Path) -> None:
    counters.unlink()
    assert claimed(trace_of(counters)) is None
