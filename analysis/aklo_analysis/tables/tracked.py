"""Operations that programs reported themselves, summed up by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aklo_analysis.distribution import Distribution
from aklo_analysis.nullable import known_values, optional
from aklo_trace.tracked import SUCCEEDED


@dataclass(frozen=True, slots=True)
class TrackedRow:
    """All reports of an operation. `reports` counts them, `failed` those whose status says so, and
    `untimed` those without a duration; `total_ns` is of the others, and `distribution` None if
    there are none. `slowest` is the target of the longest one, of `targets` different ones."""

    operation: str
    reports: int
    failed: int
    untimed: int
    total_ns: int
    targets: int
    slowest: str | None
    distribution: Distribution | None


def tracked(reported: pd.DataFrame) -> tuple[TrackedRow, ...]:
    """`reported` has the columns of `schema.TRACKED`. What took longest comes first; what has no
    time, by how often."""
    groups = reported.groupby("operation", observed=True, sort=False)
    rows = [_row(str(name), group) for name, group in groups]
    return tuple(sorted(rows, key=lambda row: (-row.total_ns, -row.reports, row.operation)))


def _row(name: str, group: pd.DataFrame) -> TrackedRow:
    timed = group["dur_ns"].notna().to_numpy()
    durations_ns = known_values(group["dur_ns"])[timed].astype(np.int64)
    longest = group["target"].to_numpy()[timed][durations_ns.argmax()] if timed.any() else None
    failed = ~group["status"].fillna("").astype(str).str.casefold().isin(SUCCEEDED)
    return TrackedRow(
        operation=name,
        reports=len(group),
        failed=int(failed.sum()),
        untimed=int((~timed).sum()),
        total_ns=int(durations_ns.sum()),
        targets=int(group["target"].nunique()),
        slowest=optional(longest),
        distribution=Distribution.of(durations_ns),
    )
