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


NOTHING = Claim(np.empty(0, np.int64), np.empty(0))


def instead(rows: Int64, segments_ns: Int64, cost_ns: float) -> Claim:
    """The claim of a change by which these segments go away, and something that takes `cost_ns`
    in all comes instead."""
    whole_ns = int(segments_ns[rows].sum())
    part = max(0.0, 1 - cost_ns / whole_ns) if whole_ns else 0.0
    return Claim(rows, np.full(len(rows), part))


def extra_ns(claims: Iterable[Claim], segments_ns: Int64) -> list[int]:
    """What each claim saves when all before it are granted. Their sum is what all save together."""
    saved = np.zeros(len(segments_ns))
    found = []
    for claim in claims:
        more = np.maximum(claim.parts - saved[claim.rows], 0)
        found.append(round(float((segments_ns[claim.rows] * more).sum())))
        saved[claim.rows] += more
    return found
