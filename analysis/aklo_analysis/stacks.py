"""The functions and lines that led to each cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART, Causes
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import objects
from aklo_trace.errors import CorruptTrace
from aklo_trace.schema import SiteFlag

Int64 = npt.NDArray[np.int64]

RELATIVE: Final = int(SiteFlag.LINE_RELATIVE)
TRUNCATED: Final = int(SiteFlag.STACK_TRUNCATED)

NO_FILES: Final = ("environment", "main", "")
"""What bash calls the file of code that comes from a string or from standard input."""


class Function(NamedTuple):
    """`name` is None for the code of a script outside of functions, and `source` for that of a
    file that was sourced; `file` is None for code of a string."""

    name: str | None
    file: str | None


class Line(NamedTuple):
    """`relative`: the number is not the line's own in the file (see `SiteFlag`). `function`: in
    code of a string, which has no name of its own to tell it from others."""

    file: str | None
    number: int | None
    relative: bool
    function: int | None = None


@dataclass(frozen=True)
class Stacks:
    """`function_of` and `line_of`: of each cause behind those of `APART` where its code is, as
    places in `functions` and `lines`; `chains`: the functions that led there, innermost first;
    `around`: of each line the function that it is in, or one of them. `in_functions` and
    `in_lines`: a row for each cause and each place that is in its stack, or in that of the script's
    cause, once."""

    functions: list[Function]
    lines: list[Line]
    function_of: Int64
    line_of: Int64
    chains: list[list[int]]
    around: list[int]
    in_functions: pd.DataFrame
    in_lines: pd.DataFrame


_Around = tuple[frozenset[int], frozenset[int]]
_NONE: Final[_Around] = (frozenset(), frozenset())


def stacks(frames: Frames, causes: Causes) -> Stacks:
    """Raises `CorruptTrace` if a stack does not fit its files and lines."""
    places = _Places()
    inner: dict[int, tuple[list[int], list[int]]] = {}
    used = np.unique(causes.site)
    for site, row in zip(used.tolist(), _rows(frames, used), strict=True):
        inner[site] = places.of_site(*row)
    around: list[_Around] = []
    for site, outer in zip(causes.site.tolist(), causes.outer.tolist(), strict=True):
        functions, lines = _NONE if outer == UNKNOWN else around[outer - len(APART)]
        around.append((functions.union(inner[site][0]), lines.union(inner[site][1])))
    sites = causes.site.tolist()
    return Stacks(
        [Function(*key) for key in places.functions],
        [Line(*key) for key in places.lines],
        np.array([inner[site][0][0] for site in sites], np.int64),
        np.array([inner[site][1][0] for site in sites], np.int64),
        [inner[site][0] for site in sites],
        list(places.around.values()),
        _pairs([functions for functions, _ in around]),
        _pairs([lines for _, lines in around]),
    )


class _Places:
    """Numbers functions and lines."""

    def __init__(self) -> None:
        self.functions: dict[tuple[str | None, str | None], int] = {}
        self.lines: dict[tuple[str | None, int | None, bool, int | None], int] = {}
        self.around: dict[int, int] = {}

    def of_site(
        self,
        function: str | None,
        file: str | None,
        line: int | None,
        stack: tuple[str, ...],
        files: tuple[str, ...],
        called_from: tuple[int | None, ...],
        flags: int,
    ) -> tuple[list[int], list[int]]:
        """The numbers of the functions of a site, and of lines: its own, and those from which
        the functions were called; innermost first."""
        sources = [None if name in NO_FILES else name for name in files]
        own = None if file in NO_FILES else file
        functions = [self._function(function, own)]
        lines = [self._line(functions[0], own, line, bool(flags & RELATIVE))]
        script = _begins_in_a_script(stack, files, called_from, flags)
        for place in range(len(stack) - 1, 0, -1):
            name = None if script and place == 1 else stack[place - 1]
            functions.append(self._function(name, sources[place - 1]))
            if called_from[place] is not None:
                number, source = called_from[place], sources[place - 1]
                lines.append(self._line(functions[-1], source, number, relative=False))
        return functions, lines

    def _function(self, name: str | None, file: str | None) -> int:
        return self.functions.setdefault((name, file), len(self.functions))

    def _line(self, function: int, file: str | None, number: int | None, relative: bool) -> int:
        key = (file, number, relative, function if file is None else None)
        line = self.lines.setdefault(key, len(self.lines))
        self.around.setdefault(line, function)
        return line


def _begins_in_a_script(
    stack: tuple[str, ...], files: tuple[str, ...], called_from: tuple[int | None, ...], flags: int
) -> bool:
    """Whether the outermost function is the script itself, which bash calls main as well."""
    whole = bool(stack) and not flags & TRUNCATED
    return whole and stack[0] == "main" and called_from[0] is None and files[0] != NO_FILES[0]


def _pairs(sets: list[frozenset[int]]) -> pd.DataFrame:
    cause = np.repeat(np.arange(len(sets)) + len(APART), [len(found) for found in sets])
    place = np.fromiter(chain.from_iterable(sets), np.int64, len(cause))
    return pd.DataFrame({"cause": cause, "place": place})


def _rows(frames: Frames, sites: Int64) -> Iterator[tuple[Any, ...]]:
    """The columns of `sites` that say where it is, for these rows."""
    rows = frames.sites.iloc[sites]
    names = ("function", "file", "line", "stack", "files", "lines")
    columns = [objects(rows[name]) for name in names]
    depths = [[-1 if one is None else len(one) for one in column] for column in columns[3:]]
    if not depths[0] == depths[1] == depths[2] or -1 in depths[0]:
        raise CorruptTrace(
            "The trace is damaged: a stack in its table sites has functions without files "
            "or lines. Record it again."
        )
    return zip(*columns, rows["flags"].tolist(), strict=True)
