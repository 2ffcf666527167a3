"""What a watch has recorded and is not yet in traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aklo_trace.ebpf.watch_spool import Ended


@dataclass(frozen=True)
class Batch:
    """What is done at once: `segments` are sorted, and traces made of the trees `made`. After that
    nothing is left to be sorted of the trees that had `ended`."""

    segments: tuple[Path, ...]
    ended: tuple[Ended, ...]
    made: tuple[Ended, ...]


@dataclass
class Backlog:
    """In the order in which it came. Nothing leaves it before it is done: what failed is in the
    next batch again, with what came meanwhile."""

    segments: list[Path] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    """Trees whose last calls are in the segments."""
    sorted: list[Ended] = field(default_factory=list)
    """Trees all of which is sorted."""

    def __bool__(self) -> bool:
        return bool(self.segments or self.ended or self.sorted)

    def batch(self, most: int) -> Batch:
        """All segments, and traces of up to `most` trees."""
        made = [*self.sorted, *self.ended][:most]
        return Batch(tuple(self.segments), tuple(self.ended), tuple(made))

    def done(self, batch: Batch) -> None:
        """It has been, and was the last one."""
        del self.segments[: len(batch.segments)], self.ended[: len(batch.ended)]
        self.sorted = [*self.sorted, *batch.ended][len(batch.made) :]
