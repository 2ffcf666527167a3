"""The pytest plugin: a test states what a command may cost, in counts that repeat exactly.

    def test_status_is_cheap(aklo_trace):
        run = aklo_trace.run(["aklo", "status"], max_processes=3, max_calls_of={"openat": 40})
        assert run.exit_status == 0

Every run of pytest loads this module, so it imports what it needs when a test asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from aklo_trace.store import Trace

OPTION: Final = "--aklo-trace-engine"
MOST_PROGRAMS: Final = 8
"""How many programs are named where there are too many processes."""


@dataclass(frozen=True)
class Run:
    """A command that was traced. `exit_status` is its own, 128 + n after signal n."""

    exit_status: int
    stdout: str
    stderr: str
    trace: Trace

    @property
    def processes(self) -> int:
        return self._rows("processes")

    @property
    def programs(self) -> int:
        """Programs that were started, its own among them."""
        return self._rows("images")

    @property
    def calls(self) -> int:
        """System calls."""
        return self._rows("syscalls")

    @cached_property
    def calls_of(self) -> Counter[str]:
        """System calls, by their names."""
        found: Counter[str] = Counter()
        for piece in self.trace.pieces("syscalls", ["syscall"]):
            for one in piece.column("syscall").value_counts().to_pylist():
                found[one["values"]] += one["counts"]
        return found

    @cached_property
    def programs_of(self) -> Counter[str]:
        """Programs that were started, by the base names of their files."""
        files = self.trace.table("images", ["exe"]).column("exe").to_pylist()
        return Counter(Path(file or "unknown").name for file in files)

    def _rows(self, table: str) -> int:
        return self.trace.meta.tables[table]


class AkloTrace:
    """What the fixture `aklo_trace` gives."""

    def __init__(self, folders: pytest.TempPathFactory, engine: str) -> None:
        self._folders, self._engine = folders, engine

    def run(
        self,
        command: Sequence[str | PathLike[str]],
        *,
        max_processes: int | None = None,
        max_programs: int | None = None,
        max_calls: int | None = None,
        max_calls_of: Mapping[str, int] | None = None,
    ) -> Run:
        """Run a command to its end, in this directory and environment, and fail the test if there
        were more processes, programs started or system calls than given; `max_calls_of` is by
        system call. A trace that is not complete fails it too: its counts are too low.
        Raises subclasses of `aklo_trace.errors.AkloTraceError` if it cannot be traced."""
        __tracebackhide__ = True
        most = {"processes": max_processes, "programs": max_programs, "calls": max_calls}
        run = self._traced([fspath(word) for word in command])
        limited = any(limit is not None for limit in most.values()) or max_calls_of
        if limited and not run.trace.meta.complete:
            pytest.fail(f"The trace is not complete: {run.trace.meta.incomplete_reason}")
        beyond = [*_beyond(run, most), *_calls_beyond(run, max_calls_of or {})]
        if beyond:
            pytest.fail(f"{' '.join(map(str, command))}: {'; '.join(beyond)}")
        return run

    def _traced(self, command: list[str]) -> Run:
        from aklo_trace.api import start_io_monitoring

        folder = self._folders.mktemp("aklo-trace")
        out, err = folder / "stdout", folder / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            session = start_io_monitoring(
                command=command,
                output=folder / "trace",
                engine=self._engine,
                stdout=stdout,
                stderr=stderr,
            )
            session.wait()
        status = session.exit_status
        assert status is not None
        return Run(status, _text(out), _text(err), session.trace)


def _beyond(run: Run, most: Mapping[str, int | None]) -> Iterator[str]:
    for name, limit in most.items():
        count: int = getattr(run, name)
        if limit is not None and count > limit:
            yield f"{count} {name}, and {limit} are allowed ({_programs(run)})"


def _calls_beyond(run: Run, most: Mapping[str, int]) -> Iterator[str]:
    for name, limit in most.items():
        if run.calls_of[name] > limit:
            yield f"{run.calls_of[name]} calls of {name}, and {limit} are allowed"


def _programs(run: Run) -> str:
    found = run.programs_of.most_common(MOST_PROGRAMS)
    started = ", ".join(f"{count} {name}" for name, count in found)
    return f"started: {started}{', …' if len(run.programs_of) > MOST_PROGRAMS else ''}"


def _text(file: Path) -> str:
    return file.read_text("utf-8", "backslashreplace")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("aklo-trace").addoption(
        OPTION,
        default="auto",
        choices=("auto", "ebpf", "bcc", "strace"),
        help="what commands are traced with (default: auto, the best that can run)",
    )


@pytest.fixture
def aklo_trace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AkloTrace:
    """Runs commands and limits what they may cost."""
    return AkloTrace(tmp_path_factory, request.config.getoption(OPTION))
