"""Histograms of call durations, drawn side by side on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aklo_analysis.distribution import Distribution
from aklo_analysis.reporters.grid import Spark
from aklo_analysis.units import duration

COLUMNS: Final = 8
"""Of a drawing, at most."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The powers of two that histograms have something in, from `first` to before `end`, of which
    `step` make a column."""

    first: int
    end: int
    step: int

    @classmethod
    def of(cls, distributions: Sequence[Distribution | None]) -> Scale:
        histograms = [one.histogram for one in distributions if one]
        first = min((_first(one) for one in histograms), default=0)
        end = max(map(len, histograms), default=1)
        return cls(first, end, -(-(end - first) // COLUMNS))

    def spark(self, distribution: Distribution | None) -> Spark | str:
        """Nothing if there is no distribution."""
        if distribution is None:
            return ""
        histogram = distribution.histogram
        starts = range(self.first, self.end, self.step)
        counts = [sum(histogram[start : start + self.step]) for start in starts]
        return Spark(tuple(count / max(counts) for count in counts))

    def __str__(self) -> str:
        columns = -(-(self.end - self.first) // self.step)
        last = self.first + columns * self.step
        times = f", each column {2**self.step} times as long as the one before"
        span = f"from {duration(2**self.first)} to {duration(2**last)}"
        return f"latency: how many calls took how long, {span}{times if columns > 1 else ''}."


def _first(histogram: tuple[int, ...]) -> int:
    return next(place for place, count in enumerate(histogram) if count)
