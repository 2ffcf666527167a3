"""Joins the halves of calls that other processes interrupted in the log.

``read(3 <unfinished ...>`` and the next ``<... read resumed>"x", 1) = 1`` of the same thread
are one call: what the first half says stays, what only the second knows is filled in.
"""

from __future__ import annotations

import numpy as np

from aklo_trace.events import NULL, Int64
from aklo_trace.strace.bytewise import Mask, Positions
from aklo_trace.strace.columns import NOTHING, CallColumns
from aklo_trace.strace.line import Call, Part


def pair(calls: CallColumns, thread: Int64, ts_ns: Int64 | None) -> tuple[Mask, Positions]:
    """Join the halves that follow each other within `calls`. `thread` and `ts_ns` have a value
    for each row, and only halves of the same thread are joined; without `ts_ns` only strace's
    own durations count. First halves become whole calls. Gives the rows to keep, and for each
    row the line on which its call ended."""
    halves = np.flatnonzero(calls.part != Part.WHOLE)
    halves = halves[np.argsort(thread[halves], kind="stable")]
    first, second = halves[:-1], halves[1:]
    matching = (thread[first] == thread[second]) & (calls.syscall[first] == calls.syscall[second])
    matching &= (calls.part[first] == Part.BEGIN) & (calls.part[second] == Part.END)
    first, second = first[matching], second[matching]
    calls.part[first] = Part.WHOLE
    _fill(calls, first, second, ts_ns)
    kept = np.ones(len(calls), bool)
    kept[second] = False
    end_line = calls.line.copy()
    end_line[first] = calls.line[second]
    return kept, end_line


def _fill(calls: CallColumns, first: Positions, second: Positions, ts_ns: Int64 | None) -> None:
    for column in (calls.ret, calls.errno, calls.spawned):
        column[first] = column[second]
    measured = calls.dur_ns[second]
    returned = (calls.ret[second] != NULL) | (calls.errno[second] != 0)
    if ts_ns is not None:
        between = np.where(returned, ts_ns[second] - ts_ns[first], NULL)
        measured = np.where(measured == NULL, between, measured)
    calls.dur_ns[first] = measured
    for column, unknown in (
        (calls.fd, NULL),
        (calls.offset, NULL),
        (calls.file, NOTHING),
        (calls.file2, NOTHING),
    ):
        known = column[first]
        column[first] = np.where(known == unknown, column[second], known)
    calls.flags[first] |= calls.flags[second]


def join(first: Call, second: Call, between_ns: int | None) -> Call:
    """One call of its two halves, as `pair` does it for many."""
    returned = second.ret != NULL or second.errno != 0
    first.part = Part.WHOLE
    first.ret, first.errno, first.spawned = second.ret, second.errno, second.spawned
    first.dur_ns = second.dur_ns
    if second.dur_ns == NULL and returned and between_ns is not None:
        first.dur_ns = between_ns
    if first.fd == NULL:
        first.fd = second.fd
    if first.offset == NULL:
        first.offset = second.offset
    first.file = first.file or second.file
    first.file2 = first.file2 or second.file2
    first.flags |= second.flags
    return first
