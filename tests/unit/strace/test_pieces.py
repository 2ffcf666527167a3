"""A log gives the same events however it is cut and wherever it comes from."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from aklo_trace.errors import TraceError, UsageError
from aklo_trace.strace import family, log, plan, pool
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.sources import LogSource

from .readable import Readable, readable

GOLDEN = Path(__file__).parents[2] / "golden" / "strace"
LOGS = sorted(path.name for path in GOLDEN.glob("*.log"))
FAMILY = [LogSource.of(path) for path in sorted(GOLDEN.glob("family.log.*"))]


def read(sources: Sequence[LogSource], workers: int = 0) -> Readable:
    return readable(read_logs(sources, workers=workers, start_date=date(2024, 5, 1)))


def same(one: Readable, other: Readable) -> None:
    def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(events, key=lambda event: (event["ts_ns"], str(event)))

    assert in_order(one.events) == in_order(other.events)
    assert in_order(one.processes) == in_order(other.processes)
    ours, theirs = (replace(r.statistics, examples=(), root_pid=None) for r in (one, other))
    assert ours == theirs


@pytest.mark.parametrize("size", [400, 1000, 3000])
@pytest.mark.parametrize("name", [name for name in LOGS if name != "successes.log"])
def test_where_a_log_is_cut_makes_no_difference(
    name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = [LogSource.of(GOLDEN / name)]
    whole = read(source)
    monkeypatch.setattr(plan, "PIECE_BYTES", size)
    cut = read(source)
    assert len(cut.batches) > 1 or (GOLDEN / name).stat().st_size < 2 * size
    same(cut, whole)


def test_a_piece_does_not_end_where_a_diagnostic_interrupts_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = [LogSource.of(GOLDEN / "terminal.log")]
    whole, text = read(source), (GOLDEN / "terminal.log").read_bytes()
    ends = [found.end() for found in re.finditer(rb"strace: Process \d+ attached\n", text)]
    assert len(ends) == 3
    for end in ends:
        monkeypatch.setattr(plan, "PIECE_BYTES", end)
        same(read(source), whole)


@pytest.mark.parametrize("size", [300, 1000])
def test_where_a_family_is_cut_makes_no_difference(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(FAMILY)
    monkeypatch.setattr(family, "WINDOW_BYTES", size)
    monkeypatch.setattr(family, "STEP_BYTES", 100)
    cut = read(FAMILY)
    assert len(cut.batches) > 3
    same(cut, whole)


def test_batches_are_in_order_of_time_and_processes_start_before_they_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "PIECE_BYTES", 500)
    started: set[int] = set()
    for batch in read([LogSource.of(GOLDEN / "follow.log")]).batches:
        times = batch.ts_ns.tolist()
        assert times == sorted(times)
        moments = [event.ts_ns for event in batch.process_events]
        assert moments == sorted(moments)
        started |= {
            event.proc_id
            for event in batch.process_events
            if type(event).__name__ == "ProcessStart"
        }
        assert set(batch.proc_id.tolist()) <= started


def test_compressed_logs_and_streams_are_read_alike(tmp_path: Path) -> None:
    raw = (GOLDEN / "follow.log").read_bytes()
    (tmp_path / "log.gz").write_bytes(gzip.compress(raw[:3000]) + gzip.compress(raw[3000:]))
    (tmp_path / "log.zst").write_bytes(pa.compress(raw, "zstd", asbytes=True))
    plain = read([LogSource.of(GOLDEN / "follow.log")])
    same(read([LogSource.of(tmp_path / "log.gz")]), plain)
    same(read([LogSource.of(tmp_path / "log.zst")]), plain)
    same(read([LogSource(stream=io.BytesIO(raw))]), plain)
    same(read([LogSource(stream=io.BytesIO(gzip.compress(raw)))]), plain)


def test_a_pool_of_workers_gives_what_one_process_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "WORTH_A_POOL_BYTES", 0)
    monkeypatch.setattr(plan, "PIECE_BYTES", 2000)
    source = [LogSource.of(GOLDEN / "follow.log")]
    same(read(source, workers=2), read(source))


def test_a_compressed_log_that_is_cut_gives_what_is_there(tmp_path: Path) -> None:
    line = "7 17000{:05d}.{:06d} getpid() = {}\n"
    whole = "".join(line.format(n, n * 7919 % 999983, n * 104729 % 4194303) for n in range(20_000))
    packed = gzip.compress(whole.encode())
    (tmp_path / "log.gz").write_bytes(packed[: len(packed) // 2])
    statistics = read([LogSource.of(tmp_path / "log.gz")]).statistics
    assert 5_000 < statistics.events < 15_000
    assert any("only in part" in problem for problem in statistics.problems)


def test_examples_name_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (GOLDEN / "follow.log").read_text().splitlines(keepends=True)
    lines.insert(40, "what is this?\n")
    (tmp_path / "log").write_text("".join(lines))
    monkeypatch.setattr(plan, "PIECE_BYTES", 700)
    statistics = read([LogSource.of(tmp_path / "log")]).statistics
    assert statistics.unparsed_lines == 1
    example = statistics.examples[0]
    assert (example.file, example.line, example.text) == (
        str(tmp_path / "log"),
        41,
        b"what is this?",
    )


def test_line_numbers_count_the_interruptions_of_a_terminal_log(tmp_path: Path) -> None:
    lines = (GOLDEN / "terminal.log").read_text().splitlines(keepends=True)
    lines.insert(60, "[pid 7 what is this?\n")
    (tmp_path / "log").write_text("".join(lines))
    assert read([LogSource.of(tmp_path / "log")]).statistics.examples[0].line == 61


def test_the_first_examples_are_kept_and_all_are_counted() -> None:
    text = "".join(f"{pid} 1700000000.000001 nonsense\n" for pid in range(100, 150))
    first = "99 1700000000.000000 getpid() = 99\n"
    statistics = read([LogSource(stream=io.BytesIO((first + text).encode()))]).statistics
    assert statistics.unparsed_lines == 50
    assert [example.line for example in statistics.examples] == list(range(2, 12))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(TraceError, match="/nowhere/log: No such file"):
        read_logs([LogSource.of(Path("/nowhere/log"))], workers=0)


def test_a_family_may_be_compressed(tmp_path: Path) -> None:
    for source in FAMILY:
        assert source.path
        packed = tmp_path / f"{source.path.name}.gz"
        packed.write_bytes(gzip.compress(source.path.read_bytes()))
    packed_family = [LogSource.of(path) for path in sorted(tmp_path.iterdir())]
    assert [source.pid for source in packed_family] == [source.pid for source in FAMILY]
    same(read(packed_family), read(FAMILY))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_that_goes_away_meanwhile_is_named(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "WORTH_A_POOL_BYTES", 0)
    (tmp_path / "log").write_bytes((GOLDEN / "follow.log").read_bytes())
    found = read_logs([LogSource(tmp_path / "log")], workers=workers)
    (tmp_path / "log").unlink()
    with pytest.raises(TraceError, match=r"read on in the strace log .*/log: No such file"):
        list(found.batches())


def die(_task: object) -> None:
    os._exit(9)


def test_a_worker_that_is_killed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "WORTH_A_POOL_BYTES", 0)
    monkeypatch.setattr(pool, "read_piece", die)
    with pytest.raises(TraceError, match="was killed"):
        read([LogSource.of(GOLDEN / "follow.log")], workers=2)


BLOCKED = """
import signal, sys
from pathlib import Path
if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    from aklo_trace.strace import log
    from aklo_trace.strace.sources import LogSource
    log.WORTH_A_POOL_BYTES = 0
    found = log.read_logs([LogSource(Path(sys.argv[1]))], workers=2)
    print(sum(len(batch) for batch in found.batches()), flush=True)
