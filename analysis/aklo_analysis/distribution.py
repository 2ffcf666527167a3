"""Percentiles of call durations, group by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles by nearest rank: each is a duration that really occurred."""

    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int

    @classmethod
    def of(cls, durations_ns: npt.NDArray[np.int64]) -> Distribution | None:
        """None if there are no durations."""
        count = len(durations_ns)
        if count == 0:
            return None
        ordered = np.sort(durations_ns)
        # the smallest duration that at least p percent of the calls do not exceed
        ranks = [-(-count * percent // 100) - 1 for percent in (50, 95, 99, 100)]
        return cls(*(int(ordered[rank]) for rank in ranks))


def distributions(
    codes: npt.NDArray[np.integer], durations_ns: npt.NDArray[np.int64], groups: int
) -> list[Distribution | None]:
    """One distribution per group: `codes` are group numbers from 0 to `groups` - 1."""
    order = np.argsort(codes, kind="stable")
    grouped_ns = durations_ns[order]
    ends = np.cumsum(np.bincount(codes, minlength=groups)).tolist()
    return [
        Distribution.of(grouped_ns[start:end]) for start, end in zip([0, *ends], ends, strict=False)
    ]
