"""The trace as a tree of stacks: programs, the functions of shell code in them, the programs that
these start, and so on. It is what a flame graph draws.

A subshell is the code of the shell that it is a copy of. A program that replaces its own image, as
`env` does, stands beside the one that it runs; one that a shell executes stands below the functions
that led there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.between import whole
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART
from aklo_analysis.measure import own_ns, summed
from aklo_analysis.nullable import known_values
from aklo_analysis.program import base_name
from aklo_analysis.rules.case import Case
from aklo_trace.meta import MEASURED

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WALL, CPU, CALLS, PROCESSES = "wall", "cpu", "calls", "processes"
WEIGHTS: Final = {
    WALL: "wall time on the critical path, in ns",
    CPU: "CPU time of all processes, in ns",
    CALLS: "system calls",
    PROCESSES: "processes, by the last program that each ran",
}
"""What stacks can be weighed by."""

PROGRAM, FUNCTION = "program", "function"
SOURCE: Final = "source"
"""What bash calls the code of a file that is sourced, in a stack."""
NOBODY: Final = "(unknown)"
DEEPEST: Final = 250
"""Frames of a stack; what is deeper counts as its caller."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`kind` is `PROGRAM` or `FUNCTION`; `file` the script that a function stands in, or the one
    that is sourced, None for code of a string and for programs."""

    name: str
    kind: str
    file: str | None = None


def label(frame: Frame) -> str:
    """What people call it: `sed`, `title_of`, `source lib.sh`."""
    if frame.name == SOURCE and frame.file is not None:
        return f"{SOURCE} {base_name(frame.file)}"
    return frame.name


@dataclass(frozen=True)
class Flame:
    """Node n is `frames[frame[n]]`, called by the node `parent[n]`, which has a smaller number, or
    by nobody: `UNKNOWN`. `own`: by the keys of `WEIGHTS` what each node has without those that it
    calls; a key that the trace knows nothing of is missing. `node` and `ns`: the wall time in its
    order, which node it is of and how long."""

    frames: tuple[Frame, ...]
    frame: Int64
    parent: Int64
    own: Mapping[str, Int64]
    node: Int64
    ns: Int64

    @cached_property
    def stacks(self) -> list[tuple[int, ...]]:
        """Of each node the places in `frames` from the outermost to its own."""
        found: list[tuple[int, ...]] = []
        for frame, parent in zip(self.frame.tolist(), self.parent.tolist(), strict=True):
            found.append((*(() if parent == UNKNOWN else found[parent]), frame))
        return found

    def total(self, weight: str) -> Int64:
        """What each node has with all that it calls."""
        return totals(self.parent, self.own[weight])


def totals(parent: Int64, own: Int64) -> Int64:
    """What each node has with all that it calls; parents have the smaller numbers."""
    sums = own.copy()
    for node in range(len(sums) - 1, -1, -1):
        if parent[node] != UNKNOWN:
            sums[parent[node]] += sums[node]
    return sums


def flame(case: Case, charged: pd.DataFrame) -> Flame:
    """`charged` as `charges.charges` gives it."""
    tree = _Tree()
    lives = _Lives(case, tree)
    segments = case.wall.segments
    made = lives.nodes(case.lives.of_calls, case.causes.of_calls)
    path = lives.nodes(segments["life"].to_numpy(np.int64), segments["cause"].to_numpy(np.int64))
    places = _places(case, lives, made)
    count = len(tree.frame)
    cpu = _cpu(case, charged, lives, places, count)
    last = _last(case.lives.table)
    own = {
        CALLS: np.bincount(made, minlength=count),
        PROCESSES: np.bincount(lives.entered[last], minlength=count),
    }
    if case.meta.timing == MEASURED:
        own[WALL] = summed(path, case.segments_ns, count)
    if cpu is not None:
        own[CPU] = cpu
    return Flame(
        tuple(tree.frames),
        np.array(tree.frame, np.int64),
        np.array(tree.parent, np.int64),
        own,
        *_runs(path, case.segments_ns),
    )


def _last(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which lives are the last ones of their processes."""
    process = table["process"].mask(table["stray"], UNKNOWN)
    found: npt.NDArray[np.bool_] = ~process.duplicated(keep="last").to_numpy()
    return found & (process != UNKNOWN).to_numpy()


class _Tree:
    """Numbers nodes."""

    def __init__(self) -> None:
        self.frames: dict[Frame, int] = {}
        self.frame: list[int] = []
        self.parent: list[int] = []
        self._depth: list[int] = []
        self._nodes: dict[tuple[int, int], int] = {}

    def node(self, parent: int, frame: Frame) -> int:
        """The node of a frame that `parent` calls; `parent` itself if that is too deep."""
        depth = 1 if parent == UNKNOWN else self._depth[parent] + 1
        if depth > DEEPEST:
            return parent
        key = parent, self.frames.setdefault(frame, len(self.frames))
        found = self._nodes.setdefault(key, len(self._nodes))
        if found == len(self.frame):
            self.parent.append(parent)
            self.frame.append(key[1])
            self._depth.append(depth)
        return found


