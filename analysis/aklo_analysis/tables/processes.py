"""Processes by the time they took themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.measure import LifeMeasure, life_measured, own_ns
from aklo_analysis.nullable import Objects, optional_int
from aklo_analysis.ranking import Ranking, apart, rank
from aklo_analysis.tables.programs import NOBODY, OWN_TIME


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """`program` and `argv` are those of the last image it ran; if `execs` is 0, that is the
    image of the process that it is a copy of. `mostly` is the program that took most of its
    work. `start_ns` counts from the start of the trace;
    `duration_ns` is None if its end was not seen. Both are None if times are not known."""

    proc_id: int
    pid: int
    program: str | None
    mostly: str | None
    argv: tuple[str, ...] | None
    execs: int
    start_ns: int | None
    duration_ns: int | None
    exit_status: int | None
    signal: int | None
    measure: LifeMeasure


Processes = Ranking[ProcessRow, LifeMeasure]


def execs(frames: Frames) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many images each process started, by row of `frames.processes`."""
    owner = positions(frames.processes, "proc_id", frames.images["proc_id"])
    return np.bincount(owner[owner != UNKNOWN], minlength=len(frames.processes))


def _costliest(table: pd.DataFrame) -> pd.Series[int]:
    """By process the image in which it worked most."""
    rows = own_ns(table).groupby(table["process"]).idxmax()
    return pd.Series(table["image"].to_numpy()[rows], index=rows.index)


def processes(
    frames: Frames, lives: Lives, names: Objects, started_ns: int | None, top: int
) -> Processes:
    """`names` as `program_names` gives them; `started_ns` is None if times are not known."""
    sums = life_measured(lives.table, "process")
    sums["image"] = lives.table.groupby("process")["image"].last()
    sums["most"] = _costliest(lives.table)
    known = sums.index != UNKNOWN
    exec_count, argv = execs(frames), frames.images["argv"]

    def row(group: Any, measure: LifeMeasure) -> ProcessRow:
        process = frames.processes.iloc[group.Index]
        end_ns = None if started_ns is None else optional_int(process["end_ns"])
        return ProcessRow(
            proc_id=int(process["proc_id"]),
            pid=int(process["pid"]),
            program=names[group.image],
            mostly=names[group.most],
            argv=None if group.image == UNKNOWN else argv.iloc[group.image],
            execs=int(exec_count[group.Index]),
            start_ns=None if started_ns is None else int(process["start_ns"]) - started_ns,
            duration_ns=None if end_ns is None else end_ns - int(process["start_ns"]),
            exit_status=optional_int(process["exit_status"]),
            signal=optional_int(process["signal"]),
            measure=measure,
        )

    unknown = apart(NOBODY, LifeMeasure.over(sums[~known]))
    return rank(sums[known], LifeMeasure, row, by=OWN_TIME, top=top, apart=unknown)
