"""All that a rule may look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.caches.cache import SHIPPED, Cache
from aklo_analysis.caches.observed import Observed, observed
from aklo_analysis.calls import UNKNOWN, derive
from aklo_analysis.causes import APART, Causes, causes
from aklo_analysis.frames import Frames, Source, load
from aklo_analysis.lives import Lives, live
from aklo_analysis.nullable import Objects, optional
from aklo_analysis.program import program_names, script_of
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.family import Family
from aklo_analysis.rules.file_names import FileNames, file_names
from aklo_analysis.rules.file_uses import opened_by_shells
from aklo_analysis.rules.look_ups import LookUps, look_ups
from aklo_analysis.rules.on_path import OnPath
from aklo_analysis.rules.order import Order, order
from aklo_analysis.rules.paths import Paths, paths_of
from aklo_analysis.rules.pipes import pipes
from aklo_analysis.rules.places import Places
from aklo_analysis.rules.reading import reading
from aklo_analysis.rules.shell_time import ShellTime, shell_time
from aklo_analysis.rules.spared import spared
from aklo_analysis.rules.starts import starts
from aklo_analysis.rules.upkeep import upkeep
from aklo_analysis.source import Sources
from aklo_analysis.stacks import Stacks, stacks
from aklo_analysis.wall import Wall, wall
from aklo_analysis.wall.doings import CODES
from aklo_trace.meta import MEASURED, Meta

Bools = npt.NDArray[np.bool_]
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
    `program.program_names` does. What several rules need is computed when one asks for it."""

    meta: Meta
    frames: Frames
    calls: pd.DataFrame
    lives: Lives
    causes: Causes
    stacks: Stacks
    names: Objects
    sources: Sources
    caches: tuple[Cache, ...] = SHIPPED

    @classmethod
    def of(cls, trace: Source, known_caches: Iterable[Cache] = SHIPPED) -> Case:
        """Raises `aklo_trace.errors.TraceError` if the trace cannot be read."""
        meta, frames = trace.meta, load(trace)
        calls = derive(frames)
        measured, filtered = meta.timing == MEASURED, bool(meta.filter)
        lives = live(frames, calls, meta.started_at_ns, meta.ended_at_ns, measured, filtered)
        code = causes(frames, calls, lives)
        return cls(
            meta,
            frames,
            calls,
            lives,
            code,
            stacks(frames, code),
            program_names(frames.images),
            Sources(meta),
            tuple(known_caches),
        )

    @cached_property
    def wall(self) -> Wall:
        return wall(self.meta, self.frames, self.calls, self.lives, self.causes)

    @cached_property
    def segments_ns(self) -> Int64:
        """How long each segment of the wall is."""
        return self.wall.segments["ns"].to_numpy(np.int64)

    @cached_property
    def life_ns(self) -> Int64:
        """How long the path was with each life."""
        sums = np.zeros(len(self.lives.table) + 1, np.int64)
        np.add.at(sums, self.wall.segments["life"].to_numpy(), self.segments_ns)
        return sums[:-1]

    @cached_property
    def paths(self) -> Paths:
        return paths_of(self.frames.files)

    @cached_property
    def look_ups(self) -> LookUps:
        return look_ups(self)

    @cached_property
    def file_names(self) -> FileNames:
        return file_names(self.frames.files)

    @cached_property
    def places(self) -> Places:
        return Places(self.frames, self.lives, self.causes, self.stacks)

    @cached_property
    def starts(self) -> pd.DataFrame:
        return starts(self.frames, self.places, self.names)

    @cached_property
    def spared(self) -> pd.DataFrame:
        return spared(self)

    @cached_property
    def reading(self) -> pd.DataFrame:
        return reading(self.frames, self.calls, self.lives)

    @cached_property
    def opened(self) -> pd.DataFrame:
        return opened_by_shells(self)

    @cached_property
    def pipes(self) -> pd.DataFrame:
        return pipes(self.frames, self.lives)

    @cached_property
    def family(self) -> Family:
        return Family(self.lives)

    @cached_property
    def order(self) -> Order:
        return order(self.frames, self.calls, self.lives)

    @cached_property
    def observed(self) -> tuple[Observed, ...]:
        """What was seen of each of the caches, in their order."""
        return observed(self)

    @cached_property
    def between(self) -> tuple[Int64, Int64, Int64]:
        """The segments of the wall outside calls, and the calls of their main thread before and
        after each, or `UNKNOWN`."""
        pieces = self.wall.segments
        life = pieces["life"].to_numpy()
        rows = np.flatnonzero((pieces["call"].to_numpy() == UNKNOWN) & (life != UNKNOWN))
        last, following = self.order.around(life[rows], pieces["start_ns"].to_numpy()[rows])
        return rows, last, following

    @cached_property
    def shell_time(self) -> ShellTime:
        return shell_time(self.wall.segments, self.places)

    @cached_property
    def on_path(self) -> OnPath:
        found = upkeep(self.wall.segments, self.calls, self.places, self.shell_time)
        return OnPath(self.family, self.wall.segments, found)

    def is_doing(self, rows: Int64, *keys: str) -> Bools:
        """Which of these segments of the wall are one of these doings."""
        return np.isin(self._doing[rows], [CODES[key] for key in keys])

    @cached_property
    def _image(self) -> list[int]:
        """The row of `frames.images` that each life runs."""
        return self.lives.table["image"].tolist()

    @cached_property
    def _doing(self) -> npt.NDArray[np.integer]:
        return self.wall.segments["doing"].cat.codes.to_numpy()

    def dialect(self, life: int) -> Dialect:
        """Of the shell that a life runs."""
        found: Dialect | None = self.places.dialects[self._image[life]]
        assert found is not None
        return found

    def place(self, number: int) -> Place:
        """By its number in `places`, of which those of lines are those of `stacks.lines`; of
        `UNKNOWN`, none."""
        if number == UNKNOWN:
            return Place(None, None, None)
        if number >= len(self.stacks.lines):
            return self._script(number - len(self.stacks.lines))
        found = self.stacks.lines[number]
        around = self._functions.get(number, self.stacks.around[number])
        return Place(
            self.stacks.functions[around].name,
            found.file,
            found.number,
            found.relative,
            self.sources.of(found).text,
        )

    @cached_property
    def _functions(self) -> dict[int, int]:
        """By line the function of most of its wall time: a line of a file that is sourced within
        functions is in several."""
        cause = self.wall.segments["cause"].to_numpy(np.int64)
        ns = np.zeros(self.causes.count, np.int64)
        np.add.at(ns, cause, self.segments_ns)
        columns = {
            "line": self.stacks.line_of,
            "function": self.stacks.function_of,
            "ns": ns[len(APART) :],
        }
        sums = pd.DataFrame(columns).groupby(["line", "function"])["ns"].sum()
        return dict(sums.sort_values(kind="stable").index.tolist())

    def _script(self, image: int) -> Place:
        row = self.frames.images.iloc[image]
        name = str(self.names[image]).rpartition(" (")[2].rstrip(")")
        return Place(None, optional(row["script"]) or script_of(name, row["argv"] or ()), None)
