"""All that the dashboard knows: sums whose size does not grow with what was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from aklo_analysis.caches.cache import Cache
from aklo_analysis.dashboard.axis import Axis
from aklo_analysis.dashboard.cube import Cube
from aklo_analysis.dashboard.entries import CacheState, Entries
from aklo_analysis.dashboard.seen import DIMENSIONS, Seen

LATELY_NS: Final = 500_000_000
"""A column of what happened lately: two minutes in all."""
MOST_SLOW: Final = 5
FILE, CALL = DIMENSIONS.index("file"), DIMENSIONS.index("call")

LIVE, ENDED, REPLAYED = "live", "ended", "replay"


@dataclass(frozen=True, slots=True)
class Slow:
    """An operation that took longer than the threshold."""

    at_ns: int
    dur_ns: int
    call: str
    file: str


@dataclass(frozen=True)
class About:
    """What is shown: the command, the engine, and whether it is `LIVE`, `ENDED` or `REPLAYED`.
    `threshold_ns`: what takes longer is an alert; 0 for none. `alerts`: those that stand from
    before, in words."""

    command: str
    engine: str
    threshold_ns: int = 0
    alerts: tuple[str, ...] = ()


@dataclass
class State:
    """`at_ns` is how far it has come, since the epoch; `loss` by cause."""

    about: About
    caches: Sequence[Cache] = ()
    mode: str = LIVE
    at_ns: int = 0
    loss: Mapping[str, int] = field(default_factory=dict)
    processes: int = 0
    ended: int = 0
    slow_count: int = 0
    slow: list[Slow] = field(default_factory=list)
    note: str = ""

    def __post_init__(self) -> None:
        self.cube = Cube()
        self.whole = Axis(doubles=True)
        self.lately = Axis(LATELY_NS, doubles=False)
        self._entries = Entries(self.caches)

    @property
    def entries(self) -> list[CacheState]:
        return self._entries.states

    @property
    def start_ns(self) -> int:
        return self.whole.start_ns or self.at_ns

    def add(self, seen: Seen) -> None:
        self.cube.add(seen)
        for axis in (self.whole, self.lately):
            axis.add(seen)
        self._entries.add(seen)
        self._note_slow(seen)
        self.processes += seen.started
        self.ended += seen.ended
        if len(seen):
            self.at_ns = max(self.at_ns, int(seen.ts_ns.max()))

    def reach(self, at_ns: int) -> None:
        """Nothing more happened until then."""
        self.at_ns = max(self.at_ns, at_ns)
        for axis in (self.whole, self.lately):
            axis.reach(self.at_ns)

    def rate(self) -> float:
        """Calls per second, over the last two columns that are whole."""
        axis = self.lately
        columns = axis.calls[max(axis.used - 3, 0) : max(axis.used - 1, 1)]
        return float(columns.sum()) / max(len(columns), 1) / (axis.width_ns / 1e9)

    def _note_slow(self, seen: Seen) -> None:
        if not self.about.threshold_ns:
            return
        rows = np.flatnonzero((seen.dur_ns > self.about.threshold_ns) & ~seen.waits)
        self.slow_count += len(rows)
        self.slow = sorted(
            [*self.slow, *(_slow(seen, row) for row in rows.tolist())],
            key=lambda one: -one.dur_ns,
        )[:MOST_SLOW]


def _slow(seen: Seen, row: int) -> Slow:
    return Slow(
        int(seen.ts_ns[row]),
        int(seen.dur_ns[row]),
        seen.names[int(seen.codes[CALL, row])],
        seen.names[int(seen.codes[FILE, row])],
    )
