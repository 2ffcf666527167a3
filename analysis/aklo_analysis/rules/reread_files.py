"""SH09: a file that is read again and again from one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.distinct import distinct
from aklo_analysis.program import base_name
from aklo_analysis.rules import costs
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.file_uses import (
    readable,
    segments_on_files,
    written_between,
)
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.sourced_files import sourcings
from aklo_analysis.rules.wording import times
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


def check(case: Case) -> Iterator[Candidate]:
    read = _reads(case)
    on_files = segments_on_files(case) if len(read) else pd.DataFrame()
    groups: Any = read.groupby(["file", "place"], sort=False)
    for (file, place), here in groups:
        if len(here) > 1:
            yield _candidate(case, here, file, place, on_files)


def _reads(case: Case) -> pd.DataFrame:
    """A row for each time that a file was read which nobody wrote meanwhile: `file`, `place`,
    `at_ns`; and `root`, the life that was forked to read it, NaN if the shell did itself. The
    place of the latter is the one where a shell opened the file most often."""
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
    starts = case.starts[~case.places.shells[case.starts["life"].to_numpy()]]
    found = starts[["life", "root", "place"]].merge(alone[["life", "file", "first_ns"]], on="life")
    renamed: pd.DataFrame = found.rename(columns={"first_ns": "at_ns"}).drop(columns="life")
    return renamed


def _candidate(
    case: Case, here: pd.DataFrame, file: int, place: int, on_files: pd.DataFrame
) -> Candidate:
    path, number = case.frames.files["path"].iloc[file], len(here)
    roots = here["root"].dropna().to_numpy(np.int64)
    own = on_files[on_files["file"] == file]["row"] if here["root"].hasnans else on_files["row"][:0]
    families, _ = case.on_path.of_families(roots)
    upkeep, _ = case.on_path.of_upkeep(roots)
    rows = distinct(own.to_numpy(np.int64), families, upkeep)
    cost_ns = int(case.segments_ns[rows].sum())
    return Candidate(
        place=case.place(place),
        title=f"{base_name(path)} read {times(number)}",
        cost_ns=cost_ns,
        claim=instead(rows, case.segments_ns, cost_ns / number + number * costs.FUNCTION),
        advice=_advice(case, place),
        evidence=(f"{duration(cost_ns // number)} each, to read {path}",),
        seen={READS.name: number, SIZE.name: _bytes(case, file)},
    )


def _bytes(case: Case, file: int) -> int:
    """How much of a file a program has read, the most of all."""
    reading = case.reading
    programs = ~case.places.shells[reading["life"].to_numpy()]
    return max(reading["bytes"][(reading["file"] == file) & programs].tolist(), default=0)


def _advice(case: Case, place: int) -> str:
    if place < len(case.stacks.lines):
        return "Read it once into an array (mapfile, or declare -A by key), and look it up there."
    return "Read it once, and keep what is needed of it in variables."


RULE: Final = Rule("SH09", "a file read again and again", check, (*COST, READS, SIZE))
