"""How the durations of calls are distributed, group by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles by nearest rank: each is a duration that really occurred. `histogram`: how many
    calls took from 2**n ns to less than 2**(n + 1), for n from 0 to that of the longest; those of
    0 ns are in the first."""

    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    histogram: tuple[int, ...]

    @classmethod
    def of(cls, durations_ns: Int64) -> Distribution | None:
        """None if there are no durations."""
        count = len(durations_ns)
        if count == 0:
            return None
        # the smallest duration that at least p percent of the calls do not exceed
        ranks = [-(-count * percent // 100) - 1 for percent in (50, 95, 99, 100)]
        ordered = np.partition(durations_ns, ranks)
        p50, p95, p99, longest = (int(ordered[rank]) for rank in ranks)
        return cls(p50, p95, p99, longest, histogram(durations_ns))


def histogram(durations_ns: Int64) -> tuple[int, ...]:
    """As in `Distribution`."""
    return tuple(np.bincount(powers(durations_ns)).tolist())


def powers(durations_ns: Int64) -> npt.NDArray[np.int32]:
    """Of each duration the place in a histogram: the power of 2 that it reaches."""
    # without every bit that follows a set one, no rounding to a float reaches the next power of 2
    sparse = durations_ns & ~(durations_ns >> 1)
    _, bits = np.frexp(np.maximum(sparse, 1).astype(np.float64))
    found: npt.NDArray[np.int32] = bits - 1
    return found


@dataclass(frozen=True)
class Durations:
    """The durations of calls, sorted by their groups: those of group `n` are from `ends[n]` to
    `ends[n + 1]`."""

    ns: Int64
    ends: list[int]

    @classmethod
    def by(cls, codes: npt.NDArray[np.integer], ns: Int64, groups: int) -> Durations:
        """`codes` are group numbers from 0 to `groups` - 1, best of 16 bits: these are sorted in
        a single pass."""
        ends = np.cumsum(np.bincount(codes, minlength=groups)).tolist()
        return cls(ns[np.argsort(codes, kind="stable")], [0, *ends])

    def of(self, group: int, groups: int = 1) -> Distribution | None:
        """The distribution of a group, or of several that follow each other."""
        return Distribution.of(self.ns[self.ends[group] : self.ends[group + groups]])
