"""What a watch has recorded and is not yet in traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aklo_trace.ebpf.watch_spool import Ended


@dataclass(frozen=True)
class Batch:
    """What is done at once: `segments` are sorted, then traces made of the trees `made`."""

    segments: tuple[Path, ...]
    made: tuple[Ended, ...]


@dataclass
class Backlog:
    """In the order in which it came. Nothing leaves it before it is done: what failed is in the
    next batch again, with what came meanwhile."""

    segments: list[Path] = field(default_factory=list)
    """That are closed."""
    ended: list[Ended] = field(default_factory=list)
    """Trees whose last calls are in these segments, or in such as are sorted already."""
    unmade: list[Ended] = field(default_factory=list)
    """Trees whose traces could not be kept: they wait until it is tried again."""

    def __bool__(self) -> bool:
        return bool(self.segments or self.ended)

    def batch(self, most: int) -> Batch:
        """All segments, and traces of up to `most` trees."""
        return Batch(tuple(self.segments), tuple(self.ended[:most]))

    def done(self, batch: Batch, is_left: Callable[[Ended], bool]) -> None:
        """It has been, and was the last one; but for the trees that are left."""
        del self.segments[: len(batch.segments)], self.ended[: len(batch.made)]
        self.unmade += filter(is_left, batch.made)

    def try_again(self) -> None:
        """Let what could not be kept be in a batch again."""
        self.ended += self.unmade
        self.unmade = []
