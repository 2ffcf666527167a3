"""The shell code to blame for each segment of the critical path.

A call is its own line's. What a shell computes between the calls of two lines is half the one's
and half the other's; unless the timer found a shell between calls of these two lines. Then all
that time between them is divided as `between` does it: in proportion to what the samples found,
where the two lines themselves count like one more sample. It is divided in the order of time, so
how much each line has is known, and when it ran is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import Causes
from aklo_analysis.distinct import distinct
from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.wall.segments import Segments
from aklo_analysis.wall.threads import Threads

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """Parts of segments, in their order: the `segment`, how long, and the `cause`."""

    segment: Int64
    ns: Int64
    cause: Int64


def blame(frames: Frames, threads: Threads, lives: Lives, causes: Causes, found: Segments) -> Parts:
    return _in_order(_parts(frames, threads, lives, causes, found))


def _parts(
    frames: Frames, threads: Threads, lives: Lives, causes: Causes, found: Segments
) -> tuple[Parts, ...]:
    before, after = _around(threads, lives, causes, found)
    sampled = _sampled(frames, causes, found)
    key = before * causes.count + after
    spread = np.isin(key, key[sampled.segment]) & ~found.in_call
    halved = ~spread & (before != after)
    whole, halves = np.flatnonzero(~spread & ~halved), np.flatnonzero(halved)
    half_ns = found.ns[halves] // 2
    return (
        Parts(whole, found.ns[whole], before[whole]),
        Parts(halves, half_ns, before[halves]),
        Parts(halves, found.ns[halves] - half_ns, after[halves]),
        _spread(found, np.flatnonzero(spread), key, sampled, causes.count),
    )


def _in_order(parts: Sequence[Parts]) -> Parts:
    def column(name: str) -> Int64:
        return np.concatenate([getattr(part, name) for part in parts])

    some = np.flatnonzero(column("ns"))
    order = some[np.argsort(column("segment")[some], kind="stable")]
    return Parts(column("segment")[order], column("ns")[order], column("cause")[order])


def _around(threads: Threads, lives: Lives, causes: Causes, found: Segments) -> tuple[Int64, Int64]:
    """The causes of the calls before and after each segment; those of calls, and of what is no
    shell code, are one."""
    before = causes.of_lives[found.life]
    inside = np.flatnonzero(found.in_call)
    before[inside] = causes.of_calls[threads.calls[found.place[inside]]]
    between = np.flatnonzero(causes.shells[found.life] & ~found.in_call)
    segments = found.at(between)
    there, cause = _of_calls(threads, lives, causes, segments, segments.place - 1)
    before[between[there]] = cause
    after = before.copy()
    there, cause = _of_calls(threads, lives, causes, segments, segments.place)
    after[between[there]] = cause
    return before, after


def _of_calls(
    threads: Threads, lives: Lives, causes: Causes, segments: Segments, place: Int64
) -> tuple[Int64, Int64]:
    """Which of these segments have a call of their thread and life at `place`, and its cause."""
    there = np.flatnonzero((place >= 0) & (place < len(threads.calls)))
    there = there[threads.of_calls[place[there]] == segments.thread[there]]
    rows = threads.calls[place[there]]
    same = lives.of_calls[rows] == segments.life[there]
    return there[same], causes.of_calls[rows[same]]


def _sampled(frames: Frames, causes: Causes, found: Segments) -> Parts:
    """The segments between calls in which the timer found a shell, and what it found."""
    used = (causes.of_samples != UNKNOWN) & (causes.lives_of_samples != UNKNOWN)
    samples = np.flatnonzero(used)
    ts_ns = frames.samples["ts_ns"].to_numpy(np.int64)[samples]
    segment = np.searchsorted(found.start_ns, ts_ns, "right") - 1
    there = np.append(found.life, UNKNOWN)[segment] == causes.lives_of_samples[samples]
    there &= ~np.append(found.in_call, True)[segment] & (segment >= 0)
    samples, segment = samples[there], segment[there]
    return Parts(segment, np.zeros(len(segment), np.int64), causes.of_samples[samples])


def _spread(found: Segments, places: Int64, key: Int64, sampled: Parts, count: int) -> Parts:
    """The segments at these places, of the same kinds as those that were sampled: all of a kind
    are laid end to end, and cut anew into the shares of the causes. `key` is of the causes
    before and after a segment, of which there are `count`."""
    kind, keys = pd.factorize(key[places])
    order = places[np.argsort(kind, kind="stable")]
    ends = np.cumsum(found.ns[order])
    whole_ns = np.zeros(len(keys), np.int64)
    np.add.at(whole_ns, kind, found.ns[places])
    of_samples = kind[np.searchsorted(places, sampled.segment)]
    shares = _shares(keys // count, of_samples, sampled.cause, keys % count)
    share_ends = _ends(shares, whole_ns)
    cuts = distinct(ends, share_ends)
    starts = np.append(0, cuts)[: len(cuts)]
    segment = order[np.searchsorted(ends, starts, "right")]
    cause = shares["cause"].to_numpy()[np.searchsorted(share_ends, starts, "right")]
    return Parts(segment, cuts - starts, cause)


def _shares(before: Int64, kind: Int64, sampled: Int64, after: Int64) -> pd.DataFrame:
    """The weights of causes in each kind, in their order: `before`, those that samples found,
    and `after`."""
    kinds = np.arange(len(before))
    columns = {
        "kind": np.concatenate([kinds, kind, kinds]),
        "order": np.repeat([0, 1, 2], [len(kinds), len(kind), len(kinds)]),
        "cause": np.concatenate([before, sampled, after]),
        "weight": np.repeat([1, 2, 1], [len(kinds), len(kind), len(kinds)]),
    }
    return pd.DataFrame(columns).groupby(["kind", "order", "cause"], as_index=False).sum()


def _ends(shares: pd.DataFrame, whole_ns: Int64) -> Int64:
    """Where each share ends, when the kinds follow each other."""
    kind = shares["kind"].to_numpy()
    so_far = shares.groupby("kind")["weight"].cumsum().to_numpy()
    whole = shares.groupby("kind")["weight"].transform("sum").to_numpy()
    part_ns = np.floor(so_far / whole * whole_ns[kind]).astype(np.int64)
    part_ns = np.where(so_far == whole, whole_ns[kind], np.minimum(part_ns, whole_ns[kind]))
    found: Int64 = (np.cumsum(whole_ns) - whole_ns)[kind] + part_ns
    return found
