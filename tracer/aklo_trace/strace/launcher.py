"""Leaves out what a launcher did before it became the target.

strace is attached to a process that is held and will exec the command to trace: what it does
until then is ours, not the target's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aklo_trace.events import EventBatch, ProcessStart
from aklo_trace.strace.batches import take
from aklo_trace.strace.calls import EXECS


class AfterExec:
    """Lets a log pass from the first successful exec of process `pid` on, that call included;
    the process begins with it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._proc_id: int | None = None
        self._passed = False

    def pass_on(self, batch: EventBatch) -> EventBatch | None:
        """What of the batch is the target's; None if nothing is."""
        if self._passed:
            return batch
        for event in batch.process_events:
            if isinstance(event, ProcessStart) and event.pid == self._pid:
                self._proc_id = event.proc_id
        begun_ns = self._exec_begun_ns(batch)
        if begun_ns is None or self._proc_id is None:
            return None
        self._passed = True
        start = ProcessStart(begun_ns, self._proc_id, self._pid)
        later = [
            event
            for event in batch.process_events
            if (event.ts_ns >= begun_ns and not isinstance(event, ProcessStart))
            or event.proc_id != self._proc_id
        ]
        return replace(
            take(batch, np.flatnonzero(batch.ts_ns >= begun_ns)), process_events=[start, *later]
        )

    def _exec_begun_ns(self, batch: EventBatch) -> int | None:
        execs = np.isin(batch.syscall, list(EXECS)) & (batch.ret == 0)
        rows = np.flatnonzero(execs & (batch.proc_id == self._proc_id))
        return int(batch.ts_ns[rows[0]]) if len(rows) else None
