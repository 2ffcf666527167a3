"""Calls with those below: of a function also those of the functions that it called, of a process
those of its descendants, of a directory those of files in directories below.

Each is a frame with the columns of `Measure`, by the numbers of a key of `aklo_analysis.keys`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.causes import APART
from aklo_analysis.keys import Numbered
from aklo_analysis.measure import measured
from aklo_analysis.rules.case import Case
from aklo_analysis.tables.files import parent
from aklo_analysis.tables.functions import with_calls

Int64 = npt.NDArray[np.int64]
Below = Callable[[Case, Numbered], pd.DataFrame]


def _functions(case: Case, _: Numbered) -> pd.DataFrame:
    return _of_stacks(case, case.stacks.in_functions)


def _lines(case: Case, _: Numbered) -> pd.DataFrame:
    return _of_stacks(case, case.stacks.in_lines)


def _of_stacks(case: Case, pairs: pd.DataFrame) -> pd.DataFrame:
    """Of everything that has a place in its stack, after the numbers of `causes.APART`."""
    own = measured(case.calls, case.causes.of_calls)
    own = own.reindex(range(case.causes.count), fill_value=0)
    found = with_calls(own, pairs)
    return pd.concat([own[: len(APART)], found.set_axis(found.index + len(APART))])


def _processes(case: Case, numbered: Numbered) -> pd.DataFrame:
    processes = case.frames.processes
    mother = positions(processes, "proc_id", processes["parent_proc_id"])
    age = np.empty(len(processes), np.int64)
    age[np.argsort(processes["start_ns"].to_numpy(), kind="stable")] = np.arange(len(processes))
    # who is no older than its child is not its mother, whatever the trace says
    known = (mother != UNKNOWN) & (age[mother] < age)
    children = np.argsort(-age)
    children = children[known[children]]
    return _collected(
        case, numbered, zip(children.tolist(), mother[children].tolist(), strict=True)
    )


def _directories(case: Case, numbered: Numbered) -> pd.DataFrame:
    parts = [numbered.part(number) for number in range(len(numbered.known))]
    number_of = {part.name: number for number, part in enumerate(parts) if part.known}
    deepest_first = sorted(number_of, key=lambda path: -path.count("/"))
    inner = ((number_of[path], _outer(path, number_of)) for path in deepest_first)
    return _collected(case, numbered, ((one, outer) for one, outer in inner if outer is not None))


def _outer(path: str, number_of: dict[str, int]) -> int | None:
    """The nearest directory above that has a number."""
    while path != "/":
        path = parent(path)
        if path in number_of:
            return number_of[path]
    return None


def _collected(case: Case, numbered: Numbered, edges: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """The sums of each number with those of all below it. `edges` lead from one to the one above
    it, and come after all that lead to it."""
    own = measured(case.calls, numbered.of_calls)
    own = own.reindex(range(len(numbered.known)), fill_value=0)
    sums = own.to_numpy(np.int64, copy=True)
    for inner, outer in edges:
        sums[outer] += sums[inner]
    return pd.DataFrame(sums, columns=own.columns)


BELOW: Final[dict[str, Below]] = {
    "process": _processes,
    "directory": _directories,
    "function": _functions,
    "line": _lines,
}
"""By key; what others name has nothing below it."""
