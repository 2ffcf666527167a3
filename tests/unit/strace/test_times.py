"""Times, in each form that strace prints them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from aklo_trace.strace.layout import Clock, Layout, PidStyle, detect
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.sources import LogSource
from aklo_trace.strace.times import LINE_NS

from .readable import read, readable

DAY_NS = 86_400 * 1_000_000_000
MIDNIGHT_NS = int(datetime(2024, 5, 1, tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("line", "layout"),
    [
        ("getpid() = 1", Layout()),
        ("12345 getpid() = 1", Layout(PidStyle.COLUMN)),
        ("[pid   123] getpid() = 1", Layout(PidStyle.BRACKET)),
        ("1795188138.484037 getpid() = 1", Layout(PidStyle.NONE, Clock.EPOCH, 6)),
        ("1795188138 getpid() = 1", Layout(PidStyle.NONE, Clock.EPOCH)),
        ("12345 1795188138 getpid() = 1", Layout(PidStyle.COLUMN, Clock.EPOCH)),
        ("12345 1795188138.484037123 getpid() = 1", Layout(PidStyle.COLUMN, Clock.EPOCH, 9)),
        ("12345 15:22:17 getpid() = 1", Layout(PidStyle.COLUMN, Clock.DAY)),
        ("15:22:17.910307 (+     0.000330) getpid() = 1", Layout(PidStyle.NONE, Clock.DAY, 6)),
        ("     0.000330 getpid() = 1", Layout(PidStyle.NONE, Clock.DELTA, 6)),
        ("12345      0.000330 <... getpid resumed>) = 1", Layout(PidStyle.COLUMN, Clock.DELTA, 6)),
        ("12345<ba sh> getpid() = 1", Layout(PidStyle.COLUMN)),
        ("12345 15:22:18 [  59] getpid() = 1", Layout(PidStyle.COLUMN, Clock.DAY, bracketed=True)),
        ("[0000000000401540] +++ exited with 0 +++", Layout(bracketed=True)),
        (
            "5 [kernel_t] 1795188138.1 --- SIGCHLD {} ---",
            Layout(PidStyle.COLUMN, Clock.EPOCH, 1, True),
        ),
    ],
)
def test_the_layout_is_found_and_read(line: str, layout: Layout) -> None:
    assert detect([b"some noise", line.encode()]) == layout
    leader = layout.read(line.encode())
    assert leader
    body = line.encode()[leader.end :]
    assert body.startswith((b"getpid(", b"<... ", b"+++ ", b"--- "))


@pytest.mark.parametrize("pid", ["", "7 ", "123456 ", "[pid     7] ", "7<x> "])
@pytest.mark.parametrize(
    ("printed", "ns"),
    [
        ("1700000000.123456 ", 1_700_000_000_123_456_000),
        ("1700000000.123456789 ", 1_700_000_000_123_456_789),
        ("1700000000.123 ", 1_700_000_000_123_000_000),
        ("1700000000 ", 1_700_000_000_000_000_000),
        ("23:59:59.000001 ", MIDNIGHT_NS + DAY_NS - 1_000_000_000 + 1000),
        ("00:00:01 ", MIDNIGHT_NS + 1_000_000_000),
        ("     0.000001 ", MIDNIGHT_NS + 1000),
        ("     2 ", MIDNIGHT_NS + 2_000_000_000),
        ("", LINE_NS),
    ],
)
@pytest.mark.parametrize("columns", ["", "[  39] ", "[00007f8b456d9ad7] "])
def test_every_form_of_pid_time_and_columns_is_read(
    pid: str, printed: str, ns: int, columns: str
) -> None:
    padded = pid.ljust(6) if pid.strip().isdigit() else pid
    found = read(f"{padded}{printed}{columns}getpid() = 7\n")
    assert [(event["ts_ns"], event["ret"]) for event in found.events] == [(ns, 7)]
    if pid:
        assert found.events[0]["tid"] == (123456 if "123456" in pid else 7)


def test_midnight_begins_another_day_each_time() -> None:
    hours = [22, 23, 1, 23, 0, 12]
    log = "".join(f"7 {hour:02d}:00:00.000000 getpid() = 7\n" for hour in hours)
    days = [0, 0, 1, 1, 2, 2]
    assert [event["ts_ns"] for event in read(log).events] == [
        MIDNIGHT_NS + day * DAY_NS + hour * 3600 * 1_000_000_000
        for day, hour in zip(days, hours, strict=True)
    ]


def test_relative_times_add_up() -> None:
    log = "".join(f"7 {delta:13.6f} getpid() = 7\n" for delta in (0, 0.5, 0.25))
    assert [event["ts_ns"] - MIDNIGHT_NS for event in read(log).events] == [
        0,
        500_000_000,
        750_000_000,
    ]
    assert read(log).statistics.clock is Clock.DELTA


HALVES = """\
7 {0}pause( <unfinished ...>
8 {1}getpid() = 8
7 {2}<... pause resumed>) = 0
"""


def test_without_times_the_order_is_kept_and_nothing_is_measured() -> None:
    found = read(HALVES.format("", "", ""))
    times = [(event["syscall"], event["ts_ns"] // LINE_NS) for event in found.events]
    assert times == [("pause", 1), ("getpid", 2)]
    assert not any("dur_ns" in event for event in found.events)
    assert found.statistics.clock is Clock.ORDER


def test_without_durations_the_halves_of_a_call_tell_how_long_it_took() -> None:
    found = read(HALVES.format("1700000000.500 ", "1700000000.600 ", "1700000000.750 "))
    assert [event.get("dur_ns") for event in found.events] == [250_000_000, None]
    assert not found.statistics.has_durations


def test_whole_seconds_do_not_tell_how_long_a_call_took() -> None:
    found = read(HALVES.format("1700000000 ", "1700000000 ", "1700000001 "))
    assert not any("dur_ns" in event for event in found.events)


def test_calls_that_are_printed_late_are_put_in_order() -> None:
    found = read(
        "".join(f"{pid} 1700000000.{at} getpid() = 7\n" for pid, at in ((7, 2), (8, 1), (7, 3)))
    )
    assert [event["tid"] for event in found.events] == [8, 7, 7]


def dated(tmp_path: Path, name: str, text: str, modified: str) -> LogSource:
    path = tmp_path / name
    path.write_text(text)
    seconds = datetime.fromisoformat(modified).replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return LogSource.of(path)


@pytest.mark.parametrize(
    ("modified", "day"), [("2024-03-02T10:00:01", 2), ("2024-03-02T09:00:00", 1)]
)
def test_the_date_is_that_of_the_file(tmp_path: Path, modified: str, day: int) -> None:
    source = dated(tmp_path, "log", "7 10:00:00.000000 getpid() = 7\n", modified)
    found = readable(read_logs([source], workers=0))
    expected = datetime(2024, 3, day, 10, tzinfo=UTC).timestamp() * 1e9
    assert found.events[0]["ts_ns"] == expected


@pytest.mark.parametrize("start", [None, date(2020, 1, 1)])
def test_files_of_a_family_have_their_own_dates(tmp_path: Path, start: date | None) -> None:
    sources = [
        dated(
            tmp_path,
            "log.7",
            "23:59:59.000000 fork() = 8\n00:00:03.000000 getpid() = 7\n",
            "2024-03-02T00:00:04",
        ),
        dated(tmp_path, "log.8", "00:00:02.000000 getpid() = 8\n", "2024-03-02T00:00:02"),
    ]
    found = readable(read_logs(sources, workers=0, start_date=start))
    first = datetime(2020, 1, 1, tzinfo=UTC) if start else datetime(2024, 3, 1, tzinfo=UTC)
    base = int(first.timestamp()) * 1_000_000_000 + DAY_NS
    assert [(e["tid"], (e["ts_ns"] - base) // 1_000_000_000) for e in found.events] == [
        (7, -1),
        (8, 2),
        (7, 3),
    ]
    assert found.started(8)["ppid"] == 7


def test_a_family_without_times_is_read_parent_first(tmp_path: Path) -> None:
    (tmp_path / "log.8").write_text("getpid() = 8\n+++ exited with 0 +++\n")
    (tmp_path / "log.7").write_text("fork() = 8\ngetpid() = 7\n+++ exited with 0 +++\n")
    sources = [LogSource.of(path) for path in sorted(tmp_path.iterdir(), reverse=True)]
    found = readable(read_logs(sources, workers=0, start_date=date(2024, 5, 1)))
    assert [event["tid"] for event in found.events] == [7, 7, 8]
    assert found.started(8)["ppid"] == 7
