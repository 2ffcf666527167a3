"""All that a rule may look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import Causes
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import Objects
from aklo_analysis.rules.family import Family
from aklo_analysis.rules.order import Order, order
from aklo_analysis.source import Sources
from aklo_analysis.stacks import Stacks
from aklo_analysis.wall import Wall
from aklo_trace.meta import Meta

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in shell code: `function` is None outside of functions, `file` for code of a string,
    `line` if it is not known; `relative` if it is not the line's own in the file (see
    `aklo_trace.schema.SiteFlag`). `source`: the text of the line, if it can be read."""

    function: str | None
    file: str | None
    line: int | None
    relative: bool = False
    source: str | None = None


@dataclass(frozen=True)
class Case:
    """A trace as the analysis sees it. `calls` as `calls.derive` gives them, `names` as
    `program.program_names` does."""

    meta: Meta
    frames: Frames
    calls: pd.DataFrame
    lives: Lives
    causes: Causes
    stacks: Stacks
    names: Objects
    sources: Sources
    wall: Wall

    @cached_property
    def segments_ns(self) -> Int64:
        """How long each segment of the wall is."""
        return self.wall.segments["ns"].to_numpy(np.int64)

    @cached_property
    def life_ns(self) -> Int64:
        """How long the path was with each life."""
        life, sums = self.wall.segments["life"].to_numpy(), np.zeros(len(self.lives.table) + 1)
        np.add.at(sums, life, self.segments_ns)
        return sums[:-1].astype(np.int64)

    @cached_property
    def family(self) -> Family:
        return Family(self.lives)

    @cached_property
    def order(self) -> Order:
        return order(self.frames, self.calls, self.lives)

    def place(self, line: int) -> Place:
        """That of a line, by its number in `stacks.lines`; of `UNKNOWN`, none."""
        if line == UNKNOWN:
            return Place(None, None, None)
        found, around = self.stacks.lines[line], self.stacks.around[line]
        return Place(
            self.stacks.functions[around].name,
            found.file,
            found.number,
            found.relative,
            self.sources.of(found).text,
        )
