"""The summary of a trace: kept, read again, and never trusted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from aklo_trace import meta as meta_file
from aklo_trace import summary
from aklo_trace.errors import NotATrace
from aklo_trace.meta import Meta
from aklo_trace.summary import SlowCall, Totals, TraceSummary

META = Meta(
    engine="ebpf",
    engine_reason="it can",
    argv=("/opt/aklo/bin/aklo", "new", "a\udcff b"),
    cwd="/home/dev",
    started_at_ns=10**18,
    wall_ns=5,
    exit_status=3,
    lost=2,
    tables={"syscalls": 7, "processes": 2, "images": 1},
)


def test_without_an_analysis_it_is_what_meta_json_says(tmp_path: Path) -> None:
    meta_file.write(tmp_path, META)
    found = summary.read(tmp_path)
    assert not found.is_analysed
    assert found.command == "aklo new a\udcff b"
    assert (found.calls, found.processes, found.lost, found.exit_status) == (7, 2, 2, 3)
    assert found.ended_at_ns == 10**18 + 5
    assert (found.size_bytes, found.caches, found.finding_count) == (None, (), None)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    meta_file.write(tmp_path, META)
    kept = replace(summary.of_meta(META), is_analysed=True, size_bytes=9, saving_ns=4)
    kept = replace(kept, cwd='/a,"spent":{', slowest=(SlowCall("read", 1, None, '"', None),))
    summary.write(tmp_path, kept)
    assert summary.read(tmp_path) == kept
    totals = summary.totals(tmp_path)
    assert type(totals) is Totals
    assert asdict(kept).items() >= asdict(totals).items()
    assert (tmp_path / summary.FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps({"version": summary.VERSION}).encode(),
        summary.packed(replace(summary.of_meta(META), version=summary.VERSION + 1)),
        summary.packed(summary.of_meta(META)).replace(b'"lost":2', b'"lost":"2"'),
    ],
)
def test_a_file_that_cannot_be_used_is_as_good_as_none(raw: bytes, tmp_path: Path) -> None:
    meta_file.write(tmp_path, META)
    (tmp_path / summary.FILE).write_bytes(raw)
    assert summary.written(tmp_path) is None
    assert summary.read(tmp_path) == summary.of_meta(META)
    assert summary.totals(tmp_path) == summary.of_meta(META)


def test_what_has_no_meta_json_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(NotATrace):
        summary.read(tmp_path)


def test_the_size_is_that_of_all_files_but_itself(tmp_path: Path) -> None:
    (tmp_path / "syscalls").mkdir()
    (tmp_path / "syscalls/part").write_bytes(b"x" * 5000)
    before = summary.disk_bytes(tmp_path)
    assert 5000 <= before < 50_000
    summary.write(tmp_path, summary.of_meta(META))
    assert summary.disk_bytes(tmp_path) == before


def test_nothing_is_followed_out_of_the_trace(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    trace = tmp_path / "trace"
    trace.mkdir()
    (trace / summary.FILE).symlink_to(other)
    summary.write(trace, summary.of_meta(META))
    assert other.read_text() == "mine"


def test_a_ratio_needs_lookups() -> None:
    use = summary.CacheUse("regex", 0, 0, None, None, None)
    assert use.hit_ratio is None
    assert replace(use, lookups=4, hits=1).hit_ratio == 0.25


@pytest.mark.parametrize(
    ("status", "signal", "failed"), [(0, None, False), (1, None, True), (None, 9, True)]
)
def test_a_command_fails_by_status_or_signal(
    status: int | None, signal: int | None, failed: bool
) -> None:
    found: TraceSummary = replace(summary.of_meta(META), exit_status=status, signal=signal)
    assert found.has_failed == failed
