"""The workers that read a log, and who started them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from aklo_trace import meta
from aklo_trace.errors import TraceError
from aklo_trace.strace import pool
from aklo_trace.strace.log import WORTH_A_POOL_BYTES
from aklo_trace.strace.pool import read_in_pool
from aklo_trace.strace.slices import Task

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


def await_that(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


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
        await_that(lambda: has_ended(worker))
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
MAGIC_BYTES = 4
"""What a Parquet file begins with."""
STATES: dict[str, Callable[[Path], bool]] = {
    "begun": lambda folder: (folder / "trace" / meta.FILE).exists(),
    "with a folder": lambda folder: any((folder / "tmp").glob("aklo-trace-*")),
    "with a server": lambda folder: any((folder / "tmp").glob("*/listener-*")),
    "with rows": lambda folder: any(
        path.stat().st_size > MAGIC_BYTES for path in folder.glob("trace/syscalls/*.parquet")
    ),
}
"""What is there of an import, in the order in which it comes."""


@pytest.fixture
def log() -> Iterator[Path]:
    """A log that is worth a pool, in a folder that can have sockets below it."""
    with TemporaryDirectory(dir=pool.SHORT_PLACE) as folder:
        path = Path(folder) / "log"
        path.write_bytes(LINE * (WORTH_A_POOL_BYTES * 4 // len(LINE)))
        yield path


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


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_said_or_left_by_an_import_that_is_interrupted(log: Path, state: str) -> None:
    with importing(log) as process:
        await_that(partial(STATES[state], log.parent))
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (-signal.SIGINT, "")
    assert not (log.parent / "trace").exists()
    assert [*(log.parent / "tmp").iterdir()] == []


def test_a_folder_with_a_long_name_of_few_letters_is_no_place_for_a_socket(log: Path) -> None:
    os.truncate(log, WORTH_A_POOL_BYTES)
    with (
        TemporaryDirectory(prefix="ž" * 40, dir=pool.SHORT_PLACE) as place,
        importing(log, place) as process,
    ):
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def killed_between(before: set[threading.Thread]) -> Iterator[Task]:
    """Two tasks: the first ends its worker, and the pool knows when the second one comes. Until
    then it has threads."""
    yield cast("Task", 1)
    await_that(lambda: set(threading.enumerate()) <= before)
    yield cast("Task", 1)


def test_a_worker_that_is_killed_between_two_pieces_is_called_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "read_piece", os._exit)
    with pytest.raises(TraceError, match="was reading the strace log was killed"):
        list(read_in_pool(killed_between(set(threading.enumerate())), 1))


def test_a_pool_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(forkserver, "ensure_running", refuse)
    with pytest.raises(TraceError, match="started: Resource temporarily unavailable; raise"):
        list(read_in_pool(iter(()), 1))


def test_an_import_that_was_killed_is_said_to_be_one(log: Path) -> None:
    with importing(log) as process:
        await_that(lambda: STATES["begun"](log.parent))
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
