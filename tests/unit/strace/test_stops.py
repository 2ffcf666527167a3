"""How long signals stopped a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.events import ProcessEnd
from aklo_trace.strace import plan
from aklo_trace.strace.log import StraceLog, read_logs
from aklo_trace.strace.sources import LogSource

LOG = """\
10 1700000001.000000 execve("/bin/sleep", ["sleep"], 0x7 /* 1 var */) = 0 <0.000200>
10 1700000002.000000 getuid() = 0 <0.000010>
10 1700000003.000000 --- SIGTSTP {si_signo=SIGTSTP, si_code=SI_USER, si_pid=1, si_uid=0} ---
10 1700000003.000000 --- stopped by SIGTSTP ---
11 1700000003.500000 getuid() = 0 <0.000010>
10 1700000005.000000 --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=1, si_uid=0} ---
10 1700000005.000000 getuid() = 0 <0.000010>
10 1700000006.000000 --- stopped by SIGSTOP ---
10 1700000007.500000 +++ killed by SIGKILL +++
11 1700000008.000000 +++ exited with 0 +++
"""


def stopped(log: StraceLog) -> dict[int, int | None]:
    """By process."""
    ends = [e for batch in log.batches() for e in batch.process_events if isinstance(e, ProcessEnd)]
    return {end.proc_id: end.stopped_ns for end in ends}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_text(LOG)
    return path


@pytest.mark.parametrize("size", [50, 100, 200, 1 << 20])
def test_from_each_stop_to_what_it_does_next(
    log: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PIECE_BYTES", size)
    assert stopped(read_logs([LogSource(log)], workers=0))[1] == 3_500_000_000


def test_a_process_without_a_stop_may_have_been_stopped_in_a_log_from_elsewhere(log: Path) -> None:
    assert stopped(read_logs([LogSource(log)], workers=0))[2] is None


def test_but_not_in_one_that_was_recorded_here(log: Path) -> None:
    assert stopped(read_logs([LogSource(log)], workers=0, skip_until_exec_of=10))[2] == 0


def test_times_of_day_in_whole_seconds_do_not_tell(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(LOG.replace(".000000", "").replace(".500000", ""))
    assert set(stopped(read_logs([LogSource(path)], workers=0)).values()) == {None}
