"""A flame graph of at most so many nodes: what is smallest is summed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import Frame, totals
from aklo_analysis.measure import summed

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Stacks:
    """What is pruned: the nodes of `aklo_analysis.flame.Flame`, or of two of them."""

    frames: tuple[Frame, ...]
    frame: Int64
    parent: Int64
    own: Mapping[str, Int64]


@dataclass(frozen=True)
class Pruned:
    """The same, but only with the largest nodes: `merged` says of each node how many of the whole
    it sums up, 0 for one that is itself; its `frame` is then `UNKNOWN`."""

    frames: tuple[Frame, ...]
    frame: Int64
    parent: Int64
    own: dict[str, Int64]
    merged: Int64


def pruned(stacks: Stacks, nodes: int) -> Pruned:
    """The nodes with the largest shares of anything, at most `nodes`, and below each of them at
    most one more that sums up what is smaller: all sums stay the same."""
    kept = _largest(stacks, nodes)
    count = int(kept.sum())
    shelter, lost = _shelters(stacks.parent, kept), np.flatnonzero(~kept)
    below, codes = np.unique(shelter[lost], return_inverse=True)
    target = np.cumsum(kept) - 1
    parent = np.append(stacks.parent[kept], below)
    parent = np.where(parent == UNKNOWN, UNKNOWN, target[parent])
    target[lost] = count + codes
    return Pruned(
        stacks.frames,
        np.append(stacks.frame[kept], np.full(len(below), UNKNOWN, np.int64)),
        parent,
        {name: summed(target, values, len(parent)) for name, values in stacks.own.items()},
        np.append(np.zeros(count, np.int64), np.bincount(codes, minlength=len(below))),
    )


def _largest(stacks: Stacks, nodes: int) -> Bools:
    share = np.zeros(len(stacks.parent))
    for own in stacks.own.values():
        share = np.maximum(share, totals(stacks.parent, own) / max(int(own.sum()), 1))
    kept = np.zeros(len(share), dtype=bool)
    # a parent stands before its children and has at least their share: it is kept with them
    kept[np.argsort(-share, kind="stable")[:nodes]] = True
    return kept


def _shelters(parent: Int64, kept: Bools) -> Int64:
    """Of each node the nearest below it that is kept, or `UNKNOWN`."""
    found = parent.copy()
    for node, below in enumerate(parent.tolist()):
        if below != UNKNOWN and not kept[below]:
            found[node] = found[below]
    return found