"""


def test_a_pool_works_where_all_signals_are_blocked(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(BLOCKED)
    said = subprocess.run(
        [sys.executable, tmp_path / "script.py", GOLDEN / "follow.log"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(said.stdout) == len(read([LogSource.of(GOLDEN / "follow.log")]).events)


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PIECE_BYTES", 1000)
    monkeypatch.setattr(plan, "HEAD_BYTES", 1000)
    monkeypatch.setattr(plan, "STREAM_BYTES", 1000)
    monkeypatch.setattr(plan, "LONGEST_LINE_BYTES", 5000)
    raw = b"7 getpid() = 7\n" + b"x" * 20_000 + b"\n7 getpid() = 7\n"
    found = read([LogSource(stream=io.BytesIO(raw))])
    assert len(found.events) == 2
    assert found.statistics.unparsed_lines == 4  # pieces of at least 5000 bytes


def test_logs_that_are_no_family_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("getpid() = 1\n")
    with pytest.raises(UsageError, match=r"/a cannot be read together"):
        read_logs([LogSource.of(tmp_path / "a"), *FAMILY], workers=0)
    with pytest.raises(UsageError, match="no strace log"):
        read_logs([], workers=0)


@pytest.mark.parametrize("text", [b"", b"\n", b"\0" * 5000, b"no log at all\n" * 100])
def test_what_is_no_log_gives_no_events(text: bytes) -> None:
    found = read([LogSource(stream=io.BytesIO(text))])
    assert (found.events, found.processes) == ([], [])
    statistics = found.statistics
    assert statistics.lines == statistics.unparsed_lines + sum(statistics.non_events.values())
