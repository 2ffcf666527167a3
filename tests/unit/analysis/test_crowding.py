"""What of a wait for a CPU is because another process has it."""

from __future__ import annotations

import numpy as np
import pytest

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.crowding import crowding

from .synthetic_trace import MS, SyntheticTrace

TARGET, OTHER = 10, 11


def shared_ms(start: int, end: int, *off: tuple[int, int]) -> float:
    """How long another process, there from `start` to `end` and without a CPU in between, keeps
    one from the target, which waits for it from 10 to 20 ms."""
    trace = SyntheticTrace(wall_ns=100 * MS, facts={"target_proc_id": TARGET})
    trace.process(TARGET, 0, 100 * MS)
    trace.call(TARGET, "getpid", 0, MS)
    trace.call(TARGET, "getpid", 99 * MS, MS)
    trace.off_cpu(TARGET, 10 * MS, 10 * MS, 20 * MS)
    trace.process(OTHER, start * MS, end * MS, parent_proc_id=TARGET, ppid=TARGET)
    for at, until in off:
        trace.off_cpu(OTHER, at * MS, None, until * MS)
    case = Case.of(trace)
    found = crowding(case, np.array([1]), np.array([7]))
    assert set(found["key"]) <= {7}
    return float((case.segments_ns[found["row"].to_numpy(np.int64)] * found["part"]).sum()) / MS


@pytest.mark.parametrize(
    ("shared", "start", "end"), [(6, 12, 18), (10, 5, 30), (3, 17, 30), (2, 5, 12), (0, 20, 30)]
)
def test_it_is_shared_as_long_as_both_want_it(shared: int, start: int, end: int) -> None:
    assert shared_ms(start, end) == pytest.approx(shared)


def test_what_has_no_cpu_itself_takes_it_from_nobody() -> None:
    assert shared_ms(12, 18, (14, 15), (17, 30)) == pytest.approx(4)
    assert shared_ms(5, 30, (5, 30)) == pytest.approx(0)
