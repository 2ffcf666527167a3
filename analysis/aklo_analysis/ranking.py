"""The first rows of a table and the sum of the others, so that nothing is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import pandas as pd


class Summable(Protocol):
    """What is ranked, such as `aklo_analysis.measure.Measure`; without arguments it is 0."""

    @classmethod
    def of(cls, sums: Mapping[Any, Any]) -> Self: ...

    @classmethod
    def over(cls, frame: pd.DataFrame) -> Self: ...

    def __add__(self, other: Self) -> Self: ...


class Measured(Protocol):
    """A row of a table: what it is, and the measure of what it stands for."""

    @property
    def measure(self) -> Summable: ...


Row = TypeVar("Row", bound=Measured)
M = TypeVar("M", bound=Summable)


@dataclass(frozen=True)
class Ranking(Generic[Row, M]):
    """A partition of the whole: `rows`, costliest first; `others` groups that come after
    them, together `rest`; and under a name in `apart` what no row can stand for."""

    rows: tuple[Row, ...]
    rest: M
    others: int = 0
    apart: dict[str, M] = field(default_factory=dict)

    @property
    def total(self) -> M:
        parts: list[Any] = [row.measure for row in self.rows]
        return sum([*parts, *self.apart.values()], start=self.rest)

    def head(self, top: int) -> Ranking[Row, M]:
        """The same partition with no more than `top` rows."""
        cut: list[Any] = [row.measure for row in self.rows[top:]]
        rest = sum(cut, start=self.rest)
        return Ranking(self.rows[:top], rest, self.others + len(cut), self.apart)


def apart(name: str, measure: M) -> dict[str, M]:
    """What stands apart under a name, if there is any of it."""
    return {name: measure} if measure != type(measure)() else {}


ORDER: Final = ("work_ns", "wait_ns", "calls")
"""What groups of calls are ranked by."""


def rank(
    groups: pd.DataFrame,
    measure: type[M],
    row: Callable[[Any, M], Row],
    *,
    by: Sequence[str] = ORDER,
    top: int | None = None,
    apart: dict[str, M] | None = None,
) -> Ranking[Row, M]:
    """Rank groups, given as a frame with the columns of `measure`, by the columns `by`.

    `row` makes a row of a group: it gets a named tuple with the group's columns, and its
    measure.
    """
    ordered = groups.sort_values(list(by), ascending=False, kind="stable")
    shown = ordered.iloc[:top]
    named: Iterable[Any] = shown.itertuples()
    rows = tuple(row(group, measure.of(group._asdict())) for group in named)
    others = len(ordered) - len(shown)
    return Ranking(rows, measure.over(ordered.iloc[len(shown) :]), others, apart or {})
