"""The calls of each life in their order, and what stands between them."""

from __future__ import annotations

import numpy as np

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.order import order
from aklo_analysis.rules.stretches import between_calls

from .synthetic_trace import MS, START_NS, SyntheticTrace


def trace_of_two() -> SyntheticTrace:
    """Two processes with three calls each, of one millisecond, in turn, written down backwards."""
    trace = SyntheticTrace(wall_ns=100 * MS)
    trace.facts = {"target_proc_id": 10}
    trace.process(10, 0, 100 * MS)
    trace.process(20, 0, 100 * MS)
    for at in (50, 40, 30, 20, 10, 0):
        trace.call(10 if at % 20 else 20, "getpid", at * MS, MS)
    return trace


def test_calls_are_found_before_and_after_an_instant_in_the_same_life() -> None:
    case = Case.of(trace_of_two())
    found = order(case.frames, case.calls, case.lives)
    life = int(case.lives.of_calls[4])
    at_ns = START_NS + np.array([5, 20, 45, 60], np.int64) * MS
    before, after = found.around(np.full(4, life), at_ns)
    assert before.tolist() == [UNKNOWN, 4, 2, 0]
    assert after.tolist() == [4, 2, 0, UNKNOWN]


def test_what_is_computed_between_two_calls_is_known_by_both() -> None:
    case = Case.of(trace_of_two())
    chosen = np.zeros(6, dtype=bool)
    chosen[[4, 2]] = True
    rows = between_calls(case, chosen, chosen)
    assert case.segments_ns[rows].tolist() == [19 * MS]
    assert not len(between_calls(case, ~chosen, ~chosen))
