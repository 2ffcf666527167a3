"""What is known of a process is divided among its lives, whatever their order."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.frames import Frames, load
from aklo_analysis.measure import LifeMeasure, life_measured
from aklo_analysis.offcpu import cpu_wait, of_processes, stopped

from .synthetic_trace import SyntheticTrace

times = st.none() | st.integers(0, 10**15)


def frames(*known: tuple[int | None, int | None, int | None]) -> Frames:
    """Processes of which CPU time, waiting for a CPU, and being stopped are known."""
    trace = SyntheticTrace()
    for pid, (user, delay, stop) in enumerate(known):
        trace.process(pid, utime_ns=user, run_delay_ns=delay, stopped_ns=stop)
    return load(trace)


def array(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def test_lives_in_no_order_get_the_shares_of_their_own_process() -> None:
    processes = frames((0, 60, 70), (0, 9, 0))
    process, outside_ns = array(1, 0, -1, 0, 1), array(20, 30, 0, 90, 70)
    assert cpu_wait(processes, process, outside_ns).tolist() == [2, 15, 0, 45, 7]
    assert stopped(processes, process, outside_ns).tolist() == [0, 0, 0, 70, 0]


@given(
    st.lists(st.tuples(times, times, times), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 10**15)), max_size=8),
)
def test_shares_are_never_more_than_there_is_nor_less_than_is_known(
    known: list[tuple[int | None, int | None, int | None]], lives: list[tuple[int, int]]
) -> None:
    processes, count = frames(*known), len(known)
    process = array(*(place if place < count else -1 for place, _ in lives))
    outside_ns = np.where(process < 0, 0, array(*(ns for _, ns in lives)))
    whole_ns = of_processes(process, outside_ns, count)
    for divide, wanted in (
        (stopped, [stop or 0 for _, _, stop in known]),
        (
            cpu_wait,
            [
                0 if user is None else min(delay or 0, max(int(whole) - user, 0))
                for (user, delay, _), whole in zip(known, whole_ns, strict=False)
            ],
        ),
    ):
        share_ns = divide(processes, process, outside_ns)
        assert ((share_ns >= 0) & (share_ns <= outside_ns)).all()
        sums = of_processes(process, share_ns, count)[:count].tolist()
        assert sums == [min(w, int(o)) for w, o in zip(wanted, whole_ns, strict=False)]


@pytest.mark.parametrize("column", ["outside_ns", "cpu_wait_ns", "stopped_ns", "wait_ns"])
def test_sums_of_groups_are_those_of_their_measure(column: str) -> None:
    nothing = {field.name: 0 for field in fields(LifeMeasure)}
    lives = pd.DataFrame([{"process": 0} | nothing | {column: ns} for ns in (5, 7)])
    group = life_measured(lives, "process").loc[0]
    measure = LifeMeasure.of(group)
    assert (group["own_ns"], group["waited_ns"]) == (measure.own_ns, measure.waited_ns)
