"""Which stretches of the critical path are spent in given calls, and on which lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART
from aklo_analysis.distinct import distinct
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spot:
    """A place as `Places` numbers them, or `UNKNOWN`, with the segments of the wall that something
    takes there, the calls that they are within, and how long they are in all."""

    place: int
    rows: Int64
    calls: Int64
    cost_ns: int


def in_calls(case: Case, chosen: Bools) -> Int64:
    """The segments within the calls that are `chosen`, of all in `frames.syscalls`."""
    return np.flatnonzero(np.append(chosen, False)[case.wall.segments["call"].to_numpy()])


def between_calls(case: Case, before: Bools, after: Bools) -> Int64:
    """The segments outside calls that follow on a call in `before`, and come before one in
    `after`, of the same main thread, with no other call of it in between."""
    rows, last, following = case.between
    found: Int64 = rows[np.append(before, False)[last] & np.append(after, False)[following]]
    return found


def line_of_causes(case: Case) -> Int64:
    """The line of each cause, or `UNKNOWN`."""
    return np.append(np.full(len(APART), UNKNOWN), case.stacks.line_of)


def places_of_segments(case: Case, rows: Int64) -> Int64:
    """The line to blame for each of these segments; where lines are not known, the script of the
    shell, as `Places` numbers them, or `UNKNOWN`."""
    pieces, places = case.wall.segments.iloc[rows], case.places
    cause, life = pieces["cause"].to_numpy(), pieces["life"].to_numpy()
    line = line_of_causes(case)[cause]
    script = places.of_segments(cause, life)
    begun = np.append(places.of_lives, UNKNOWN)[life]
    return np.where(line != UNKNOWN, line, np.where(script != UNKNOWN, script, begun))


def spots(case: Case, rows: Int64) -> Iterator[Spot]:
    """These segments, each once, place by place, where there are calls among them."""
    rows = distinct(rows)
    call = case.wall.segments["call"].to_numpy()
    numbers = places_of_segments(case, rows)
    for places in pd.Series(rows).groupby(numbers).indices.values():
        chosen = rows[places]
        calls = distinct(call[chosen])
        calls = calls[calls != UNKNOWN]
        if len(calls):
            yield Spot(int(numbers[places[0]]), chosen, calls, int(case.segments_ns[chosen].sum()))


def runs(case: Case, chosen: Bools, within_ns: int) -> Iterator[Spot]:
    """What these calls take, place by place, with what is computed between two of them, if that
    takes no longer than `within_ns`."""
    between = between_calls(case, chosen, chosen)
    short = between[case.segments_ns[between] <= within_ns]
    return spots(case, np.append(in_calls(case, chosen), short))
