"""How much of the wall time a change would save, and what two changes save together.

A claim names stretches of the critical path (rows of `Wall.segments`) and the part of each that
would go away. Two claims on one stretch do not add up: together they save the larger part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Claim:
    """`rows` of the segments, each once, and of each the part that would be saved, 0 to 1."""

    rows: Int64
    parts: Floats

    def saving_ns(self, segments_ns: Int64) -> int:
        """`segments_ns`: how long each segment is."""
        return round(float((segments_ns[self.rows] * self.parts).sum()))

    def less(self, cost_ns: float, segments_ns: Int64) -> Claim:
        """The claim where something that takes `cost_ns` in all comes instead."""
        saving_ns = float((segments_ns[self.rows] * self.parts).sum())
        left = max(0.0, 1 - cost_ns / saving_ns) if saving_ns else 0.0
        return Claim(self.rows, self.parts * left)


NOTHING = Claim(np.empty(0, np.int64), np.empty(0))


def whole(rows: Int64) -> Claim:
    """The claim on all of these segments."""
    return Claim(rows, np.ones(len(rows)))


def together(*claims: Claim) -> Claim:
    """What these claims save together: of each segment the largest part."""
    rows = np.concatenate([one.rows for one in claims])
    parts = np.concatenate([one.parts for one in claims])
    order = np.lexsort((parts, rows))
    rows, parts = rows[order], parts[order]
    last = np.append(rows[1:] != rows[:-1], True)[: len(rows)]
    return Claim(rows[last], parts[last])


def instead(rows: Int64, segments_ns: Int64, cost_ns: float) -> Claim:
    """The claim of a change by which these segments go away, and something that takes `cost_ns`
    in all comes instead."""
    return whole(rows).less(cost_ns, segments_ns)


def extra_ns(claims: Iterable[Claim], segments_ns: Int64) -> list[int]:
    """What each claim saves when all before it are granted. Their sum is what all save together."""
    saved = np.zeros(len(segments_ns))
    found = []
    for claim in claims:
        more = np.maximum(claim.parts - saved[claim.rows], 0)
        found.append(round(float((segments_ns[claim.rows] * more).sum())))
        saved[claim.rows] += more
    return found
