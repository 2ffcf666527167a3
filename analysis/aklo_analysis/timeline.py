"""Processes over time: the longest one by one, and how many others there were meanwhile; and what
the user was waiting for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.nullable import known_values, objects, optional_int
from aklo_analysis.over_time import COLUMNS, Columns, whole_time
from aklo_analysis.rules.case import Case
from aklo_analysis.tables.processes import execs
from aklo_analysis.wall.doings import DOINGS

Int64 = npt.NDArray[np.int64]

BARS: Final = 2000


@dataclass(frozen=True, slots=True)
class ProcessBar:
    """A process that is drawn by itself. `program` and `argv` are those of the last image that it
    ran; `copied`: it ran none of its own. `start_ns` counts from the start of the trace, and is 0
    for what was there before; `ended` is false if its end was not seen. `lane`: how far down, so
    that bars do not overlap and stand below their parents."""

    pid: int
    program: str | None
    argv: tuple[str, ...] | None
    copied: bool
    start_ns: int
    ns: int
    ended: bool
    exit_status: int | None
    signal: int | None
    lane: int


@dataclass(frozen=True)
class Timeline:
    """`bars`: by their beginning. Of the `others`, so many processes, `others_ns` says how long
    they lived in each column, all together. `doings_ns`: of each key of `wall.doings.DOINGS` that
    occurs how much of the wall time in each column it took."""

    columns: Columns
    bars: tuple[ProcessBar, ...]
    others: int
    others_ns: tuple[int, ...]
    doings_ns: dict[str, tuple[int, ...]]

    @property
    def lanes(self) -> int:
        return max((bar.lane for bar in self.bars), default=-1) + 1


def timeline(case: Case, columns: int = COLUMNS, bars: int = BARS) -> Timeline:
    """At most so many bars."""
    whole = whole_time(case, columns)
    table = _lived(case, whole)
    longest = table.nlargest(bars, "ns", keep="first").sort_values(["start_ns", "row"])
    others = table.drop(longest.index)
    starts, ends = others["start_ns"].to_numpy(), (others["start_ns"] + others["ns"]).to_numpy()
    return Timeline(
        columns=whole,
        bars=_bars(case, longest),
        others=len(others),
        others_ns=tuple(whole.shared(starts, ends).tolist()),
        doings_ns=_doings(case, whole),
    )


def _lived(case: Case, whole: Columns) -> pd.DataFrame:
    """A row for each process: its `row` and that of its `parent` in the frame, `start_ns`, `ns`,
    and the `image` that it ran last."""
    processes, lives = case.frames.processes, case.lives.table
    start_ns = np.maximum(processes["start_ns"].to_numpy(), whole.start_ns)
    end_ns = known_values(processes["end_ns"], whole.start_ns + whole.ns)
    image = np.full(len(processes) + 1, UNKNOWN, np.int64)
    image[lives["process"].to_numpy()] = lives["image"].to_numpy()
    columns = {
        "row": np.arange(len(processes)),
        "parent": positions(processes, "proc_id", processes["parent_proc_id"]),
        "start_ns": start_ns,
        "ns": np.maximum(end_ns - start_ns, 0),
        "image": image[:-1],
    }
    return pd.DataFrame(columns)


def _bars(case: Case, table: pd.DataFrame) -> tuple[ProcessBar, ...]:
    executed, argv = execs(case.frames) > 0, [*objects(case.frames.images["argv"]), None]
    processes, lanes = case.frames.processes, _lanes(table)

    def bar(lane: int, row: int, start_ns: int, ns: int, image: int) -> ProcessBar:
        process = processes.iloc[row]
        return ProcessBar(
            pid=int(process["pid"]),
            program=case.names[image],
            argv=argv[image],
            copied=not executed[row],
            start_ns=start_ns - case.meta.started_at_ns,
            ns=ns,
            ended=not pd.isna(process["end_ns"]),
            exit_status=optional_int(process["exit_status"]),
            signal=optional_int(process["signal"]),
            lane=lane,
        )

    columns = [table[name].tolist() for name in ("row", "start_ns", "ns", "image")]
    return tuple(map(bar, lanes, *columns))


def _lanes(table: pd.DataFrame) -> list[int]:
    """The first lane below that of the parent that is free when a process begins."""
    free_ns: list[int] = []
    found: dict[int, int] = {}
    columns = [table[name].tolist() for name in ("row", "parent", "start_ns", "ns")]
    for row, parent, start_ns, ns in zip(*columns, strict=True):
        first = found.get(parent, -1) + 1
        free = (lane for lane in range(first, len(free_ns)) if free_ns[lane] <= start_ns)
        lane = next(free, max(first, len(free_ns)))
        free_ns += [0] * (lane + 1 - len(free_ns))
        free_ns[lane] = start_ns + ns
        found[row] = lane
    return list(found.values())


def _doings(case: Case, whole: Columns) -> dict[str, tuple[int, ...]]:
    segments = case.wall.segments
    start_ns, doing = segments["start_ns"].to_numpy(), segments["doing"].cat.codes.to_numpy()
    end_ns = start_ns + case.segments_ns
    found: dict[str, tuple[int, ...]] = {}
    for code, one in enumerate(DOINGS):
        rows = np.flatnonzero(doing == code)
        if len(rows):
            found[one.key] = tuple(whole.shared(start_ns[rows], end_ns[rows]).tolist())
    return found
