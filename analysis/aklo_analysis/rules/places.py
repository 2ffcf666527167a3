"""Where in shell code each life was begun, as far as that is known.

A place is a line; where lines are not known, the script that a shell runs. It is a number: below
`Stacks.lines`' length a line, from there on an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import APART, Causes
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import objects
from aklo_analysis.rules.dialect import Dialect, dialect_of
from aklo_analysis.stacks import Stacks

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    frames: Frames
    lives: Lives
    causes: Causes
    stacks: Stacks

    @cached_property
    def dialects(self) -> list[Dialect | None]:
        """Of each image, and of none as the last."""
        columns = (objects(self.frames.images[name]) for name in ("shell", "exe"))
        return [*map(cache(dialect_of), *columns), None]

    @cached_property
    def shells(self) -> Bools:
        """Which lives run a shell."""
        is_shell = np.array([dialect is not None for dialect in self.dialects])
        found: Bools = is_shell[self.lives.table["image"].to_numpy()]
        return found

    @cached_property
    def mother(self) -> Int64:
        """Of each life the one that forked its process, or, if it was executed by a shell that it
        replaced, that shell; `UNKNOWN` if there is none."""
        origin = self._origin
        before = np.append(origin, UNKNOWN)[origin]
        return np.where(np.append(self.copies, False)[origin] & self.executed, before, origin)

    @cached_property
    def roots(self) -> Int64:
        """For each life the copy that became it, unless that has forked others before; else
        the life itself."""
        origin = self._origin
        born = np.bincount(origin[origin != UNKNOWN], minlength=len(origin))
        copied = self.executed & np.append(self.copies, False)[origin]
        return np.where(copied & (np.append(born, 0)[origin] == 1), origin, np.arange(len(origin)))

    @cached_property
    def executed(self) -> Bools:
        return self.lives.table["executed"].to_numpy(dtype=bool)

    @cached_property
    def programs(self) -> Int64:
        """For each life the one that executed what it runs: itself, or that it is a copy of."""
        found = np.arange(len(self._origin))
        for life in np.argsort(self.lives.table["birth"].to_numpy(), kind="stable").tolist():
            if self.copies[life]:
                found[life] = found[self._origin[life]]
        return found

    @cached_property
    def first(self) -> Int64:
        """For each life the first one of its process."""
        process = self.lives.table["process"]
        return process.index.to_series().groupby(process).transform("min").to_numpy(np.int64)

    @cached_property
    def becomes_program(self) -> Bools:
        """Which lives end by the execution of a program."""
        origin = self._origin[self.executed]
        found = np.zeros(len(self._origin), dtype=bool)
        found[origin[origin != UNKNOWN]] = True
        return found

    @cached_property
    def copies(self) -> Bools:
        """Which lives began as a copy of another process's."""
        found: Bools = ~self.executed & (self._origin != UNKNOWN)
        return found

    @cached_property
    def _origin(self) -> Int64:
        return self.lives.table["origin"].to_numpy(np.int64)

    @cached_property
    def of_lives(self) -> Int64:
        """Where a shell began each life; `UNKNOWN` if no shell did."""
        return self._of(self.causes.of_lives, self.mother)

    def of_segments(self, cause: Int64, life: Int64) -> Int64:
        """The places of what shells themselves did, by the causes to blame for it."""
        return self._of(cause, life)

    def _of(self, cause: Int64, shell: Int64) -> Int64:
        table, count = self.lives.table, len(self.stacks.lines)
        image = np.append(table["image"].to_numpy(np.int64), UNKNOWN)[shell]
        line = np.append(self.stacks.line_of, UNKNOWN)[np.maximum(cause - len(APART), UNKNOWN)]
        coded = np.append(self._coded, False)[image] & (line != UNKNOWN)
        place = np.where(coded, line, np.where(image == UNKNOWN, UNKNOWN, count + image))
        return np.where(np.append(self.shells, False)[shell], place, UNKNOWN)

    @cached_property
    def _coded(self) -> Bools:
        """Of which images the places in their code are known."""
        found = np.zeros(len(self.frames.images), dtype=bool)
        image = self.lives.table["image"].to_numpy()[self.causes.shells]
        found[image[image != UNKNOWN]] = True
        return found
