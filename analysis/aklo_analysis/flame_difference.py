"""Two flame graphs as one: what the same way took before, and what it takes after."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import Flame, Frame
from aklo_analysis.flame_pruning import Stacks

Int64 = npt.NDArray[np.int64]

BEFORE: Final = "before"
AFTER: Final = "after"


def differential(before: Flame, after: Flame, weight: str) -> Stacks:
    """The nodes of both. `own` has what each has of a weight of `aklo_analysis.flame`, as `BEFORE`
    and `AFTER`."""
    union = _Union()
    sides = {BEFORE: (before, union.of(before)), AFTER: (after, union.of(after))}
    own = {
        side: np.bincount(nodes, found.own[weight].astype(np.float64), len(union.nodes))
        for side, (found, nodes) in sides.items()
    }
    parents, frames = zip(*union.nodes, strict=True) if union.nodes else ((), ())
    return Stacks(
        tuple(union.frames),
        np.array(frames, np.int64),
        np.array(parents, np.int64),
        {side: np.rint(values).astype(np.int64) for side, values in own.items()},
    )


class _Union:
    """Numbers the nodes of several trees: those with the same frames below them are one."""

    def __init__(self) -> None:
        self.frames: dict[Frame, int] = {}
        self.nodes: dict[tuple[int, int], int] = {}

    def of(self, flame: Flame) -> Int64:
        """The numbers of a tree's nodes."""
        found: list[int] = []
        for frame, parent in zip(flame.frame.tolist(), flame.parent.tolist(), strict=True):
            number = self.frames.setdefault(flame.frames[frame], len(self.frames))
            key = UNKNOWN if parent == UNKNOWN else found[parent], number
            found.append(self.nodes.setdefault(key, len(self.nodes)))
        return np.array(found, np.int64)
