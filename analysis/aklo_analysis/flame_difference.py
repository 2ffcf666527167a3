"""Two flame graphs as one: what the same way took before, and what it takes after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import Flame, Frame
from aklo_analysis.flame_pruning import Stacks
from aklo_analysis.program import base_name

Int64 = npt.NDArray[np.int64]

BEFORE: Final = "before"
AFTER: Final = "after"


def key_of(side: str, weight: str) -> str:
    """By which the values of a side are found: `wall before`."""
    return f"{weight} {side}"


def differential(before: Flame, after: Flame, weights: Sequence[str]) -> Stacks:
    """The nodes of both. `own` has what each has of weights of `aklo_analysis.flame`, by `key_of`.
    A function is the same if its script has the same name, in whatever directory."""
    union = _Union()
    numbers = {BEFORE: union.of(before), AFTER: union.of(after)}
    own: dict[str, Int64] = {}
    for weight in weights:
        for side, found in (BEFORE, before), (AFTER, after):
            sums = np.zeros(len(union.nodes), np.int64)
            np.add.at(sums, numbers[side], found.own[weight])
            own[key_of(side, weight)] = sums
    nodes = np.array([*union.nodes], np.int64).reshape(-1, 2)
    return Stacks(tuple(union.frames), nodes[:, 1], nodes[:, 0], own)


class _Union:
    """Numbers the nodes of several trees: those with the same frames below them are one."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.nodes: dict[tuple[int, int], int] = {}
        self._numbers: dict[tuple[str, str, str | None], int] = {}

    def of(self, flame: Flame) -> Int64:
        """The numbers of a tree's nodes."""
        numbers = [self._number(frame) for frame in flame.frames]
        found: list[int] = []
        for frame, parent in zip(flame.frame.tolist(), flame.parent.tolist(), strict=True):
            key = UNKNOWN if parent == UNKNOWN else found[parent], numbers[frame]
            found.append(self.nodes.setdefault(key, len(self.nodes)))
        return np.array(found, np.int64)

    def _number(self, frame: Frame) -> int:
        """That of a frame like it, or a new one."""
        script = None if frame.file is None else base_name(frame.file)
        number = self._numbers.setdefault((frame.kind, frame.name, script), len(self.frames))
        if number == len(self.frames):
            self.frames.append(frame)
        return number
