"""Session logs of aklo: each line is read for what it is, or counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace import session_log, store
from aklo_trace.errors import TraceError
from aklo_trace.session_log import is_session_log, read
from aklo_trace.store import open_trace

HEAD = "# Aklo I/O Monitoring Session\n# Format: timestamp|operation_type|target\n\n"
LINE = "1700000000|parse|a.xml|12|success|cold|and|more\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "session.log"


def test_a_line_is_an_operation_that_had_just_ended(log: Path) -> None:
    log.write_text(HEAD + LINE)
    (one,) = read([str(log)]).operations
    assert one.ts_ns == 1_700_000_000 * 10**9 - 12_000_000
    assert (one.operation, one.target, one.dur_ns) == ("parse", "a.xml", 12_000_000)
    assert (one.status, one.details) == ("success", "cold|and|more")


@pytest.mark.parametrize(
    ("when", "at_ns"),
    [
        ("1700000000.25", 1_700_000_000_250_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14 23:13:20+01:00", 1_700_000_000_000_000_000),
    ],
)
def test_times_are_seconds_or_iso_8601(log: Path, when: str, at_ns: int) -> None:
    log.write_text(f"{when}|x||||\n")
    (one,) = read([str(log)]).operations
    assert (one.ts_ns, one.dur_ns, one.target) == (at_ns, None, None)


@pytest.mark.parametrize(
    "line",
    [
        *("", "x", "soon|a|b|1|ok|", "1|a|b|long|ok|", "1||b|1|ok|", "1|a|b|-1|ok|"),
        *("1|a|b|nan|ok|", "99999999999|a|b|1|ok|", "1|a|b", "9999-99-99|a|b|1|ok|"),
    ],
)
def test_what_is_no_operation_is_counted(log: Path, line: str) -> None:
    log.write_text(LINE + line + "\n")
    found = read([str(log)])
    assert (len(found.operations), found.strange) == (1, int(bool(line)))
    log.write_text(line + "\n")
    assert not is_session_log(log)


def test_without_an_operation_there_is_no_trace(log: Path) -> None:
    log.write_text(HEAD)
    with pytest.raises(TraceError, match="no operation"):
        read([str(log)])
    with pytest.raises(TraceError, match="No such file"):
        read([str(log.with_name("none"))])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_harm(raw: bytes) -> None:
    for line in session_log._texts(raw):
        session_log._operation(line)


def aklo_trace(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aklo_trace", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_log_becomes_a_trace_by_its_lines(log: Path, tmp_path: Path) -> None:
    log.write_text(HEAD + LINE * 3 + "odd\n")
    trace = tmp_path / "trace"
    done = aklo_trace("import", log, "-o", trace)
    assert done.returncode == 0
    assert "3 operations\nincomplete: 1 line was not understood" in done.stderr
    found = open_trace(trace)
    assert found.table("tracked").num_rows == 3
    assert (found.meta.engine, found.meta.complete) == ("aklo-session", False)
    assert not (trace / store.LIVE).exists()
    assert "parse" in aklo_trace("report", trace, "--section", "tracked").stdout


def test_the_reports_of_a_log_may_be_more_than_those_of_a_recording(
    log: Path, tmp_path: Path
) -> None:
    log.write_text(LINE * 9)
    program = (
        "import sys; from aklo_trace import cli, tracked; tracked.MOST_BYTES = 99; "
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "import", log, "-o", tmp_path / "trace"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert open_trace(tmp_path / "trace").table("tracked").num_rows == 9


def test_nothing_of_a_pipe_is_lost_to_the_look_at_it(log: Path, tmp_path: Path) -> None:
    call = "4711  1700000000.{:09} read(3</etc/passwd>, ...) = 1024 <0.000000345>\n"
    log.write_text("".join(call.format(number * 1000) for number in range(3000)))
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", "aklo_trace", "import", "-o", trace]
    words = ["bash", "-c", '"${@:2}" <(cat "$1")', "bash", log, *command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert open_trace(trace).table("syscalls").num_rows == 3000


def test_another_format_can_be_asked_for(log: Path, tmp_path: Path) -> None:
    log.write_text(LINE)
    trace = tmp_path / "trace"
    assert aklo_trace("import", "--format", "strace", log, "-o", trace).returncode == 1
    assert not trace.exists()
