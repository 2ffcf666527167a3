"""Waits for a CPU that other processes have meanwhile: without these there would be none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.rules.case import Case
from aklo_analysis.wall.slices import counted_up

Int64 = npt.NDArray[np.int64]


def crowding(case: Case, process: Int64, keys: Int64) -> pd.DataFrame:
    """Where the wall time goes into waiting for a CPU while one of these processes runs, rows of
    `frames.processes`, each of which has one of the `keys`: `key`, `row` of the segments of the
    wall, and `part` of the segment, from 0 to 1; each key and segment once."""
    waits = np.flatnonzero(case.is_doing(np.arange(len(case.segments_ns)), "cpu_wait"))
    begin_ns = case.wall.segments["start_ns"].to_numpy(np.int64)[waits]
    end_ns = begin_ns + case.segments_ns[waits]
    runs = _running(case, process, keys)
    low = np.searchsorted(end_ns, runs["start_ns"].to_numpy(), "right")
    high = np.searchsorted(begin_ns, runs["end_ns"].to_numpy(), "left")
    counts = np.maximum(high - low, 0)
    run, wait = np.repeat(np.arange(len(runs)), counts), np.repeat(low, counts) + counted_up(counts)
    runs = runs.iloc[run]
    until_ns = np.minimum(end_ns[wait], runs["end_ns"].to_numpy())
    shared_ns = until_ns - np.maximum(begin_ns[wait], runs["start_ns"].to_numpy())
    found = pd.DataFrame(
        {"key": runs["key"].to_numpy(), "row": waits[wait], "ns": shared_ns * runs["sign"]}
    )
    sums = found.groupby(["key", "row"], as_index=False)["ns"].sum()
    part = sums["ns"].to_numpy() / case.segments_ns[sums["row"].to_numpy()]
    shares: pd.DataFrame = sums[["key", "row"]].assign(part=np.clip(part, 0.0, 1.0))
    return shares


def _running(case: Case, process: Int64, keys: Int64) -> pd.DataFrame:
    """From when until when these processes were there, `sign` 1, and had no CPU, -1."""
    table, off = case.lives.table, case.frames.offcpu
    spans = table.groupby("process").agg({"start_ns": "min", "end_ns": "max"})
    there = pd.DataFrame({"process": process, "key": keys}).join(spans, on="process")
    of = positions(case.frames.processes, "proc_id", off["proc_id"]).astype(np.int64)
    leader = off["tid"].to_numpy() == np.append(case.frames.processes["pid"], UNKNOWN)[of]
    columns = {"process": of, "off_ns": off["ts_ns"], "on_ns": off["ts_ns"] + off["dur_ns"]}
    gone = pd.DataFrame(columns)[leader].merge(there, on="process")
    gone["start_ns"] = np.maximum(gone["start_ns"], gone["off_ns"])
    gone["end_ns"] = np.minimum(gone["end_ns"], gone["on_ns"])
    found: pd.DataFrame = pd.concat([there.assign(sign=1), gone.assign(sign=-1)])
    return found
