"""The pipelines of a trace: processes side by side, each of which reads what another writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]

ENDS: Final = ("file", "writer", "reader")
WAITED_NS: Final = 1_000_000
"""Pipes for which less was waited, in all, are not looked at."""


@dataclass(frozen=True)
class Joint:
    """A pipe, a row of `frames.files`, from one stage of a pipeline to the next. Stages are given
    by their first life; what a stage starts belongs to it."""

    pipe: int
    source: int
    sink: int


class Pipelines:
    """All pipelines of a trace, by their joints, and the calls on their pipes."""

    def __init__(self, case: Case, joints: Iterable[Joint]) -> None:
        self._case = case
        self._into: dict[int, list[Joint]] = {}
        self._out_of: dict[int, list[Joint]] = {}
        for joint in joints:
            self._into.setdefault(joint.sink, []).append(joint)
            self._out_of.setdefault(joint.source, []).append(joint)
        self._calls = self._by_pipe([joint.pipe for joint in joints])

    @property
    def stages(self) -> list[int]:
        """Those that read from another."""
        return [*self._into]

    def into(self, stage: int) -> list[Joint]:
        return self._into.get(stage, [])

    def out_of(self, stage: int) -> list[Joint]:
        return self._out_of.get(stage, [])

    def before(self, stage: int) -> set[int]:
        """All stages from which something reaches it."""
        return _reached(stage, lambda one: {joint.source for joint in self.into(one)})

    def behind(self, stage: int) -> set[int]:
        """All stages that something reaches from it."""
        return _reached(stage, lambda one: {joint.sink for joint in self.out_of(one)})

    def calls(self, stage: int, joints: list[Joint], activity: str) -> Int64:
        """The calls of a stage, and of what it starts, on these pipes: rows of
        `frames.syscalls`."""
        case = self._case
        found = [self._calls[joint.pipe] for joint in joints]
        rows = np.concatenate([*found, np.empty(0, np.int64)])
        life = case.lives.of_calls[rows]
        mine = case.family.comes_from(life, np.full(len(life), stage))
        chosen: Int64 = rows[mine & (case.calls["activity"].iloc[rows] == activity).to_numpy()]
        return chosen

    def _by_pipe(self, pipes: list[int]) -> dict[int, Int64]:
        """The calls on each of these pipes."""
        file = self._case.calls["file"].to_numpy()
        wanted = np.zeros(len(self._case.frames.files) + 2, dtype=bool)
        wanted[pipes] = True
        rows = np.flatnonzero(wanted[file])
        rows = rows[np.argsort(file[rows], kind="stable")]
        pipe, begins = np.unique(file[rows], return_index=True)
        parts = np.split(rows, begins[1:])
        return dict(zip(pipe.tolist(), parts, strict=True)) if len(rows) else {}


def _reached(start: int, following: Callable[[int], set[int]]) -> set[int]:
    found, new = {start}, {start}
    while new:
        new = set().union(*(following(one) for one in new)) - found
        found |= new
    return found - {start}


def pipelines(case: Case) -> Pipelines:
    """Those with pipes for which was waited. A shell that reads what its own child writes is no
    stage."""
    pipes = case.pipes[case.pipes["file"].isin(_waited_for(case))]
    first = np.append(case.places.first, UNKNOWN)
    parent = first[case.lives.table["origin"].to_numpy(np.int64)].tolist()
    found: dict[Joint, None] = {}
    for pipe, writer, reader in zip(*(pipes[name].tolist() for name in ENDS), strict=True):
        stages = _siblings(writer, reader, parent)
        if stages is not None:
            found[Joint(pipe, *stages)] = None
    return Pipelines(case, found)


def _waited_for(case: Case) -> Int64:
    file = case.calls["file"].to_numpy(np.int64)
    pipe = (case.frames.files["kind"] == "pipe").to_numpy(dtype=bool)
    on_pipe = np.append(pipe, [False, False])[file]
    sums = np.zeros(len(pipe), np.int64)
    np.add.at(sums, file[on_pipe], case.calls["wait_ns"].to_numpy()[on_pipe])
    return np.flatnonzero(sums >= WAITED_NS)


def _siblings(source: int, sink: int, parent: list[int]) -> tuple[int, int] | None:
    """The lives with one parent that these are, or come from; None if one comes from the
    other, or they have nobody in common. All are the first ones of their processes."""
    line = [*_upwards(source, parent)]
    below = UNKNOWN
    for life in _upwards(sink, parent):
        if life in line:
            place = line.index(life)
            return (line[place - 1], below) if place and below != UNKNOWN else None
        below = life
    return None


def _upwards(life: int, parent: list[int]) -> Iterator[int]:
    while life != UNKNOWN:
        yield life
        life = parent[life]
