"""The wall time by what was done in it, and by program, function and line.

Each table is a partition of the whole wall time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART, Causes
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import Objects
from aklo_analysis.ranking import Ranking, apart, rank
from aklo_analysis.source import Sources
from aklo_analysis.stacks import Stacks
from aklo_analysis.tables.programs import NOBODY
from aklo_analysis.wall import Wall
from aklo_analysis.wall.doings import DOINGS

Int64 = npt.NDArray[np.int64]

KEYS: Final = [doing.key for doing in DOINGS]
ORDER: Final = ("wall_ns", "total_ns")


@dataclass(frozen=True, slots=True)
class Spent:
    """A part of the wall time."""

    wall_ns: int = 0

    @classmethod
    def of(cls, sums: Mapping[Any, Any]) -> Self:
        return cls(int(sums["wall_ns"]))

    @classmethod
    def over(cls, frame: pd.DataFrame) -> Self:
        return cls(int(frame["wall_ns"].sum()))

    def __add__(self, other: Self) -> Self:
        return type(self)(self.wall_ns + other.wall_ns)


@dataclass(frozen=True, slots=True)
class DoingRow:
    """`key` of a `doings.Doing`."""

    key: str
    wall_ns: int


@dataclass(frozen=True, slots=True)
class WallProgram:
    """`doings`: what it was spent on, largest first."""

    program: str
    doings: tuple[DoingRow, ...]
    measure: Spent


@dataclass(frozen=True, slots=True)
class WallFunction:
    """`measure` is of what its own lines did, and waited for: programs that they started, with
    all that these started. `with_calls`: also of functions that it called. For the names see
    `aklo_analysis.tables.functions.FunctionRow`."""

    function: str | None
    file: str | None
    doings: tuple[DoingRow, ...]
    measure: Spent
    with_calls: Spent


@dataclass(frozen=True, slots=True)
class WallLine:
    """The same of a line; see `aklo_analysis.tables.lines.LineRow`."""

    file: str | None
    number: int | None
    relative: bool
    function: str | None
    source: str | None
    no_source: str | None
    doings: tuple[DoingRow, ...]
    measure: Spent
    with_calls: Spent


@dataclass(frozen=True)
class WallTime:
    """`merged`: what cannot be told apart in this trace, in sentences."""

    measure: Spent
    merged: tuple[str, ...]
    doings: tuple[DoingRow, ...]
    programs: Ranking[WallProgram, Spent]
    functions: Ranking[WallFunction, Spent]
    lines: Ranking[WallLine, Spent]


def wall_time(
    wall: Wall,
    lives: Lives,
    causes: Causes,
    stacks: Stacks,
    names: Objects,
    sources: Sources,
    top: int,
) -> WallTime:
    """`names` as `program_names` gives them."""
    by_cause = _sums(wall, wall.segments["cause"].to_numpy(), causes.count)
    return WallTime(
        measure=Spent(wall.wall_ns),
        merged=wall.merged,
        doings=_doings(by_cause.sum()),
        programs=_programs(wall, lives, names, top),
        functions=_functions(by_cause, stacks, top),
        lines=_lines(by_cause, stacks, sources, top),
    )


def _sums(wall: Wall, numbers: Int64, count: int) -> pd.DataFrame:
    """By number, of which there are `count`, the time of each doing, under its own, and of all in
    `wall_ns`."""
    sums = np.zeros((count, len(KEYS)), np.int64)
    doing = wall.segments["doing"].cat.codes.to_numpy()
    np.add.at(sums.reshape(-1), numbers * len(KEYS) + doing, wall.segments["ns"].to_numpy())
    return pd.DataFrame(sums, columns=KEYS).assign(wall_ns=sums.sum(axis=1))


def _doings(sums: pd.Series[int]) -> tuple[DoingRow, ...]:
    rows = [DoingRow(key, int(sums[key])) for key in KEYS if sums[key]]
    return tuple(sorted(rows, key=lambda row: -row.wall_ns))


def _programs(wall: Wall, lives: Lives, names: Objects, top: int) -> Ranking[WallProgram, Spent]:
    code, programs = pd.factorize(names[lives.table["image"].to_numpy()])
    program = np.append(code, UNKNOWN)[wall.segments["life"].to_numpy()]
    numbers, codes = pd.factorize(program)
    sums = _sums(wall, numbers, len(codes)).set_axis(codes)
    known = sums.index != UNKNOWN

    def row(group: Any, measure: Spent) -> WallProgram:
        return WallProgram(programs[group.Index], _doings(sums.loc[group.Index]), measure)

    unknown = apart(NOBODY, Spent.over(sums[~known]))
    return rank(sums[known], Spent, row, by=("wall_ns",), top=top, apart=unknown)


def _functions(by_cause: pd.DataFrame, stacks: Stacks, top: int) -> Ranking[WallFunction, Spent]:
    own, total = _by_place(by_cause, stacks.function_of, stacks.in_functions)

    def row(group: Any, measure: Spent) -> WallFunction:
        function, doings = stacks.functions[group.Index], _doings(own.loc[group.Index])
        with_calls = Spent(int(total[group.Index]))
        return WallFunction(function.name, function.file, doings, measure, with_calls)

    return rank(own, Spent, row, by=ORDER, top=top, apart=_nobodys(by_cause))


def _lines(
    by_cause: pd.DataFrame, stacks: Stacks, sources: Sources, top: int
) -> Ranking[WallLine, Spent]:
    own, total = _by_place(by_cause, stacks.line_of, stacks.in_lines)

    def row(group: Any, measure: Spent) -> WallLine:
        line, source = stacks.lines[group.Index], sources.of(stacks.lines[group.Index])
        return WallLine(
            line.file,
            line.number,
            line.relative,
            stacks.functions[stacks.around[group.Index]].name,
            source.text,
            source.missing,
            _doings(own.loc[group.Index]),
            measure,
            Spent(int(total[group.Index])),
        )

    return rank(own, Spent, row, by=ORDER, top=top, apart=_nobodys(by_cause))


def _by_place(
    by_cause: pd.DataFrame, place: Int64, inside: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Of each place what it took itself, and in `inside` with what was called from it."""
    times = by_cause["wall_ns"].take(inside["cause"].to_numpy())
    total = times.groupby(inside["place"].to_numpy(), sort=False).sum()
    own = by_cause[len(APART) :].groupby(place, sort=False).sum()
    own = own.reindex(total.index, fill_value=0).assign(total_ns=total)
    return own[total > 0], total


def _nobodys(by_cause: pd.DataFrame) -> dict[str, Spent]:
    found: dict[str, Spent] = {}
    for place, name in enumerate(APART):
        found |= apart(name, Spent(int(by_cause["wall_ns"].iloc[place])))
    return found
