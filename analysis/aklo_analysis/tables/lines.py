"""Lines of shell code by what they cost, and by starting what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from aklo_analysis.causes import APART, Causes
from aklo_analysis.charges import ORDER, Charge, costliest_first
from aklo_analysis.lives import Lives
from aklo_analysis.measure import own_ns
from aklo_analysis.nullable import Objects
from aklo_analysis.ranking import Ranking, rank
from aklo_analysis.source import NO_LINE, NOT_BEGUN, Sources
from aklo_analysis.stacks import Stacks
from aklo_analysis.tables.functions import by_place, nobodys, with_calls

SOURCED: Final = "source"
"""What bash calls the function that a sourced file is."""


@dataclass(frozen=True, slots=True)
class Started:
    """A program that a line has started, directly or through others: how often, and its work."""

    program: str
    starts: int
    own_ns: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """`file` is None for code of a string; `number` None if it is not known, and `relative` if it
    is not the line's own in the file (see `aklo_trace.schema.SiteFlag`). `function` is the one
    that it is in, of several that of most of its cost. `source` is the text of the line; it can
    be None for a reason that is in `no_source`.
    `programs`: what it started, most work first. `measure` is of what is charged to the line
    itself; `with_calls` also of the functions that were called from it."""

    file: str | None
    number: int | None
    relative: bool
    function: str | None
    source: str | None
    no_source: str | None
    programs: tuple[Started, ...]
    measure: Charge
    with_calls: Charge


Lines = Ranking[LineRow, Charge]


def lines(
    charges: pd.DataFrame,
    stacks: Stacks,
    started: pd.DataFrame,
    sources: Sources,
    top: int,
) -> Lines:
    """`charges` as `charges.charges` gives them, `started` as below."""
    own = by_place(charges, stacks.line_of)
    inside = with_calls(charges, stacks.in_lines)
    function = _functions(charges, stacks)

    def row(group: Any, measure: Charge) -> LineRow:
        place = group.Index
        line, source = stacks.lines[place], sources.of(stacks.lines[place])
        name = stacks.functions[function.get(place, stacks.around[place])].name
        is_begun = name != SOURCED or source.missing != NO_LINE
        return LineRow(
            line.file,
            line.number if is_begun else None,
            line.relative,
            name,
            source.text,
            source.missing if is_begun else NOT_BEGUN,
            _programs(started, place),
            measure,
            Charge.of(inside.loc[place].to_dict()),
        )

    groups = costliest_first(own.reindex(inside.index, fill_value=0))
    return rank(groups, Charge, row, by=ORDER, top=top, apart=nobodys(charges))


def started(lives: Lives, causes: Causes, stacks: Stacks, names: Objects) -> pd.DataFrame:
    """What lines have started: `line`, `program`, `starts` and `own_ns`, most work first. `names`
    as `program_names` gives them."""
    table = lives.table
    program = names[table["image"]]
    named = pd.notna(program)
    rows = np.flatnonzero((causes.of_lives >= len(APART)) & table["executed"] & named)
    columns = {
        "line": stacks.line_of[causes.of_lives[rows] - len(APART)],
        "program": program[rows],
        "own_ns": own_ns(table).to_numpy()[rows],
    }
    groups = pd.DataFrame(columns).groupby(["line", "program"], sort=False)["own_ns"]
    sums = groups.agg(["size", "sum"]).set_axis(["starts", "own_ns"], axis=1).reset_index()
    return sums.sort_values("own_ns", ascending=False, kind="stable")


def _functions(charges: pd.DataFrame, stacks: Stacks) -> dict[int, int]:
    """By line the function of most of its cost."""
    cost_ns = costliest_first(charges[len(APART) :])["cost_ns"].to_numpy()
    columns = {"line": stacks.line_of, "function": stacks.function_of, "cost_ns": cost_ns}
    sums = pd.DataFrame(columns).groupby(["line", "function"])["cost_ns"].sum()
    return dict(sums.sort_values(kind="stable").index.tolist())


def _programs(started: pd.DataFrame, line: int) -> tuple[Started, ...]:
    rows: Any = started[started["line"] == line].itertuples()
    return tuple(Started(row.program, int(row.starts), int(row.own_ns)) for row in rows)
