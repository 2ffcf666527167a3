"""Numbers that cannot be: the line is counted as not understood, and the others are imported."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace import meta, store
from aklo_trace.assemble import Target
from aklo_trace.cli import main
from aklo_trace.events import ProcessEnd
from aklo_trace.meta import Meta
from aklo_trace.strace.recorded import StraceRecorded
from aklo_trace.strace.sources import LogSource
from aklo_trace.strace.statistics import Statistics

GOLDEN = Path(__file__).parents[2] / "golden" / "strace"
TEXTS = [path.read_bytes() for path in sorted(GOLDEN.glob("*.log"))]
NUMBER = re.compile(rb"(?<![\w.])\d+")
PLAIN = b"7 1700000000.000001 getpid() = 7 <0.000001>\n"
BORDERS = [1 << bits for bits in (7, 8, 15, 16, 22, 31, 32, 62, 63, 64, 80)]
numbers = st.one_of(
    st.sampled_from([str(border + step) for border in BORDERS for step in (-1, 0, 1)]),
    st.integers(-1, 10**11).map(str),
    st.sampled_from([1, 4, 5, 7, 8, 9, 10, 18, 19, 20, 40, 5000]).map(lambda digits: "9" * digits),
)


def imported(text: bytes, start_date: date | None = date(2024, 5, 1)) -> tuple[Meta, Statistics]:
    """What the import makes of a log: a trace that can be read again."""
    recorded = StraceRecorded([LogSource(stream=io.BytesIO(text))], start_date=start_date)
    blank = Meta("strace", "", (), None, 0, incomplete_reason=None)
    with TemporaryDirectory(prefix="aklo-trace-") as folder:
        directory = Path(folder) / "trace"
        store.begin(directory, blank)
        store.finish(directory, recorded, blank)
        return meta.read(directory), recorded.statistics


@pytest.mark.parametrize(
    "line",
    [
        '7 1700000000.000002 openat(AT_FDCWD, "/x", O_RDONLY) = 2147483648 <0.000001>',
        "7 1700000000.000002 clone(child_stack=NULL, flags=SIGCHLD) = 4294967296",
        "7 1700000000.000002 fork() = 4194305",
        "7 1700000000.000002 fork() = 5 /* 99999999999 in strace's PID NS */",
        "7 1700000000.000002 <... clone resumed>) = 99999999999",
        "7 1700000000.000002 getpid() = 99999999999999999999",
        "7 1700000000.000002 getpid() = -9223372036854775809",
        "7 1700000000.000002 getpid() = -1 (errno 9999)",
        '7 1700000000.000002 read(3, "", 1) = 0 <9999999999.000001>',
        "7 1700000000.000002 +++ exited with 99999 +++",
        "7 1700000000.000002 +++ exited with 256 +++",
        "7 1700000000.000002 +++ killed by SIG_128 +++",
        "7 1700000000.000002 +++ killed by SIGRT_" + "9" * 5000 + " +++",
        "7 1700000000.000002 +++ superseded by execve in pid 999999999 +++",
        "7 9999999999.000002 getpid() = 7",
        "7 4294967296.000002 getpid() = 7",
        "4194305 1700000000.000002 getpid() = 7",
        "9" * 5000 + " 1700000000.000002 getpid() = 7",
    ],
)
def test_a_line_with_a_number_that_cannot_be_is_counted(line: str) -> None:
    found, statistics = imported(PLAIN + line.encode() + b"\n" + PLAIN)
    assert (found.tables["syscalls"], found.loss) == (2, {"lines_unparsed": 1})
    assert [(one.line, one.text.decode()) for one in statistics.examples] == [(2, line[:300])]


@pytest.mark.parametrize(
    "line",
    [
        "close(4294967295) = -1 EBADF (Bad file descriptor)",
        "mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = 0xffffffffffff0000",
        "fork() = 4194303",
        "+++ exited with 255 +++",
        "+++ killed by SIG_64 +++",
    ],
)
def test_a_line_with_the_last_number_that_can_be_is_understood(line: str) -> None:
    found, _ = imported(PLAIN + b"7 1700000000.000002 " + line.encode() + b"\n")
    assert found.loss == {}


@pytest.mark.parametrize("clock", [b"24:00:00", b"12:60:00", b"12:00:61"])
def test_a_time_of_day_that_cannot_be_is_no_time(clock: bytes) -> None:
    plain = b"7 12:00:00 getpid() = 7\n"
    found, _ = imported(plain * 2 + b"7 " + clock + b" getpid() = 7\n")
    assert (found.tables["syscalls"], found.loss) == (2, {"lines_unparsed": 1})


def test_times_that_add_up_to_more_than_can_be_end_there() -> None:
    found, _ = imported(b"999999999.5 getpid() = 7\n" * 50)
    assert found.tables["syscalls"] == 50
    assert found.started_at_ns < 1 << 62


def test_a_clock_that_is_set_back_leaves_no_wall_time() -> None:
    ended = Target(proc_id=1, start_ns=9).ended(ProcessEnd(5, 1, exit_status=0))
    assert (ended.wall_ns, ended.exit_status) == (None, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "1970-12-31", "2106-01-01", "9999-12-31"])
def test_a_date_that_no_time_can_have_is_refused(
    day: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "--date", day, "log"]) == 2
    assert f"--date: {day} is not between" in capsys.readouterr().err


def test_a_file_whose_name_ends_in_a_date_is_of_no_process(tmp_path: Path) -> None:
    assert LogSource.of(tmp_path / "strace.20240501").pid is None
    assert LogSource.of(tmp_path / "strace.13514.gz").pid == 13514


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_whatever_number_a_log_has_it_is_imported(text: bytes, data: st.DataObject) -> None:
    places = [match.span() for match in NUMBER.finditer(text)]
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4, unique=True))
    for start, end in sorted(chosen, reverse=True):
        text = text[:start] + data.draw(numbers).encode() + text[end:]
    found, statistics = imported(text)
    understood = statistics.whole_lines + statistics.unfinished_lines + statistics.resumed_lines
    notes = sum(statistics.non_events.values())
    assert statistics.lines == understood + notes + statistics.unparsed_lines
    assert statistics.lines == text.count(b"\n") + (not text.endswith(b"\n"))
    assert found.loss.get("lines_unparsed", 0) == statistics.unparsed_lines
