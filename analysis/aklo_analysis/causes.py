"""Who is to blame: the shell code that made a call, or that started the process that made it.

A cause is a place in shell code with the cause of the script that it belongs to: the place from
which that script was executed, and so on, up to the first shell of the trace. A life that runs no
shell code, and what a shell does before and after its own code, is charged to the cause that
forked or executed it, through as many generations as there are. The first causes are those of
`APART`: nobody's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_trace.schema import SampleFlag, SyscallFlag

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

APART: Final = ("start_up", "not_started", "unread", "unknown")
"""Causes that are no shell code, by their numbers: a bash outside of any code, programs that no
shell code started, shell code at a place that could not be read, as that of other shells, and an
unknown process."""
START_UP, NOT_STARTED, UNREAD, NOBODY = range(len(APART))

BASH: Final = "bash"
"""How `images.shell` begins for it."""


@dataclass(frozen=True)
class Causes:
    """Of each cause behind those of `APART` its `site`, a row of `frames.sites`, and `outer`,
    the cause of its script, or `UNKNOWN`. `of_lives`: of each life what started it, and so what
    is charged with all in it that has no place of its own. `of_calls`: of each call.
    `of_samples`: of each sample, `UNKNOWN` if its place is not known; `lives_of_samples`: its
    life. `shells`: which lives run shell code whose places are known."""

    site: Int64
    outer: Int64
    of_lives: Int64
    of_calls: Int64
    of_samples: Int64
    lives_of_samples: Int64
    shells: Bools

    @property
    def count(self) -> int:
        return len(APART) + len(self.site)


class _Numbers:
    """Numbers pairs of an outer cause and a site."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}

    def of(self, outer: int, site: int) -> int:
        return self._numbers.setdefault((outer, site), len(APART) + len(self._numbers))

    def column(self, outer: Int64, site: Int64, sites: int) -> Int64:
        """The cause for each pair, whole columns at a time; `sites` is how many there are."""
        codes, pairs = pd.factorize((outer - UNKNOWN) * (sites + 1) + site)
        numbers = [
            self.of(pair // (sites + 1) + UNKNOWN, pair % (sites + 1)) for pair in pairs.tolist()
        ]
        return np.array(numbers, np.int64)[codes]

    def columns(self) -> tuple[Int64, Int64]:
        pairs = np.array([*self._numbers], np.int64).reshape(-1, 2)
        return pairs[:, 1], pairs[:, 0]


def causes(frames: Frames, calls: pd.DataFrame, lives: Lives) -> Causes:
    """`calls` as `derive` gives them."""
    numbers, site = _Numbers(), calls["site"].to_numpy(np.int64)
    placed = site != UNKNOWN
    samples_site = positions(frames.sites, "site_id", frames.samples["site_id"]).astype(np.int64)
    samples_life = _lives_of_samples(frames, lives)
    sampled = (samples_site != UNKNOWN) & (samples_life != UNKNOWN)
    shells = np.zeros(len(lives.table), dtype=bool)
    shells[lives.of_calls[placed]] = True
    shells[samples_life[sampled]] = True
    of_lives, outer = _of_lives(frames, lives, numbers, _nobodys(frames, lives, shells))

    of_calls = of_lives[lives.of_calls]
    count = len(frames.sites)
    of_calls[placed] = numbers.column(outer[lives.of_calls[placed]], site[placed], count)
    unread = ((frames.syscalls["flags"].to_numpy() & SyscallFlag.SITE_UNKNOWN) != 0) & ~placed
    of_calls[unread & (of_calls < len(APART))] = UNREAD
    of_samples = np.full(len(samples_site), UNKNOWN, np.int64)
    of_samples[sampled] = numbers.column(outer[samples_life[sampled]], samples_site[sampled], count)
    of_samples[(frames.samples["flags"].to_numpy() & SampleFlag.IN_SYSCALL) != 0] = UNKNOWN
    return Causes(*numbers.columns(), of_lives, of_calls, of_samples, samples_life, shells)


def is_bash(frames: Frames) -> Bools:
    """Which images are of the shell whose code can be read; the last, for an unknown one, not."""
    names = frames.images["shell"].astype("object").fillna("")
    return np.append(names.str.startswith(BASH).to_numpy(dtype=bool), False)


def _lives_of_samples(frames: Frames, lives: Lives) -> Int64:
    process = positions(frames.processes, "proc_id", frames.samples["proc_id"])
    image = positions(frames.images, "image_id", frames.samples["image_id"])
    table = pd.MultiIndex.from_frame(lives.table[["process", "image"]])
    found: Int64 = table.get_indexer(pd.MultiIndex.from_arrays([process, image])).astype(np.int64)
    return found


def _nobodys(frames: Frames, lives: Lives, shells: Bools) -> Int64:
    """For each life the cause of `APART` that it has if nobody's code started it."""
    image, process = lives.table["image"].to_numpy(), lives.table["process"].to_numpy()
    named = np.append(frames.images["shell"].notna().to_numpy(), False)[image]
    flags = frames.syscalls["flags"].to_numpy()
    unread = np.zeros(len(shells), dtype=bool)
    unread[lives.of_calls[(flags & SyscallFlag.SITE_UNKNOWN) != 0]] = True
    found = np.where(named | unread, UNREAD, NOT_STARTED)
    found = np.where(shells | (is_bash(frames)[image] & ~unread), START_UP, found)
    return np.where(process == UNKNOWN, NOBODY, found).astype(np.int64)


def _of_lives(
    frames: Frames, lives: Lives, numbers: _Numbers, nobodys: Int64
) -> tuple[Int64, Int64]:
    """For each life its cause, and the cause of the script whose code it runs, if it does."""
    table = lives.table
    forked = _site_of(frames, frames.processes["site_id"], table["process"])
    executed = _site_of(frames, frames.images["site_id"], table["image"])
    site = np.where(table["executed"], executed, forked).tolist()
    origins, execs = table["origin"].tolist(), table["executed"].tolist()
    cause, outer = nobodys.tolist(), [UNKNOWN] * len(table)
    for life in np.argsort(table["birth"].to_numpy(), kind="stable").tolist():
        origin = origins[life]
        around = UNKNOWN if origin == UNKNOWN else outer[origin]
        if site[life] != UNKNOWN:
            cause[life] = numbers.of(around, site[life])
        elif origin != UNKNOWN and cause[origin] >= len(APART):
            cause[life] = cause[origin]
        is_code = execs[life] and cause[life] >= len(APART)
        outer[life] = cause[life] if is_code else around
    return np.array(cause, np.int64), np.array(outer, np.int64)


def _site_of(frames: Frames, column: pd.Series[Any], rows: pd.Series[int]) -> Int64:
    """The sites in a column of a table, for given rows of it."""
    sites = np.append(positions(frames.sites, "site_id", column), UNKNOWN)
    found: Int64 = sites[rows.to_numpy()].astype(np.int64)
    return found
