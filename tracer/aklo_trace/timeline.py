"""A property of processes that changes in time and is inherited over fork.

The working directory is one, the program image another. Changes must be fed in order of time;
a process's history stays, because a call that began long ago is looked up late.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from aklo_trace.events import Int32, Int64

UNKNOWN: Final = -1


@dataclass
class _History:
    times: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)

    def at(self, ts_ns: int) -> int:
        place = bisect_right(self.times, ts_ns)
        return self.values[max(place - 1, 0)]


class Timeline:
    """Values are codes of the caller's; `UNKNOWN` where nothing is known."""

    def __init__(self) -> None:
        self._histories: dict[int, _History] = {}
        self._ended: list[int] = []
        self._ended_before: list[int] = []

    def start(self, proc_id: int, ts_ns: int, parent_proc_id: int | None) -> None:
        value = UNKNOWN if parent_proc_id is None else self.at(parent_proc_id, ts_ns)
        self._histories[proc_id] = _History([ts_ns], [value])

    def change(self, proc_id: int, ts_ns: int, value: int) -> None:
        history = self._histories.setdefault(proc_id, _History())
        if history.values[-1:] == [value]:
            return
        history.times.append(ts_ns)
        history.values.append(value)

    def end(self, proc_id: int) -> None:
        self._ended.append(proc_id)

    def forget_ended(self) -> None:
        """Forget processes that ended before the last call of this: a batch may still hold
        the last events of a process whose end was in the batch before."""
        for proc_id in self._ended_before:
            self._histories.pop(proc_id, None)
        self._ended_before, self._ended = self._ended, []

    def at(self, proc_id: int, ts_ns: int) -> int:
        history = self._histories.get(proc_id)
        return history.at(ts_ns) if history else UNKNOWN

    def of(self, proc_id: Int32, ts_ns: Int64) -> Int32:
        """The value for each row; `ts_ns` must be sorted."""
        procs, places = np.unique(proc_id, return_inverse=True)
        histories = [self._histories.get(proc, _NOTHING) for proc in procs.tolist()]
        owners = np.repeat(np.arange(len(procs)), [len(history.values) for history in histories])
        times = [time for history in histories for time in history.times]
        values = [value for history in histories for value in history.values]
        rows = np.arange(len(ts_ns))
        return latest(owners, np.searchsorted(ts_ns, times), np.array(values), places, rows)


def latest(
    owners: Int64, from_rows: Int64, values: Int64, asked: Int64, asked_rows: Int64
) -> Int32:
    """The newest value of owner `asked` at row `asked_rows`, for each of them.

    `values` hold from row `from_rows` on and are sorted by owner and row; an owner's first value
    holds from the beginning, and every owner that is asked about has one.
    """
    stride = 1 + max(asked_rows.max(initial=0), from_rows.max(initial=0))
    changes = owners * stride + from_rows
    changes[np.flatnonzero(np.diff(owners, prepend=-1))] = np.unique(owners) * stride
    found = np.searchsorted(changes, asked * stride + asked_rows, side="right") - 1
    newest: Int32 = values[found].astype(np.int32)
    return newest


_NOTHING: Final = _History([0], [UNKNOWN])
