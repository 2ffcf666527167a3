"""Calls of shell functions: what the probes told of beginnings and ends, paired.

A function that runs in a process of its own, as at an end of a pipe, ends with the process. A
child begins within its parent's functions, whose ends are none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.stacks import Stacks
from aklo_trace.events import NULL, FunctionCalls
from aklo_trace.schema import CallFlag

RETURNED: Final = 0


@dataclass(slots=True)
class _Open:
    """A call that has begun."""

    depth: int
    ts_ns: int
    tid: int
    stack: int
    is_relative: int


class CallPairs:
    """Takes records and the ends of processes and images in their order."""

    def __init__(self, stacks: Stacks, offset_ns: int) -> None:
        self._stacks = stacks
        self._offset_ns = offset_ns
        self._open: dict[int, list[_Open]] = {}
        self._rows: list[tuple[int, int, int, int, int, int, int, int]] = []

    def add(self, record: dict[str, int]) -> None:
        """A struct function_record."""
        if record["flags"] & layout.FUNCTION_ENDS:
            self._end(record)
        else:
            self._begin(record)

    def close(self, proc_id: int, ts_ns: int, flag: CallFlag) -> None:
        """What a process was in has ended with its image, or with the process."""
        for call in reversed(self._open.pop(proc_id, [])):
            self._add(proc_id, call, ts_ns, NULL, flag)

    def finish(self) -> None:
        """Nothing more will come."""
        for proc_id, calls in self._open.items():
            for call in reversed(calls):
                self._add(proc_id, call, NULL, NULL, CallFlag.END_UNSEEN)
        self._open.clear()

    def taken(self) -> FunctionCalls | None:
        """The calls that have ended since the last time; None if there are none."""
        if not self._rows:
            return None
        columns = np.array(self._rows, np.int64).T
        self._rows.clear()
        ts_ns, dur_ns, proc_id, tid, depth, place, status, flags = columns
        places, codes = np.unique(place, return_inverse=True)
        return FunctionCalls(
            ts_ns=ts_ns,
            dur_ns=dur_ns,
            proc_id=proc_id,
            tid=tid,
            depth=depth,
            status=status,
            flags=flags,
            call=codes.astype(np.int32),
            calls=[self._stacks.call(*divmod(value, 2)) for value in places.tolist()],
        )

    def _begin(self, record: dict[str, int]) -> None:
        proc_id, depth = record["proc_id"], record["depth"]
        calls = self._open.setdefault(proc_id, [])
        self._leave_behind(proc_id, calls, depth - 1)
        is_relative = record["flags"] & layout.FUNCTION_LINE_RELATIVE != 0
        calls.append(
            _Open(depth, record["ts_ns"], record["tid"], record["stack"], int(is_relative))
        )

    def _end(self, record: dict[str, int]) -> None:
        """An end without a beginning is that of a function of the parent's, or of one whose
        beginning was lost."""
        proc_id, depth = record["proc_id"], record["depth"]
        calls = self._open.get(proc_id, [])
        self._leave_behind(proc_id, calls, depth)
        if calls and calls[-1].depth == depth:
            has_status = record["flags"] & layout.FUNCTION_HAS_STATUS
            status = record["status"] if has_status else NULL
            self._add(proc_id, calls.pop(), record["ts_ns"], status, RETURNED)

    def _leave_behind(self, proc_id: int, calls: list[_Open], depth: int) -> None:
        """Calls deeper than where the process is now have ended somehow."""
        while calls and calls[-1].depth > depth:
            self._add(proc_id, calls.pop(), NULL, NULL, CallFlag.END_UNSEEN)

    def _add(self, proc_id: int, call: _Open, end_ns: int, status: int, flags: int) -> None:
        dur_ns = NULL if end_ns == NULL else end_ns - call.ts_ns
        place = call.stack * 2 + call.is_relative
        row = (
            call.ts_ns + self._offset_ns, dur_ns, proc_id, call.tid, call.depth, place, status,
            flags,
        )  # fmt: skip
        self._rows.append(row)
