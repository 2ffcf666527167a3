"""System calls by any of the keys of `aklo_analysis.keys`, or by several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import durations
from aklo_analysis.distribution import Distribution, Durations
from aklo_analysis.keys import KEYS, Numbered, Part
from aklo_analysis.measure import Measure, measured
from aklo_analysis.ranking import ORDER, Ranking
from aklo_analysis.rules.case import Case
from aklo_analysis.tables.below import BELOW

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The calls that have the same `parts`, one for each key. `inclusive`, if calls are grouped by
    one key that has something below: also the calls of the functions that this one called, of the
    descendants of the process, of files in directories below. `distribution` is None if no call has
    a duration."""

    parts: tuple[Part, ...]
    measure: Measure
    inclusive: Measure | None
    distribution: Distribution | None


@dataclass(frozen=True)
class Groups:
    """`ranking`: groups by their work. Those after its rows that have an unknown part are apart,
    under the name of the key and that of the first such part. `distribution` is of all calls."""

    keys: tuple[str, ...]
    ranking: Ranking[GroupRow, Measure]
    distribution: Distribution | None


def groups(case: Case, keys: Sequence[str], top: int) -> Groups:
    """`keys` of `KEYS`, one or more."""
    numbered = [KEYS[key](case) for key in keys]
    group = _group(numbered)
    sums = measured(case.calls, group).sort_values([*ORDER], ascending=False, kind="stable")
    shown, rest = sums.iloc[:top], sums.iloc[top:]
    spread, whole = _distributions(case.calls, group, shown.index)
    tree = BELOW.get(keys[0]) if len(keys) == 1 else None
    inclusive = tree(case, numbered[0]).reindex(shown.index).to_dict("index") if tree else {}
    parts = _parts(numbered, shown.index.to_numpy())
    sums_of_rows = shown.to_dict("index").items()
    rows = [
        GroupRow(
            part,
            Measure.of(row),
            Measure.of(inclusive[number]) if tree else None,
            distribution,
        )
        for part, (number, row), distribution in zip(parts, sums_of_rows, spread, strict=True)
    ]
    unknown = _unknown(keys, numbered, rest.index.to_numpy())
    apart = {
        str(name): Measure.over(part) for name, part in rest.groupby(unknown, sort=False) if name
    }
    others = rest[unknown == ""]
    ranking = Ranking(tuple(rows), Measure.over(others), len(others), apart)
    return Groups(tuple(keys), ranking, whole)


def _group(numbered: Sequence[Numbered]) -> Int64:
    """For each call the number of its group, made of those of its parts."""
    group = numbered[0].of_calls.astype(np.int64)
    for key in numbered[1:]:
        group = group * len(key.known) + key.of_calls
    return group


def _numbers(numbered: Sequence[Numbered], groups: Int64) -> list[Int64]:
    """For each key the numbers that these groups are made of."""
    found: list[Int64] = []
    for key in reversed(numbered):
        groups, number = np.divmod(groups, len(key.known))
        found.insert(0, number)
    return found


def _parts(numbered: Sequence[Numbered], groups: Int64) -> list[tuple[Part, ...]]:
    columns = [
        [key.part(number) for number in numbers.tolist()]
        for key, numbers in zip(numbered, _numbers(numbered, groups), strict=True)
    ]
    return list(zip(*columns, strict=True))


def _unknown(
    keys: Sequence[str], numbered: Sequence[Numbered], groups: Int64
) -> npt.NDArray[np.object_]:
    """For each group `key:name` of the first part that is not known, or nothing."""
    found = np.full(len(groups), "", dtype=object)
    for name, key, numbers in zip(keys, numbered, _numbers(numbered, groups), strict=True):
        for place in np.flatnonzero(~key.known[numbers] & (found == "")).tolist():
            found[place] = f"{name}:{key.part(int(numbers[place])).name}"
    return found


def _distributions(
    calls: pd.DataFrame, group: Int64, shown: pd.Index
) -> tuple[list[Distribution | None], Distribution | None]:
    """Of the groups that are shown, and of all calls."""
    timed, dur_ns = durations(calls)
    number = shown.get_indexer(pd.Index(group[timed]))
    is_shown = number >= 0
    spread = Durations.by(number[is_shown].astype(np.int32), dur_ns[is_shown], len(shown))
    return [spread.of(place) for place in range(len(shown))], Distribution.of(dur_ns)
