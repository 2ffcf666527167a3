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
POOL_ALONE = """\
from aklo_trace.strace.pool import read_in_pool

if __name__ == "__main__":
    print(list(read_in_pool(iter(()), 1)))
"""
HOSTILE = "open('ran', 'w').close()\n"


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


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    place, script = tmp_path / "hostile", tmp_path / "own" / "script.py"
    for folder in (place, script.parent):
        folder.mkdir()
    script.write_text(POOL_ALONE)
    for name in ("multiprocessing", "aklo_trace", "numpy"):
        (place / f"{name}.py").write_text(HOSTILE)
    command = [sys.executable, str(script)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert not (place / "ran").exists()
