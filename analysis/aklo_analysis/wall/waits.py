"""When threads waited, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

RUNNING: Final = 0
"""Also what is not known to be anything else."""
WAITING: Final = 1
CPU_WAIT: Final = 2
STOPPED: Final = 3


@dataclass(frozen=True)
class Waits:
    """From `begin_ns` to `end_ns` a `thread` was in another `state` than `RUNNING`. `target`: the
    thread that it waited for, or `UNKNOWN`; `call`: the row of `frames.syscalls` in which it did,
    or `UNKNOWN`."""

    thread: Int64
    begin_ns: Int64
    end_ns: Int64
    target: Int64
    state: Int64
    call: Int64

    def at(self, places: Any) -> Waits:
        return Waits(*(getattr(self, field.name)[places] for field in fields(self)))

    def lasting(self) -> Waits:
        """Those that took any time."""
        return self.at(np.flatnonzero(self.begin_ns < self.end_ns))


def in_order(parts: Sequence[Waits]) -> Waits:
    """All of them by thread and time. Where two overlap, the earlier one ends."""
    columns = ([getattr(part, field.name) for part in parts] for field in fields(Waits))
    whole = Waits(*(np.concatenate(column) for column in columns)).lasting()
    whole = whole.at(np.lexsort((whole.begin_ns, whole.thread)))
    same = np.append(whole.thread[1:] == whole.thread[:-1], False)[: len(whole.thread)]
    limit_ns = np.where(same, np.roll(whole.begin_ns, -1), whole.end_ns)
    whole = replace(whole, end_ns=np.minimum(whole.end_ns, limit_ns))
    return whole.lasting()
