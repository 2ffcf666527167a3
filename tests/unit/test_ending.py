"""When a recording of what runs already ends."""

from __future__ import annotations

import os
import subprocess

import pytest

from aklo_trace.ending import Signals, await_end

YEARS_S = 1e9


@pytest.mark.parametrize("duration_s", [None, 60.0, YEARS_S])
def test_it_ends_with_the_last_process_however_long_it_may_take(duration_s: float | None) -> None:
    before = Signals()
    process = subprocess.Popen(["sleep", "0.1"])
    recorder = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    fds = [os.pidfd_open(one.pid) for one in (process, recorder)]
    try:
        assert not await_end(fds[:1], fds[1], duration_s)
        assert recorder.poll() is None
    finally:
        before.unblock()
        recorder.communicate()
        process.wait()
        for fd in fds:
            os.close(fd)


def test_it_ends_when_the_time_is_over() -> None:
    before = Signals()
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    fd = os.pidfd_open(process.pid)
    try:
        assert not await_end([fd], fd, 0.01)
        assert process.poll() is None
    finally:
        before.unblock()
        process.communicate()
        os.close(fd)
