"""The workers that read a log, and who started them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

TIMEOUT_S = 30
READER = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from aklo_trace.strace.pool import _begin, _server
pool = ProcessPoolExecutor(1, _server(), initializer=_begin)
print(pool.submit(os.getpid).result(), flush=True)
sys.stdin.read()
"""


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def test_workers_end_with_a_reader_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reader:
        assert reader.stdout
        worker = int(reader.stdout.readline())
        assert not has_ended(worker)
        reader.kill()
        deadline = time.monotonic() + TIMEOUT_S
        while not has_ended(worker):
            assert time.monotonic() < deadline
            time.sleep(0.01)
