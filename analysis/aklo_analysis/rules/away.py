"""What goes away on the critical path when programs are no longer started."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.distinct import distinct
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import Claim, together, whole
from aklo_analysis.rules.crowding import crowding

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LONG_AGO: Final = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Away:
    """`lives`: a row for each process that would not be, its first life in `life`, and in `key`
    that of the program with which it goes. `whole`: with all that it does and starts; else only
    the making and ending of it. `since_ns`: what it does before that costs nothing, because
    another process that stays gets ready meanwhile."""

    case: Case
    lives: pd.DataFrame

    def claim(self, key: int) -> Claim:
        """What of the wall goes away with the programs of a key: what they and their shell do for
        them while nobody else gets on, and waits of others for the CPU that they had."""
        here = self.lives[self.lives["key"] == key]
        found = self._of(here[here["whole"]]), self._of(here[~here["whole"]])
        upkeep, _ = self.case.on_path.of_upkeep(here["life"].to_numpy(np.int64))
        crowded = self._crowding[self._crowding["key"] == key]
        row, part = crowded["row"].to_numpy(np.int64), crowded["part"].to_numpy(np.float64)
        return together(whole(distinct(*found, upkeep)), Claim(row, part))

    @cached_property
    def _crowding(self) -> pd.DataFrame:
        lives = self.lives[self.lives["whole"]]
        life, key = (lives[name].to_numpy(np.int64) for name in ("life", "key"))
        process = self.case.lives.table["process"].to_numpy(np.int64)
        return crowding(self.case, process[life], key)

    def _of(self, here: pd.DataFrame) -> Int64:
        segments, stretches = self.case.wall.segments, self.case.on_path
        life, since_ns = here["life"].to_numpy(np.int64), here["since_ns"].to_numpy(np.int64)
        if here["whole"].any():
            rows, of = stretches.of_families(life)
        else:
            rows, of = stretches.of_lives(life)
            made = self.case.is_doing(rows, "process")
            rows, of = rows[made], of[made]
        late: Bools = segments["start_ns"].to_numpy(np.int64)[rows] >= since_ns[of]
        return rows[late]


def away(case: Case, starts: pd.DataFrame, keys: Int64) -> Away:
    """When these of `case.starts` go away, each with one of the `keys`, which are not negative.
    With them go the shell's copies that write what they read, and those that were made to start
    them."""
    roots = starts["root"].to_numpy(np.int64)
    key = np.full(len(case.lives.table), UNKNOWN, np.int64)
    key[roots] = keys
    writers, readers = _writers(case, roots)
    key[writers] = key[readers]
    while len((around := _around(case, key))[0]):
        copies, children = around
        key[copies] = key[children]
    life = np.flatnonzero(key != UNKNOWN)
    columns = {"life": life, "key": key[life], "whole": np.isin(life, roots)}
    since_ns = _since_ns(case, life, key != UNKNOWN)
    return Away(case, pd.DataFrame(columns).assign(since_ns=since_ns))


def _writers(case: Case, roots: Int64) -> tuple[Int64, Int64]:
    """The copies of a shell, made at the same place, that write into pipes that these read, and
    which of these do."""
    pipes, places = case.pipes, case.places
    pipes = pipes[np.isin(pipes["reader"], roots)]
    writer, reader = pipes["writer"].to_numpy(np.int64), pipes["reader"].to_numpy(np.int64)
    beside = places.mother[writer] == places.mother[reader]
    beside &= places.of_lives[writer] == places.of_lives[reader]
    beside &= places.copies[writer] & ~places.becomes_program[writer]
    return writer[beside], reader[beside]


def _around(case: Case, key: Int64) -> tuple[Int64, Int64]:
    """The copies of a shell whose children are all gone, and were begun where they were; and a
    child of each. A copy is there once for each child."""
    places, origin = case.places, case.lives.table["origin"].to_numpy(np.int64)
    child = np.flatnonzero(origin != UNKNOWN)
    mother = origin[child]
    same = (key[child] != UNKNOWN) & (places.of_lives[child] == places.of_lives[mother])
    others = np.zeros(len(key), dtype=bool)
    others[mother[~same]] = True
    found = places.copies[mother] & ~others[mother] & (key[mother] == UNKNOWN)
    return mother[found], child[found]


def _since_ns(case: Case, life: Int64, gone: Bools) -> Int64:
    """When a process that stays, and reads what one of these writes, began to wait for it."""
    pipes, family = case.pipes, case.family
    pipes = pipes[np.isin(pipes["writer"], life) & ~gone[pipes["reader"]]]
    writer, reader = pipes["writer"].to_numpy(np.int64), pipes["reader"].to_numpy(np.int64)
    pipes = pipes[~family.comes_from(writer, reader)]
    process = case.lives.table["process"].to_numpy(np.int64)
    reads = case.reading.assign(process=process[case.reading["life"]])
    pipes = pipes.assign(process=process[pipes["reader"]])
    met = pipes.merge(reads[["process", "file", "first_ns"]], on=["process", "file"])
    first_ns = met.groupby("writer")["first_ns"].min()
    return first_ns.reindex(life, fill_value=LONG_AGO).to_numpy(np.int64)
