"""The critical path in detail: each stretch of it in one call, or between two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

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
    piece, start_ns, ns, place, in_call = _cut(threads, pieces)
    thread = pieces.thread[piece]
    inside, between = np.flatnonzero(in_call), np.flatnonzero(~in_call)
    life = np.empty(len(piece), np.int64)
    life[inside] = lives.of_calls[threads.calls[place[inside]]]
    life[between] = _lives_at(lives, threads.process[thread[between]], start_ns[between])
    return Segments(start_ns, ns, thread, place, in_call, life, pieces.state[piece])


def _cut(threads: Threads, pieces: Pieces) -> tuple[Int64, Int64, Int64, Int64, Bools]:
    """The number of the piece of each segment, and its `start_ns`, `ns`, `place` and `in_call`."""
    low, high = threads.slices[pieces.thread], threads.slices[pieces.thread + 1]
    low = first_at(threads.end_ns, low, high, pieces.begin_ns + 1)
    counts = first_at(threads.begin_ns, low, high, pieces.end_ns) - low
    numbers = np.arange(len(counts))
    piece, call = np.repeat(numbers, counts), np.repeat(low, counts) + counted_up(counts)
    # of each piece its beginning, then the beginnings and ends of its calls in turn
    firsts = 2 * (np.cumsum(counts) - counts) + numbers
    begins = 2 * np.arange(len(call)) + piece + 1
    start_ns, place = np.empty((2, 2 * len(call) + len(counts)), np.int64)
    limits_ns = pieces.begin_ns[piece], pieces.end_ns[piece]
    start_ns[firsts], place[firsts] = pieces.begin_ns, low
    start_ns[begins], place[begins] = np.clip(threads.begin_ns[call], *limits_ns), call
    start_ns[begins + 1], place[begins + 1] = np.clip(threads.end_ns[call], *limits_ns), call + 1
    in_call = np.zeros(len(start_ns), dtype=bool)
    in_call[begins] = True
    ns = np.diff(start_ns, append=pieces.end_ns[-1:])
    some = np.flatnonzero(ns)
    piece = np.repeat(numbers, 2 * counts + 1)[some]
    return piece, start_ns[some], ns[some], place[some], in_call[some]


def _lives_at(lives: Lives, process: Int64, at_ns: Int64) -> Int64:
    """The life that each process leads at a time; before the first one, that."""
    table = lives.table[~lives.table["stray"]]
    start_ns = table["start_ns"].to_numpy(np.int64)
    slices = bounds(table["process"].to_numpy(np.int64), int(process.max(initial=0)) + 1)
    low, high = slices[process], slices[process + 1]
    several = np.flatnonzero(high - low > 1)
    low, high, at_ns = low[several], high[several], at_ns[several]
    found = slices[process]
    found[several] = np.maximum(last_before(start_ns, low, high, at_ns + 1), low)
    return found
