"""SH09: a file that is read again and again from one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.distinct import distinct
from aklo_analysis.program import base_name
from aklo_analysis.rules import costs
from aklo_analysis.rules.away import Away, away
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import together, whole
from aklo_analysis.rules.file_uses import (
    readable,
    segments_on_files,
    written_between,
)
from aklo_analysis.rules.followers import followers
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.sourced_files import sourcings
from aklo_analysis.rules.wording import commands, names, times
from aklo_analysis.units import duration

Int64 = npt.NDArray[np.int64]

READS: Final = Threshold("reads", "count", 5, "how often it is read from one line")

SIZE: Final = Threshold(
    "file_bytes",
    "bytes",
    65536,
    "how much of it is read, at most: a shell is no place for more",
    most=True,
)


@dataclass(frozen=True)
class _Gone:
    """The programs that would not be started, rows of `case.starts` by the `key` of the file and
    the line, and what goes away with them."""

    starts: pd.DataFrame
    away: Away


def check(case: Case) -> Iterator[Candidate]:
    read = _reads(case)
    read["key"] = read.groupby(["file", "place"], sort=False).ngroup()
    read = read[read["key"].duplicated(keep=False)]
    if not len(read):
        return
    gone, on_files = _gone(case, read), segments_on_files(case)
    groups: Any = read.groupby("key", sort=False)
    for _, here in groups:
        yield _candidate(case, here, gone, on_files)


def _gone(case: Case, read: pd.DataFrame) -> _Gone:
    """The programs that read these files, and those that work on what they write."""
    by_programs = read[read["start"].notna()]
    start, key = (by_programs[name].to_numpy(np.int64) for name in ("start", "key"))
    behind, leader = followers(case, case.starts.iloc[start])
    rows, keys = np.concatenate([start, behind]), np.concatenate([key, key[leader]])
    starts = case.starts.iloc[rows]
    return _Gone(starts.assign(key=keys), away(case, starts, keys))


def _reads(case: Case) -> pd.DataFrame:
    """A row for each time that a file was read which nobody wrote meanwhile: `file`, `place`,
    `at_ns`; and `start`, the number of the row of `case.starts` that did, NaN if the shell did
    itself. The place of the latter is the one where a shell opened the file most often."""
    shells = case.opened[~case.opened["at_ns"].isin(sourcings(case)["at_ns"])]
    usual = shells.groupby("file")["place"].transform(lambda places: places.mode().iloc[0])
    shells["place"] = usual.astype(np.int64)  # of no rows it would be a float
    found = pd.concat([shells.drop(columns="life"), _by_programs(case)], ignore_index=True)
    at_ns = found.groupby("file")["at_ns"]
    first_ns, last_ns = at_ns.min(), at_ns.max()
    changed = first_ns.index[written_between(case, first_ns, last_ns)]
    stays: pd.DataFrame = found[~found["file"].isin(changed)]
    return stays


def _by_programs(case: Case) -> pd.DataFrame:
    """Of programs that are no shells and read this file only."""
    reading = case.reading[~case.reading["piped"]]
    alone = reading[~reading["life"].duplicated(keep=False)]
    alone = alone[readable(case)[alone["file"].to_numpy()]]
    starts = case.starts[["life", "place"]].assign(start=np.arange(len(case.starts)))
    starts = starts[~case.places.shells[starts["life"].to_numpy()]]
    found = starts.merge(alone[["life", "file", "first_ns"]], on="life")
    renamed: pd.DataFrame = found.rename(columns={"first_ns": "at_ns"}).drop(columns="life")
    return renamed


def _candidate(case: Case, here: pd.DataFrame, gone: _Gone, on_files: pd.DataFrame) -> Candidate:
    file, place, key = (int(here[name].iloc[0]) for name in ("file", "place", "key"))
    path, number = case.frames.files["path"].iloc[file], len(here)
    own = (
        on_files[on_files["file"] == file]["row"] if here["start"].hasnans else on_files["row"][:0]
    )
    claim = together(whole(distinct(own.to_numpy(np.int64))), gone.away.claim(key))
    cost_ns = claim.saving_ns(case.segments_ns)
    programs = gone.starts[gone.starts["key"] == key]
    return Candidate(
        place=case.place(place),
        title=f"{base_name(path)} read {times(number)}",
        cost_ns=cost_ns,
        claim=claim.less(cost_ns / number + number * costs.FUNCTION, case.segments_ns),
        advice=_advice(case, place, programs),
        evidence=(
            f"{duration(cost_ns // number)} each, to read {path}",
            *(commands(programs) if len(programs) else ()),
        ),
        seen={READS.name: number, SIZE.name: _bytes(case, file)},
    )


def _bytes(case: Case, file: int) -> int:
    """How much of a file a program has read, the most of all."""
    reading = case.reading
    programs = ~case.places.shells[reading["life"].to_numpy()]
    return max(reading["bytes"][(reading["file"] == file) & programs].tolist(), default=0)


def _advice(case: Case, place: int, programs: pd.DataFrame) -> str:
    spared = f", instead of starting {names(programs)}" if len(programs) else ""
    if place < len(case.stacks.lines):
        how = "into an array (mapfile, or declare -A by key), and look it up there"
    else:
        how = "and keep what is needed of it in variables"
    return f"Read it once {how}{spared}."


RULE: Final = Rule("SH09", "a file read again and again", check, (*COST, READS, SIZE))
