"""Functions of shell code by what they cost, themselves and with all that they call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aklo_analysis.causes import APART
from aklo_analysis.charges import ORDER, SUMS, Charge, costliest_first
from aklo_analysis.ranking import Ranking, apart, rank
from aklo_analysis.stacks import Stacks


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """`function` is None for code of a script outside of functions, and `source` for that of a
    sourced file; `file` is None for code of a string. `measure` is of its own lines, and of the
    programs that these started; `with_calls` also of the functions that it called, directly or
    through others and through scripts that it started: once, however often it is in a stack."""

    function: str | None
    file: str | None
    measure: Charge
    with_calls: Charge


Functions = Ranking[FunctionRow, Charge]


def functions(charges: pd.DataFrame, stacks: Stacks, top: int) -> Functions:
    """`charges` as `charges.charges` gives them. What is nobody's code is apart, under the
    names of `causes.APART`."""
    own = by_place(charges, stacks.function_of)
    inside = with_calls(charges, stacks.in_functions)

    def row(group: Any, measure: Charge) -> FunctionRow:
        function = stacks.functions[group.Index]
        total = Charge.of(inside.loc[group.Index].to_dict())
        return FunctionRow(function.name, function.file, measure, total)

    groups = costliest_first(own.reindex(inside.index, fill_value=0))
    return rank(groups, Charge, row, by=ORDER, top=top, apart=nobodys(charges))


def by_place(charges: pd.DataFrame, place: np.ndarray[Any, np.dtype[np.int64]]) -> pd.DataFrame:
    """The sums of the charges of causes by a place of each."""
    return charges[len(APART) :].groupby(place, sort=False)[SUMS].sum()


def with_calls(of_causes: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Sums by place, of the rows of all causes that have it in their stack."""
    rows = of_causes.take(pairs["cause"].to_numpy())
    return rows.groupby(pairs["place"].to_numpy(), sort=False).sum()


def nobodys(charges: pd.DataFrame) -> dict[str, Charge]:
    found: dict[str, Charge] = {}
    for place, name in enumerate(APART):
        found |= apart(name, Charge.of(charges.iloc[place].to_dict()))
    return found
