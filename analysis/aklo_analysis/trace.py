"""A trace for notebooks and scripts: its tables as pandas frames, and its report.

Columns are those of docs/schema.md. Times are int64 ns since the Unix epoch, durations and CPU
times ns, sizes bytes. An integer that may be unknown has a masked dtype (``Int64`` and the like)
and is ``<NA>`` then; names are categories or strings, a list is a tuple, or None.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from aklo_analysis.frames import frame
from aklo_analysis.program import program_names
from aklo_analysis.ranking import Ranking
from aklo_analysis.report import Report
from aklo_trace import location, store
from aklo_trace.identity import invoking
from aklo_trace.judgement import analysed, judged
from aklo_trace.meta import Meta
from aklo_trace.places import Asker

FILES: Final = {"file_id": "path", "file2_id": "path2"}
"""Columns of `syscalls`, and what their files are called in `Trace.named_syscalls`."""


class Trace:
    """The frames are read when they are asked for, and kept."""

    def __init__(self, source: store.Trace) -> None:
        self._source = source

    def __repr__(self) -> str:
        return f"<Trace {self.directory}>"

    @property
    def directory(self) -> Path:
        return self._source.directory

    @property
    def meta(self) -> Meta:
        """What was traced, when, by which engine, and whether the trace is complete."""
        return self._source.meta

    @property
    def source(self) -> store.Trace:
        """The same for what reads Arrow tables."""
        return self._source

    @cached_property
    def syscalls(self) -> pd.DataFrame:
        """A row per system call."""
        return self.frame("syscalls")

    @cached_property
    def processes(self) -> pd.DataFrame:
        """A row per process."""
        return self.frame("processes")

    @cached_property
    def images(self) -> pd.DataFrame:
        """A row per program that a process executed, with the name that people give it in
        `program`."""
        found = self.frame("images")
        return found.assign(program=program_names(found)[:-1])

    @cached_property
    def files(self) -> pd.DataFrame:
        """A row per file that a call named or worked on."""
        return self.frame("files")

    @cached_property
    def sites(self) -> pd.DataFrame:
        """A row per place in shell code, by each way that led there."""
        return self.frame("sites")

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row each time the timer found a thread running."""
        return self.frame("samples")

    @cached_property
    def calls(self) -> pd.DataFrame:
        """A row per call of a shell function, of recordings with --function-calls."""
        return self.frame("calls")

    @cached_property
    def offcpu(self) -> pd.DataFrame:
        """A row per time that a thread had no CPU."""
        return self.frame("offcpu")

    @cached_property
    def tracked(self) -> pd.DataFrame:
        """A row per operation that a script reported itself."""
        return self.frame("tracked")

    def frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table by its name, all columns or these; read anew each time. Raises KeyError for a
        name that is none, and CorruptTrace."""
        return frame(self._source, store.BY_NAME[name], columns)

    def named_syscalls(self) -> pd.DataFrame:
        """`syscalls` with names for what its numbers stand for: `program`; `path` and `path2`;
        `function`, `script` and `line` of the shell code that made the call."""
        found = self.syscalls
        files = self.files.set_index("file_id")["path"]
        sites = self.sites.set_index("site_id")[["function", "file", "line"]]
        sites = sites.rename(columns={"file": "script"})
        programs = self.images.set_index("image_id")["program"]
        found = found.join(programs, on="image_id").join(sites, on="site_id")
        for column, name in FILES.items():
            found = found.join(files.rename(name), on=column)
        return found


def open_trace(trace: str | os.PathLike[str]) -> Trace:
    """By its path, a name that 'aklo-trace list' shows, or ``latest``. Raises NotATrace,
    CorruptTrace, NewerTrace, or RecordingInProgress."""
    directory = location.find(os.fspath(trace), Asker.here(invoking()).stores())
    return Trace(store.open_trace(directory))


def analyse(trace: Trace, top: int = 10, by: Sequence[str] = ()) -> Report:
    """The report, with the user's configuration, as 'aklo-trace report' makes it: `top` rows in
    each ranking; `by` are keys of `aklo_trace.contents.KEYS`. Raises CorruptTrace."""
    asker = Asker.here(invoking())
    return judged(trace.source, analysed(trace.source, asker, top, by), asker)


def as_frame(rows: Ranking[Any, Any] | Iterable[Any]) -> pd.DataFrame:
    """A table of a report, such as `report.wall.lines` or `report.findings`: a column for each
    field, those of a row's parts with a dot, as `measure.wall_ns`."""
    found = rows.rows if isinstance(rows, Ranking) else rows
    return pd.json_normalize([asdict(row) for row in found])
