"""Whether two samples differ by more than chance, and by how much.

The test is that of Mann and Whitney, which asks nothing of how times are distributed; of many at
once, p is corrected as Benjamini and Hochberg do, so that of those found at most 1 in 20 is due to
chance. The interval of the difference of medians comes from resampling (percentile bootstrap).
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

LEVEL: Final = 0.05
"""What is less likely by chance is significant."""
ENOUGH: Final = 5
"""Values of each sample from which on an interval says anything."""
RESAMPLES: Final = 5000
EXTRA: Final = "statistics"
"""Of our distribution, which brings scipy."""

Sample = Sequence[int] | Sequence[float]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % of resampled differences are from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tested:
    """`p` is corrected for how many were tested together; `interval` is of the difference of
    medians, None if there are less than `ENOUGH` values of a side."""

    p: float
    interval: Interval | None

    @property
    def is_significant(self) -> bool:
        return self.p < LEVEL

    @property
    def said(self) -> str:
        """`0.085`"""
        return "<0.001" if self.p < 0.001 else f"{self.p:.3f}"


def is_available() -> bool:
    """Whether the package that tests is installed."""
    return importlib.util.find_spec("scipy") is not None


def can_tell(before: int, after: int) -> bool:
    """Whether samples of these sizes can differ significantly at all: where all values of one are
    below all of the other, p is the share of that among all orders."""
    return before > 0 and after > 0 and 2 / math.comb(before + after, before) < LEVEL


def tested(pairs: Sequence[tuple[Sample, Sample]]) -> list[Tested]:
    """One test for each pair of samples, all together. Needs `is_available`."""
    from scipy.stats import false_discovery_control, mannwhitneyu

    if not pairs:
        return []
    found = [mannwhitneyu(a, b, alternative="two-sided").pvalue for a, b in pairs]
    corrected = false_discovery_control(np.nan_to_num(found, nan=1.0)).tolist()
    return [Tested(p, interval(a, b)) for p, (a, b) in zip(corrected, pairs, strict=True)]


def interval(before: Sample, after: Sample) -> Interval | None:
    """Of the median of `after` less that of `before`."""
    if min(len(before), len(after)) < ENOUGH:
        return None
    chance = np.random.default_rng(0)
    differences = _medians(chance, after) - _medians(chance, before)
    low, high = np.percentile(differences, [2.5, 97.5]).tolist()
    return Interval(low, high)


def median_interval(sample: Sample) -> Interval | None:
    """Of the median of one sample."""
    if len(sample) < ENOUGH:
        return None
    low, high = np.percentile(_medians(np.random.default_rng(0), sample), [2.5, 97.5]).tolist()
    return Interval(low, high)


def _medians(chance: np.random.Generator, sample: Sample) -> Floats:
    drawn = chance.integers(0, len(sample), (RESAMPLES, len(sample)))
    medians: Floats = np.median(np.asarray(sample, np.float64)[drawn], axis=1)
    return medians
