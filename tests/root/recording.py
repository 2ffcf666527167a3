"""A trace made by the command line, and what the tests ask it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from aklo_trace.engine import Feature
from aklo_trace.engines import engine_named
from aklo_trace.meta import Meta
from aklo_trace.store import Trace, open_trace

from .processes import holder_of, stopped

TIMEOUT_S = 60
TRACER_FAILED = 125
COMMAND = (sys.executable, "-m", "aklo_trace")
AS_ROOT = ("--user", "root") if os.geteuid() == 0 else ()
"""Has the target run as who runs the tests, also where that is root by sudo."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One row of `syscalls`, with the rows that it refers to."""

    row: Row
    file: Row
    file2: Row
    image: Row

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def path(self) -> str | None:
        path: str | None = self.file.get("path")
        return path

    @property
    def path2(self) -> str | None:
        path: str | None = self.file2.get("path")
        return path

    @property
    def identity(self) -> tuple[int | None, int | None]:
        return self.file.get("dev"), self.file.get("inode")

    @property
    def identity2(self) -> tuple[int | None, int | None]:
        return self.file2.get("dev"), self.file2.get("inode")


@dataclass(frozen=True)
class Recording:
    """What one run of aklo-trace left: its trace, its output and its status."""

    directory: Path
    stdout: str
    stderr: str
    status: int

    @cached_property
    def trace(self) -> Trace:
        return open_trace(self.directory)

    @property
    def meta(self) -> Meta:
        return self.trace.meta

    def rows(self, table: str) -> list[Row]:
        rows: list[Row] = self.trace.table(table).to_pylist()
        return rows

    @cached_property
    def processes(self) -> list[Row]:
        return self.rows("processes")

    @cached_property
    def images(self) -> list[Row]:
        return self.rows("images")

    @cached_property
    def files(self) -> list[Row]:
        return sorted(self.rows("files"), key=lambda row: row["file_id"])

    @cached_property
    def calls(self) -> list[Call]:
        """All calls, by the time of their start."""
        images: dict[int | None, Row] = {row["image_id"]: row for row in self.images}
        files: dict[int | None, Row] = {row["file_id"]: row for row in self.files}
        nothing: Row = {}
        rows = sorted(self.rows("syscalls"), key=lambda row: row["ts_ns"])
        return [
            Call(
                row,
                files.get(row["file_id"], nothing),
                files.get(row["file2_id"], nothing),
                images.get(row["image_id"], nothing),
            )
            for row in rows
        ]

    def calls_of(self, *names: str) -> list[Call]:
        return [call for call in self.calls if call.syscall in names]

    def call(self, name: str, path: str | Path) -> Call:
        """The only call of that name on that path."""
        (found,) = (call for call in self.calls_of(name) if call.path == str(path))
        return found

    def process(self, pid: int) -> Row:
        (found,) = (row for row in self.processes if row["pid"] == pid)
        return found

    def images_of(self, proc_id: int) -> list[Row]:
        found = [row for row in self.images if row["proc_id"] == proc_id]
        return sorted(found, key=lambda row: row["ts_ns"])

    @cached_property
    def said(self) -> dict[str, list[int]]:
        """What a workload printed: lines of a word and numbers, as lists by word."""
        words: dict[str, list[int]] = {}
        for line in self.stdout.splitlines():
            word, *numbers = line.split()
            words.setdefault(word, []).extend(map(int, numbers))
        return words


@dataclass(frozen=True)
class Recorder:
    """Runs the command line in a folder of the test's own; traces go there too, or to `place`."""

    engine: str
    folder: Path
    environ: Mapping[str, str]
    place: Path | None = None
    made: dict[str, Recording] = field(default_factory=dict)
    command = COMMAND

    def start(
        self,
        *command: str | bytes | Path,
        options: Sequence[str | Path] = (),
        name: str = "trace",
        prefix: Sequence[str] = (),
        **keywords: Any,
    ) -> subprocess.Popen[bytes]:
        """Begin a recording into the folder's subfolder `name`. Its output goes to files:
        a process that outlives the target would keep pipes open."""
        with (
            (self.folder / f"{name}.out").open("wb") as out,
            (self.folder / f"{name}.err").open("wb") as err,
        ):
            own = [
                "--engine",
                self.engine,
                "--format",
                "none",
                "-o",
                self._directory(name),
                *options,
            ]
            keywords = {"stdin": subprocess.DEVNULL, "env": self.environ, **keywords}
            arguments = [*prefix, *COMMAND, *own, "--", *command]
            return subprocess.Popen(arguments, stdout=out, stderr=err, **keywords)

    def ended(
        self, process: subprocess.Popen[bytes], name: str = "trace", fails: bool = False
    ) -> Recording:
        """Wait for a recording that was begun, and not failed before the target started."""
        status = process.wait(TIMEOUT_S)
        recording = self.opened(name, status)
        assert fails or status != TRACER_FAILED, recording.stderr
        return recording

    def opened(self, name: str, status: int = 0) -> Recording:
        """A recording that has ended."""
        out, err = (
            path.read_text("utf-8", "surrogateescape") if path.exists() else ""
            for path in (self.folder / f"{name}.out", self.folder / f"{name}.err")
        )
        return Recording(self._directory(name), out, err, status)

    def _directory(self, name: str) -> Path:
        return (self.place or self.folder) / name

    def __call__(
        self,
        *command: str | bytes | Path,
        name: str = "trace",
        fails: bool = False,
        **keywords: Any,
    ) -> Recording:
        return self.ended(self.start(*command, name=name, **keywords), name, fails)

    def once(self, *command: str | Path, **keywords: Any) -> Recording:
        """The recording of a command, made when it is asked for the first time."""
        name = "-".join(Path(word).name for word in command)
        if name not in self.made:
            self.made[name] = self(*command, name=name, **keywords)
        return self.made[name]

    def lacks(self, feature: Feature) -> bool:
        """Whether the engine says so."""
        return feature in engine_named(self.engine).lacks

    def needs(self, feature: Feature) -> None:
        """Skips where the engine says that it lacks that."""
        if self.lacks(feature):
            pytest.skip(f"{self.engine} lacks {feature}")

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Another verb of the command line, as ``run("info", directory)``."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )


def await_that(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds. Raises AssertionError after a minute."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.002)


@contextmanager
def gone_on_unrecorded(file: Path, go: Path) -> Iterator[None]:
    """A target that waits for a line of the fifo `go` goes on, while the recorder that writes
    `file` is stopped."""
    await_that(lambda: holder_of(file), "the recorder")
    recorder = holder_of(file)
    assert recorder
    with go.open("w") as waits, stopped(recorder):
        print("go", file=waits, flush=True)
        yield


def environment(home: Path) -> dict[str, str]:
    """Ours, but for what says where traces are kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return kept | {"HOME": str(home)}
