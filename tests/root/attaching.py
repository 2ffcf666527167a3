"""Targets that run by themselves, and the recordings that are attached to them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .recording import COMMAND, TIMEOUT_S, Recorder, Recording, await_that


@contextmanager
def running(
    *command: str | Path, stdin: int = subprocess.DEVNULL, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, which is ended with its children if the test does not end it."""
    process = subprocess.Popen(
        command, stdin=stdin, cwd=cwd, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


@contextmanager
def attached(
    record: Recorder,
    *pids: int,
    name: str = "attached",
    options: Sequence[str] = (),
    prefix: Sequence[str] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A recording that has begun. It is ended by Ctrl-C if the test does not end it."""
    words = ["attach", "-p", ",".join(map(str, pids)), "-o", str(record.folder / name)]
    said = record.folder / f"{name}.err"
    with said.open("wb") as err:
        command = [*prefix, *COMMAND, *words, "--format", "none", *options]
        front = subprocess.Popen(command, stderr=err, env=record.environ)
    try:
        await_that(
            lambda: "Attached to" in said.read_text() or front.poll() is not None, "attaching"
        )
        yield front
    finally:
        front.terminate()
        front.wait(TIMEOUT_S)


def attachment(record: Recorder, *pids: int, name: str = "attached", **keywords: str) -> Recording:
    """A recording of processes until they have ended, or as the options say."""
    options = [word for key, value in keywords.items() for word in (f"--{key}", value)]
    with attached(record, *pids, name=name, options=options) as front:
        front.wait(TIMEOUT_S)
    return record.opened(name, front.returncode)
