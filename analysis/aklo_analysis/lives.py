"""The lives of processes: one row per process and image that it ran.

The main thread of a life is at each instant inside a call, outside, ready but without a CPU,
stopped by a signal, or, where only some calls were recorded, in one of the others; so what it
lived is the sum of these. Where an engine cannot tell how long it had no CPU, or was stopped, that
is in the time outside calls, with computing and page faults. Threads other than the main one add
their calls, but what they do outside calls is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.frames import Frames
from aklo_analysis.lineage import births, lives_of_calls
from aklo_analysis.measure import measured
from aklo_analysis.offcpu import cpu_wait, stopped, unrecorded
from aklo_trace.schema import SyscallFlag

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lives:
    """`table`: per life the columns of `lineage.births`, of which `process` and `image` are rows
    of the frames or `UNKNOWN`; `start_ns` and `end_ns`; and one for each field of `LifeMeasure`.
    `unfinished`: per call of a main thread that never returned its row in `call`, its `life` (a
    row of `table`), its `activity`, and `ns`, the time until the life ended.
    `of_calls`: for each call its row in `table`."""

    table: pd.DataFrame
    unfinished: pd.DataFrame
    of_calls: Int64


@dataclass(frozen=True)
class Spans:
    """Per life: time inside the calls of its main thread, when the first began and the last
    ended. Without any call, `first_ns` and `last_ns` are those of the life's beginning."""

    inside_ns: Int64
    first_ns: Int64
    last_ns: Int64


def live(
    frames: Frames,
    calls: pd.DataFrame,
    started_ns: int,
    ended_ns: int,
    measured_time: bool = True,
    filtered: bool = False,
) -> Lives:
    """The lives in a trace that lasted from `started_ns` to `ended_ns`; `calls` as `derive`
    gives them. Without `measured_time` nothing is known of the time outside calls, nor of that
    in calls that never returned. `filtered`: only some calls were recorded."""
    lives, life = lives_of_calls(births(frames), calls, len(frames.images))
    spans = _spans(frames, calls, life, lives)
    start_ns, end_ns = _bounds(frames, lives, spans, started_ns, ended_ns)
    unfinished = _unfinished(frames, calls, life, end_ns)
    if not measured_time:
        unfinished, end_ns = unfinished[:0], start_ns
    table = lives.assign(start_ns=start_ns, end_ns=end_ns).join(
        measured(calls, life).reindex(lives.index, fill_value=0)
    )
    waits = unfinished["activity"].isin([a.key for a in ACTIVITIES if a.waits])
    for name, rows in ("unfinished_work_ns", ~waits), ("unfinished_wait_ns", waits):
        table[name] = np.int64(0)
        table.loc[unfinished["life"][rows], name] = unfinished["ns"][rows].to_numpy()
    inside_ns = spans.inside_ns + table["unfinished_work_ns"] + table["unfinished_wait_ns"]
    outside_ns = (end_ns - start_ns - inside_ns).clip(lower=0).where(~lives["stray"], 0)
    process = lives["process"].to_numpy()
    table["stopped_ns"] = stopped(frames, process, outside_ns.to_numpy())
    outside_ns -= table["stopped_ns"]
    table["cpu_wait_ns"] = cpu_wait(frames, process, outside_ns.to_numpy())
    outside_ns -= table["cpu_wait_ns"]
    table["unrecorded_ns"] = np.int64(0)
    if filtered:
        work_ns = (table["work_ns"] + table["unfinished_work_ns"]).to_numpy()
        table["unrecorded_ns"] = unrecorded(frames, process, outside_ns.to_numpy(), work_ns)
    table["outside_ns"] = outside_ns - table["unrecorded_ns"]
    return Lives(table, unfinished, life)


def _spans(frames: Frames, calls: pd.DataFrame, life: Int64, lives: pd.DataFrame) -> Spans:
    rows = np.flatnonzero(calls["leader"].to_numpy())
    life, began_ns = life[rows], frames.syscalls["ts_ns"].to_numpy()[rows]
    dur_ns = (calls["work_ns"].to_numpy() + calls["wait_ns"].to_numpy())[rows]
    begin_ns = lives["begin_ns"].to_numpy(np.int64)
    idle = np.bincount(life, minlength=len(lives)) == 0
    inside_ns = np.zeros(len(lives), np.int64)
    first_ns = np.where(idle, begin_ns, np.iinfo(np.int64).max)
    last_ns = np.where(idle, begin_ns, np.iinfo(np.int64).min)
    np.add.at(inside_ns, life, dur_ns)
    np.minimum.at(first_ns, life, began_ns)
    np.maximum.at(last_ns, life, began_ns + dur_ns)
    return Spans(inside_ns, first_ns, last_ns)


def _bounds(
    frames: Frames, lives: pd.DataFrame, spans: Spans, started_ns: int, ended_ns: int
) -> tuple[Int64, Int64]:
    """When each life started and ended. One ends where the next of its process begins, but
    not before its own last call returned, and not after the next one's first call began."""
    process = lives["process"].to_numpy()
    begin_ns = np.minimum(np.maximum(lives["begin_ns"].to_numpy(), started_ns), spans.first_ns)
    last = np.append(process[1:] != process[:-1], True)
    process_end_ns = frames.processes["end_ns"].fillna(ended_ns).to_numpy(np.int64)
    end_ns = np.where(last, np.append(process_end_ns, 0)[process], np.roll(begin_ns, -1))
    end_ns = np.maximum(end_ns, spans.last_ns)
    start_ns = np.where(np.roll(last, 1), begin_ns, np.roll(end_ns, 1))
    return start_ns, end_ns


def _unfinished(frames: Frames, calls: pd.DataFrame, life: Int64, end_ns: Int64) -> pd.DataFrame:
    flags = frames.syscalls["flags"].to_numpy()
    unfinished = ((flags & SyscallFlag.UNFINISHED) != 0) & calls["leader"].to_numpy()
    rows = np.flatnonzero(unfinished)
    elapsed_ns = end_ns[life[rows]] - frames.syscalls["ts_ns"].to_numpy()[rows]
    activity = calls["activity"].array[rows]
    columns = {"call": rows, "life": life[rows], "activity": activity, "ns": elapsed_ns.clip(0)}
    frame = pd.DataFrame(columns)
    return frame.drop_duplicates("life", keep="last")
