"""What is added up over calls, and over the lives of processes.

Every table of a report is a partition of the same calls, so measures are integers, and
their sums agree exactly from table to table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Int = npt.NDArray[np.integer]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measure:
    """Sums over a set of calls."""

    calls: int = 0
    failed: int = 0
    """calls that ended with an errno"""
    untimed: int = 0
    """calls without a duration: they never returned, or their beginning was not seen"""
    bytes: int = 0
    work_ns: int = 0
    """time inside calls that work"""
    wait_ns: int = 0
    """time inside calls that wait for somebody else (see `aklo_analysis.activity`)"""

    @property
    def total_ns(self) -> int:
        return self.work_ns + self.wait_ns

    @classmethod
    def of(cls, sums: Mapping[Any, Any]) -> Self:
        """From a mapping or Series that has a value for every field, and maybe others."""
        return cls(*(int(sums[field.name]) for field in fields(cls)))

    @classmethod
    def over(cls, frame: pd.DataFrame) -> Self:
        """The sum of the rows of a frame that has a column for every field."""
        return cls.of({field.name: frame[field.name].sum() for field in fields(cls)})

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class LifeMeasure(Measure):
    """Sums over lives (see `aklo_analysis.lives`): their calls, and the time between them."""

    outside_ns: int = 0
    """time of main threads outside calls: computing, page faults"""
    cpu_wait_ns: int = 0
    """time outside calls in which they were ready but had no CPU, as far as that is known"""
    stopped_ns: int = 0
    """time in which a signal had stopped them (job control), as far as that is known"""
    unrecorded_ns: int = 0
    """time outside calls in which they did not compute, where only some calls were recorded"""
    unfinished_work_ns: int = 0
    """time of main threads in calls that never returned; the end of a process is one"""
    unfinished_wait_ns: int = 0
    """the same, in calls that wait"""

    @property
    def own_ns(self) -> int:
        """Time in which the process itself did something."""
        return sum(getattr(self, name) for name in OWN)

    @property
    def waited_ns(self) -> int:
        return sum(getattr(self, name) for name in WAITED)


OWN = ("outside_ns", "work_ns", "unfinished_work_ns")
WAITED = ("wait_ns", "unfinished_wait_ns", "cpu_wait_ns")
SUMS = [field.name for field in fields(Measure) if field.name != "calls"]
LIFE_SUMS = [field.name for field in fields(LifeMeasure)]


def measured(calls: pd.DataFrame, keys: Int) -> pd.DataFrame:
    """The measures of every group of calls: one row per group in the order in which they occur,
    keys in the index."""
    numbers, found = pd.factorize(keys)
    sums = {name: summed(numbers, calls[name].to_numpy(), len(found)) for name in SUMS}
    sizes = np.bincount(numbers, minlength=len(found))
    return pd.DataFrame({"calls": sizes, **sums}, index=found)


def summed(numbers: Int, values: npt.NDArray[np.integer | np.bool_], count: int) -> Int64:
    """The sums of values by number, of 0 to `count` - 1; most are 0."""
    rows = np.flatnonzero(values)
    sums = np.zeros(count, np.int64)
    np.add.at(sums, numbers[rows], values[rows].astype(np.int64))
    return sums


def own_ns(table: pd.DataFrame) -> pd.Series[int]:
    """`LifeMeasure.own_ns` of every row."""
    return table[[*OWN]].sum(axis=1)


def with_totals(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns `own_ns` and `waited_ns`, as `LifeMeasure` has them."""
    return table.assign(own_ns=own_ns(table), waited_ns=table[[*WAITED]].sum(axis=1))


def life_measured(lives: pd.DataFrame, key: str) -> pd.DataFrame:
    """The measures of every group of lives, with `own_ns` and `waited_ns`."""
    return with_totals(lives.groupby(key, sort=False)[LIFE_SUMS].sum())