class _Lives:
    """Where lives stand in the tree. `entered`: the node of each life outside of its own shell
    code; for a copy of a shell that is the code that forked it."""

    def __init__(self, case: Case, tree: _Tree) -> None:
        self._case, self._tree = case, tree
        table = case.lives.table
        self._executed: list[bool] = table["executed"].tolist()
        self._origins: list[int] = table["origin"].tolist()
        self._processes: list[int] = table["process"].tolist()
        self._images: list[int] = table["image"].tolist()
        self._causes: list[int] = case.causes.of_lives.tolist()
        self._base: list[int] = [UNKNOWN] * len(table)
        entered: list[int] = [UNKNOWN] * len(table)
        for life in np.argsort(table["birth"].to_numpy(), kind="stable").tolist():
            self._place(life, entered)
        self.entered = np.array(entered, np.int64)

    def nodes(self, life: Int64, cause: Int64) -> Int64:
        """The node for each pair of a life, or `UNKNOWN`, and a cause."""
        count = self._case.causes.count
        codes, pairs = pd.factorize((life - UNKNOWN) * count + cause)
        found = [self._node(pair // count + UNKNOWN, pair % count) for pair in pairs.tolist()]
        return np.array(found, np.int64)[codes]

    def _place(self, life: int, entered: list[int]) -> None:
        origin = self._origins[life]
        cause = self._causes[life]
        if origin == UNKNOWN:
            at = UNKNOWN
        elif cause < len(APART) or cause == self._causes[origin]:
            at = self._beside(life, origin, entered)
        else:
            at = self._below(self._base[origin], cause)
        if self._executed[life] or origin == UNKNOWN:
            self._base[life] = entered[life] = self._tree.node(at, self._program(life))
        else:
            self._base[life], entered[life] = self._base[origin], at

    def _beside(self, life: int, origin: int, entered: list[int]) -> int:
        """Where a life begins that no code of its origin has started."""
        replaced = self._executed[life] and self._executed[origin]
        if replaced and self._processes[life] == self._processes[origin]:
            return self._tree.parent[entered[origin]]
        return entered[origin]

    def _node(self, life: int, cause: int) -> int:
        if life == UNKNOWN:
            return self._tree.node(UNKNOWN, Frame(NOBODY, PROGRAM))
        if not self._case.causes.shells[life]:
            return int(self.entered[life])
        if self._executed[life] and cause == self._causes[life]:
            return self._base[life]
        return self._below(self._base[life], cause)

    def _below(self, node: int, cause: int) -> int:
        """The node of a cause in shell code that the program `node` runs."""
        if cause < len(APART):
            return node
        chain = self._case.stacks.chains[cause - len(APART)]
        for function in reversed(chain):
            name, file = self._case.stacks.functions[function]
            if name is not None:  # the script itself is the program
                node = self._tree.node(node, Frame(name, FUNCTION, file))
        return node

    def _program(self, life: int) -> Frame:
        return Frame(self._case.names[self._images[life]] or NOBODY, PROGRAM)


class _Places(NamedTuple):
    """Pairs of a cause and a node where it was seen, as often as that was."""

    cause: Int64
    node: Int64


def _places(case: Case, lives: _Lives, made: Int64) -> _Places:
    """Of shells: their calls, their samples, and the beginning of each."""
    causes, shells = case.causes, case.causes.shells
    calls = np.flatnonzero(shells[case.lives.of_calls])
    samples = (causes.of_samples != UNKNOWN) & (causes.lives_of_samples != UNKNOWN)
    cause, life = causes.of_samples[samples], causes.lives_of_samples[samples]
    return _Places(
        np.concatenate([causes.of_calls[calls], cause, causes.of_lives[shells]]),
        np.concatenate([made[calls], lives.nodes(life, cause), lives.entered[shells]]),
    )


def _cpu(
    case: Case, charged: pd.DataFrame, lives: _Lives, found: _Places, count: int
) -> Int64 | None:
    """The CPU time of each node, None if that of no process is known. That of a process is divided
    among its lives, and that of all shells among causes, in proportion to what they worked."""
    processes = case.frames.processes
    if not (processes["utime_ns"].notna() & processes["stime_ns"].notna()).any():
        return None
    of_processes = known_values(processes["utime_ns"]) + known_values(processes["stime_ns"])
    of_lives = _of_lives(case.lives.table, np.append(of_processes, 0))
    shells = case.causes.shells
    of_causes = _worked_by_shells(case, charged).astype(np.float64)
    of_causes *= of_lives[shells].sum() / max(of_causes.sum(), 1.0)
    share = of_causes / np.maximum(np.bincount(found.cause, minlength=len(of_causes)), 1)
    node = np.concatenate([lives.entered[~shells], found.node])
    of_nodes = np.concatenate([of_lives[~shells], share[found.cause]])
    parts = np.bincount(node, of_nodes, count).astype(np.float64)
    return whole(parts, int(of_processes.sum()))


def _of_lives(table: pd.DataFrame, of_processes: Int64) -> Floats:
    """Times of processes divided among their lives; those of an unknown process come last."""
    process = table["process"].to_numpy(np.int64)
    weight = own_ns(table).to_numpy(np.float64) + 1.0
    sums = np.bincount(process - UNKNOWN, weight, len(of_processes))
    found: Floats = of_processes[process] * weight / sums[process - UNKNOWN]
    return found


def _worked_by_shells(case: Case, charged: pd.DataFrame) -> Int64:
    """What shells worked, by cause: in calls, and as far as it is known between them."""
    of_lives, shells = case.causes.of_lives, case.causes.shells
    outside_ns = case.lives.table["outside_ns"].to_numpy()
    of_others = summed(of_lives[~shells], outside_ns[~shells], case.causes.count)
    rows = np.flatnonzero(shells[case.lives.of_calls])
    work_ns = case.calls["work_ns"].to_numpy()[rows]
    in_calls = summed(case.causes.of_calls[rows], work_ns, case.causes.count)
    found: Int64 = charged["outside_ns"].to_numpy() - of_others + in_calls
    return found


def _runs(node: Int64, ns: Int64) -> tuple[Int64, Int64]:
    """Each stretch of one node in a row as one, and how long it is."""
    begins = np.flatnonzero(np.append(True, node[1:] != node[:-1])[: len(node)])
    return node[begins], np.add.reduceat(ns, begins) if len(begins) else ns
