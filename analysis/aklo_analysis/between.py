"""Time between the calls of a shell, spread over the code that ran then.

What a shell computes between two calls belongs to the places of these two, or to others in
between that make no call. All intervals between the same two places are taken together, and their
time is divided among the places at which the timer found a shell within them; each interval's own
two places count like one more sample. So a loop that makes no call is seen by the timer, and what
is too short for the timer belongs to the calls around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import Causes
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TIMES: Final = ("outside_ns", "cpu_wait_ns", "stopped_ns", "unrecorded_ns")
"""The times of a life that are not within calls."""


@dataclass(frozen=True)
class Intervals:
    """Between the calls of main threads, from the beginning to the end of their lives: the
    `life`, how long, and the causes `before` and `after`. `sampled` are numbers of intervals,
    one for each sample, and `samples` the causes that the samples found."""

    life: Int64
    ns: Int64
    before: Int64
    after: Int64
    sampled: Int64
    samples: Int64


def spread(frames: Frames, calls: pd.DataFrame, lives: Lives, causes: Causes) -> pd.DataFrame:
    """The `TIMES` of all lives of shells, by cause: a row for each, in their order."""
    found = intervals(frames, calls, lives, causes)
    keys = found.before * causes.count + found.after
    kind, kinds = pd.factorize(keys)
    shares = _shares(found, kind, kinds, causes.count)
    whole_ns = _sums(found.life, found.ns, len(lives.table))
    weights = found.ns / np.maximum(whole_ns, 1)[found.life]
    columns = {}
    for name in TIMES:
        time_ns = lives.table[name].to_numpy()
        of_kind = _sums(kind, weights * time_ns[found.life], len(kinds))
        columns[name] = whole(shares.spread(of_kind), int(time_ns[causes.shells].sum()))
    return pd.DataFrame(columns)


def whole(parts: Floats, total: int) -> Int64:
    """Numbers in the proportions of `parts`, rounded so that they add up to `total`."""
    ends = np.cumsum(parts)
    if not len(ends) or ends[-1] == 0:
        return np.zeros(len(parts), np.int64)
    rounded = np.floor(ends / ends[-1] * total).astype(np.int64)
    rounded[ends == ends[-1]] = total
    found: Int64 = np.diff(np.minimum(rounded, total), prepend=0)
    return found


def _sums(numbers: Int64, values: npt.NDArray[np.number], count: int) -> Floats:
    return np.bincount(numbers, values, count).astype(np.float64)


@dataclass(frozen=True)
class _Shares:
    """Of each kind of interval the `part` that belongs to a cause."""

    kind: Int64
    cause: Int64
    part: Floats
    causes: int

    def spread(self, of_kind: Floats) -> Floats:
        return _sums(self.cause, of_kind[self.kind] * self.part, self.causes)


def _shares(found: Intervals, kind: Int64, kinds: Int64, causes: int) -> _Shares:
    sampled_kind = kind[found.sampled]
    samples = np.bincount(sampled_kind, minlength=len(kinds))
    numbers = np.arange(len(kinds))
    kind_of_part = np.concatenate([numbers, numbers, sampled_kind])
    cause = np.concatenate([kinds // max(causes, 1), kinds % max(causes, 1), found.samples])
    weight = np.concatenate([np.full(2 * len(kinds), 0.5), np.ones(len(sampled_kind))])
    return _Shares(kind_of_part, cause, weight / (samples + 1)[kind_of_part], causes)


def intervals(frames: Frames, calls: pd.DataFrame, lives: Lives, causes: Causes) -> Intervals:
    """In the lives of shells. The calls of a life come in order of time, then its end; samples
    stand where they fall."""
    shells, table = causes.shells, lives.table
    start_ns, end_ns = table["start_ns"].to_numpy(), table["end_ns"].to_numpy()
    rows = np.flatnonzero(shells[lives.of_calls] & calls["leader"].to_numpy())
    used = np.flatnonzero((causes.of_samples != UNKNOWN) & (causes.lives_of_samples != UNKNOWN))
    ends = np.flatnonzero(shells)
    sampled_life = causes.lives_of_samples[used]
    sampled_ns = frames.samples["ts_ns"].to_numpy()[used]
    sampled_ns = np.clip(sampled_ns, start_ns[sampled_life], end_ns[sampled_life])

    life = np.concatenate([lives.of_calls[rows], sampled_life, ends])
    begin_ns = np.concatenate([frames.syscalls["ts_ns"].to_numpy()[rows], sampled_ns, end_ns[ends]])
    returned_ns = np.concatenate([_returns(frames, calls, lives, rows), sampled_ns, end_ns[ends]])
    cause = np.concatenate([causes.of_calls[rows], causes.of_samples[used], causes.of_lives[ends]])
    kind = np.repeat(np.arange(3, dtype=np.int8), [len(rows), len(used), len(ends)])
    order = np.lexsort((begin_ns, life))
    is_sample = kind[order] == 1
    samples = order[is_sample]
    order = order[~is_sample]
    life, cause_now, is_end = life[order], cause[order], kind[order] == 2
    first = np.append(True, life[1:] != life[:-1])[: len(life)]
    before = np.where(first, causes.of_lives[life], np.roll(cause_now, 1))
    since_ns = np.where(first, start_ns[life], np.roll(returned_ns[order], 1))
    return Intervals(
        life=life,
        ns=np.maximum(begin_ns[order] - since_ns, 0),
        before=before,
        after=np.where(is_end, before, cause_now),
        sampled=np.cumsum(~is_sample)[is_sample],
        samples=cause[samples],
    )


def _returns(frames: Frames, calls: pd.DataFrame, lives: Lives, rows: Int64) -> Int64:
    """When the calls in these rows returned, or their lives ended in them."""
    dur_ns = (calls["work_ns"].to_numpy() + calls["wait_ns"].to_numpy())[rows]
    unfinished = lives.unfinished
    place = np.searchsorted(rows, unfinished["call"].to_numpy())
    among = np.append(rows, UNKNOWN)[place] == unfinished["call"].to_numpy()
    dur_ns[place[among]] = unfinished["ns"].to_numpy()[among]
    returned: Int64 = frames.syscalls["ts_ns"].to_numpy()[rows] + dur_ns
    return returned
