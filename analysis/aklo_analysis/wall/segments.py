"""The critical path in detail: each stretch of it in one call, or between two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.lives import Lives
from aklo_analysis.wall.critical_path import Pieces
from aklo_analysis.wall.slices import bounds, counted_up, first_at, last_before
from aklo_analysis.wall.threads import Threads

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Segments:
    """By time, without gaps. `place`: of a call among those of `Threads`; or, if not `in_call`,
    of the thread's next one, which may be that of another thread. `life`: row of `lives.table`.
    `state`: as in `waits`."""

    start_ns: Int64
    ns: Int64
    thread: Int64
    place: Int64
    in_call: Bools
    life: Int64
    state: Int64

    def at(self, places: Any) -> Segments:
        return Segments(*(getattr(self, field.name)[places] for field in fields(self)))


def segments(threads: Threads, lives: Lives, pieces: Pieces) -> Segments:
    """The parts of pieces of the path."""
    low, high = threads.slices[pieces.thread], threads.slices[pieces.thread + 1]
    low = first_at(threads.end_ns, low, high, pieces.begin_ns + 1)
    counts = first_at(threads.begin_ns, low, high, pieces.end_ns) - low
    # of each piece its beginning, beginnings and ends of calls in turn, and its end
    number = counted_up(2 * counts + 2).astype(np.int32)
    piece = np.repeat(np.arange(len(counts), dtype=np.int32), 2 * counts + 2)
    place = low[piece] + number // 2
    odd = number % 2 == 1
    times_ns = np.append(threads.begin_ns, 0)[place]
    times_ns[~odd] = np.append(threads.end_ns, 0)[place[~odd] - 1]
    np.clip(times_ns, pieces.begin_ns[piece], pieces.end_ns[piece], out=times_ns)
    times_ns[number == 0] = pieces.begin_ns
    del number
    times_ns[np.cumsum(2 * counts + 2) - 1] = pieces.end_ns
    ns = np.diff(times_ns, append=pieces.end_ns[-1:])
    some = np.flatnonzero(ns)
    thread, place, in_call = pieces.thread[piece[some]], place[some], odd[some]
    life = np.append(lives.of_calls[threads.calls], 0)[np.where(in_call, place, UNKNOWN)]
    start_ns = times_ns[some]
    between = ~in_call
    life[between] = _lives_at(lives, threads.process[thread[between]], start_ns[between])
    state = pieces.state[piece[some]]
    return Segments(start_ns, ns[some], thread, place, in_call, life, state)


def _lives_at(lives: Lives, process: Int64, at_ns: Int64) -> Int64:
    """The life that each process leads at a time; before the first one, that."""
    table = lives.table[~lives.table["stray"]]
    slices = bounds(table["process"].to_numpy(np.int64), int(process.max(initial=0)) + 1)
    low, high = slices[process], slices[process + 1]
    found = last_before(table["start_ns"].to_numpy(np.int64), low, high, at_ns + 1)
    return np.where(found == UNKNOWN, low, found)
