"""Watches for a script of a name that nothing else has."""

from __future__ import annotations

import secrets
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aklo_trace.meta import FILE
from aklo_trace.store import LIVE

from .recording import COMMAND, TIMEOUT_S, Recorder, Recording, await_that

SCRIPT = """#!/usr/bin/env bash
step() { stat -t "$0" > /dev/null; : < beside; }
step
exit "${1:-0}"
"""


@dataclass(frozen=True)
class Watch:
    """A watch under way. `name` is that of a script of its own, which it watches for."""

    front: subprocess.Popen[bytes]
    folder: Path
    name: str

    @property
    def script(self) -> Path:
        return self.folder / "bin" / self.name

    @property
    def said(self) -> str:
        return (self.folder / "watch.err").read_text()

    def traces(self) -> list[Path]:
        """Those that are finished."""
        found = (self.folder / "traces").glob(f"*/{FILE}")
        return sorted(path.parent for path in found if not (path.parent / LIVE).exists())

    def awaited(self, count: int) -> list[Recording]:
        for number in range(1, count + 1):
            await_that(lambda n=number: len(self.traces()) >= n, f"trace {number} of {count}")
        return [Recording(directory, "", "", 0) for directory in self.traces()]

    def stop(self) -> None:
        self.front.send_signal(signal.SIGINT)
        assert self.front.wait(TIMEOUT_S) == 0, self.said


@contextmanager
def watching(
    record: Recorder, *options: str, match: str = "{name}", prefix: Sequence[str] = ()
) -> Iterator[Watch]:
    name = f"akw-{secrets.token_hex(4)}"
    folder = record.folder
    for part in ("bin", "traces"):
        (folder / part).mkdir(exist_ok=True)
    (folder / "traces").chmod(0o1777)
    (folder / "beside").touch()
    script = folder / "bin" / name
    script.write_text(SCRIPT)
    script.chmod(0o755)
    words = ["watch", "--match", match.format(name=name), "--spool", str(folder / "spool")]
    with (folder / "watch.err").open("wb") as err:
        front = subprocess.Popen(
            [*prefix, *COMMAND, *words, "-o", str(folder / "traces"), *options],
            stderr=err,
            env=record.environ,
        )
    watch = Watch(front, folder, name)
    try:
        await_that(lambda: "watching for" in watch.said or front.poll() is not None, "the watch")
        yield watch
    finally:
        front.kill()
        front.wait()


def run(*command: str | Path, cwd: Path, **keywords: int) -> subprocess.Popen[bytes]:
    done = subprocess.Popen(command, cwd=cwd, **keywords)
    done.wait(TIMEOUT_S)
    return done
