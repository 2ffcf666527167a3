"""What a shell does for the processes that it forks."""

from __future__ import annotations

import numpy as np

from aklo_analysis.rules.case import Case

from .synthetic_trace import MS, SyntheticTrace


def test_a_call_that_ends_when_its_child_begins_is_for_the_child() -> None:
    """To the nanosecond, also where another fork is not on the path at all."""
    trace = SyntheticTrace(wall_ns=100 * MS)
    trace.facts = {"target_proc_id": 10}
    trace.process(10, 0, 100 * MS)
    trace.image(10, 0, "/usr/bin/bash", shell="bash 5.2")
    for pid, parent, at in (20, 10, 10 * MS + 1292), (30, 10, 5 * MS), (40, 30, 8 * MS):
        trace.process(pid, at, 60 * MS, parent_proc_id=parent)
    trace.call(10, "clone", 10 * MS + 228, 1064, ret=20)
    trace.call(10, "wait4", 10 * MS + 1292, 50 * MS, ret=20)
    case = Case.of(trace)
    child = int(np.flatnonzero(case.lives.table["process"] == 1)[0])
    rows, _ = case.on_path.of_upkeep(np.array([child], np.int64))
    made = case.wall.segments.iloc[rows]
    assert 1064 in made["ns"][made["call"] == 0].tolist()
