"""The workers that read a log, and who started them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from aklo_trace.errors import TraceError
from aklo_trace.store import IMPORT, LIVE
from aklo_trace.strace.log import WORTH_A_POOL_BYTES
from aklo_trace.strace.pool import read_in_pool

TIMEOUT_S = 30
READER = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from aklo_trace.strace.pool import begin, server
with server() as (context, folder):
    pool = ProcessPoolExecutor(1, context, initializer=begin, initargs=(folder,))
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


def test_workers_end_with_a_reader_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as reader:
        assert reader.stdout
        worker = int(reader.stdout.readline())
        assert not has_ended(worker)
        reader.kill()
        deadline = time.monotonic() + TIMEOUT_S
        while not has_ended(worker):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert [*tmp_path.iterdir()] == []


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


LINE = b"7 1700000000.000001 getpid() = 7 <0.000001>\n"
DELAYS_S = (0.2, 0.35, 0.5, 0.7, 1.0, 1.3)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that is worth a pool."""
    path = tmp_path / "log"
    path.write_bytes(LINE * (WORTH_A_POOL_BYTES * 4 // len(LINE)))
    return path


def importing(log: Path, temporary: str = "tmp") -> subprocess.Popen[str]:
    """An import, in a process group and a temporary directory of its own."""
    (log.parent / temporary).mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "aklo_trace",
        "import",
        "-o",
        str(log.parent / "trace"),
        str(log),
    ]
    return subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(log.parent / temporary)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("temporary", ["tmp", "long" * 30])
def test_nothing_is_left_of_an_import(log: Path, temporary: str) -> None:
    os.truncate(log, WORTH_A_POOL_BYTES)
    with importing(log, temporary) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert [*(log.parent / temporary).iterdir()] == []


@pytest.mark.parametrize("delay_s", DELAYS_S)
def test_nothing_is_said_or_left_by_an_import_that_is_interrupted(
    log: Path, delay_s: float
) -> None:
    with importing(log) as process:
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    if process.returncode != 0:
        assert process.returncode in (130, -signal.SIGINT)
        assert said == "" or process.returncode == -signal.SIGINT  # while Python itself starts
        assert not (log.parent / "trace").exists()
    assert [*(log.parent / "tmp").iterdir()] == []


def test_a_pool_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(forkserver, "ensure_running", refuse)
    with pytest.raises(TraceError, match="started: Resource temporarily unavailable; raise"):
        list(read_in_pool(iter(()), 1))


def test_an_import_that_was_killed_is_said_to_be_one(log: Path) -> None:
    with importing(log) as process:
        deadline = time.monotonic() + TIMEOUT_S
        while not (log.parent / "trace" / LIVE / IMPORT).exists():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.kill()
        process.wait()
    for verb in ("info", "report", "recover"):
        command = [sys.executable, "-m", "aklo_trace", verb, str(log.parent / "trace")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert "was interrupted. It has nothing that could be read or recovered" in done.stderr
    again = [
        sys.executable,
        "-m",
        "aklo_trace",
        "import",
        "--force",
        "-o",
        str(log.parent / "trace"),
    ]
    log.write_bytes(LINE)
    assert subprocess.run([*again, str(log)], timeout=60).returncode == 0


def test_a_log_with_other_line_ends_is_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(LINE.replace(b"\n", b"\r\n"))
    command = [sys.executable, "-m", "aklo_trace", "import", "-o", str(tmp_path / "trace")]
    done = subprocess.run(
        [*command, str(tmp_path / "log")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"as line 1 of {tmp_path}/log: '7 1700000000.000001 getpid() = 7" in done.stderr
    assert "its lines end in CR LF" in done.stderr
