"""The pipelines of a trace: processes side by side, each of which reads what another writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.nullable import objects
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

WAITED_NS: Final = 1_000_000
"""Pipes for which less was waited, in all, are not looked at."""


@dataclass(frozen=True)
class Joint:
    """A pipe, a row of `frames.files`, from one stage of a pipeline to the next. Stages are given
    by their first life; what a stage starts belongs to it."""

    pipe: int
    source: int
    sink: int


@dataclass(frozen=True)
class Pipelines:
    """All pipelines of a trace, by their joints."""

    joints: tuple[Joint, ...]

    @property
    def stages(self) -> list[int]:
        """Those that read from another."""
        return [*dict.fromkeys(joint.sink for joint in self.joints)]

    def into(self, stage: int) -> list[Joint]:
        return [joint for joint in self.joints if joint.sink == stage]

    def out_of(self, stage: int) -> list[Joint]:
        return [joint for joint in self.joints if joint.source == stage]

    def before(self, stage: int) -> set[int]:
        """All stages from which something reaches it."""
        return _reached(stage, lambda one: {joint.source for joint in self.into(one)})

    def behind(self, stage: int) -> set[int]:
        """All stages that something reaches from it."""
        return _reached(stage, lambda one: {joint.sink for joint in self.out_of(one)})


def _reached(start: int, following: Callable[[int], set[int]]) -> set[int]:
    found, new = {start}, {start}
    while new:
        new = set().union(*(following(one) for one in new)) - found
        found |= new
    return found - {start}


def pipelines(case: Case) -> Pipelines:
    """Those with pipes for which was waited. A shell that reads what its own child writes is no
    stage."""
    files, rows = case.frames.files, _waited_for(case)
    writers, readers = (
        _processes(case, files[column].iloc[rows]) for column in ("writers", "readers")
    )
    parent = positions(
        case.frames.processes, "proc_id", case.frames.processes["parent_proc_id"]
    ).tolist()
    first = _first_lives(case)
    found: dict[Joint, None] = {}
    for pipe, sources, sinks in zip(rows.tolist(), writers, readers, strict=True):
        for source, sink in ((w, r) for w in sources for r in sinks):
            stages = _siblings(source, sink, parent)
            if stages is not None:
                found[Joint(pipe, first[stages[0]], first[stages[1]])] = None
    return Pipelines(tuple(found))


def _waited_for(case: Case) -> Int64:
    file = case.calls["file"].to_numpy(np.int64)
    pipe = (case.frames.files["kind"] == "pipe").to_numpy(dtype=bool)
    on_pipe = np.append(pipe, [False, False])[file]
    sums = np.zeros(len(pipe), np.int64)
    np.add.at(sums, file[on_pipe], case.calls["wait_ns"].to_numpy()[on_pipe])
    return np.flatnonzero(sums >= WAITED_NS)


def _processes(case: Case, ends: pd.Series[Any]) -> list[list[int]]:
    """The rows of `frames.processes` for each tuple of `proc_id`."""
    row = pd.Index(case.frames.processes["proc_id"])
    found = [row.get_indexer(pd.Index(ids or (), dtype="int64")).tolist() for ids in objects(ends)]
    return [[process for process in some if process != UNKNOWN] for some in found]


def _first_lives(case: Case) -> dict[int, int]:
    process = case.lives.table["process"]
    first = process[~process.duplicated()]
    return dict(zip(first.tolist(), first.index.tolist(), strict=True))


def _siblings(source: int, sink: int, parent: list[int]) -> tuple[int, int] | None:
    """The processes with one parent of which these are, or descend from; None if one descends from
    the other, or they have nobody in common."""
    line = [*_upwards(source, parent)]
    below = UNKNOWN
    for process in _upwards(sink, parent):
        if process in line:
            place = line.index(process)
            return (line[place - 1], below) if place and below != UNKNOWN else None
        below = process
    return None


def _upwards(process: int, parent: list[int]) -> Iterator[int]:
    while process != UNKNOWN:
        yield process
        process = parent[process]
