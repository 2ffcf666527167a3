"""What is derived about each call."""

from __future__ import annotations

import errno

import numpy as np
import pandas as pd
import pytest

from aklo_analysis.calls import NO_FILE, UNKNOWN, derive, positions
from aklo_analysis.frames import load
from aklo_trace.errors import CorruptTrace

from .synthetic_trace import SyntheticTrace


def derived(trace: SyntheticTrace) -> pd.DataFrame:
    return derive(load(trace))


def test_a_call_is_about_a_known_file_an_unknown_one_or_none() -> None:
    trace = SyntheticTrace()
    known = trace.file("/x")
    trace.call(1, "read", 0, 1, fd=3, file_id=known)
    trace.call(1, "read", 0, 1, fd=3)
    trace.call(1, "stat", 0, 1)
    trace.call(1, "getpid", 0, 1)
    trace.call(1, "mmap", 0, 1)
    trace.call(1, "close", 0, 1, fd=99, errno=errno.EBADF)
    assert derived(trace)["file"].tolist() == [0, UNKNOWN, UNKNOWN, NO_FILE, NO_FILE, NO_FILE]


def test_time_is_work_or_waiting_and_never_both() -> None:
    trace = SyntheticTrace()
    trace.call(1, "read", 0, 7, fd=3, file_id=trace.file("/x"))
    trace.call(1, "read", 0, 8, fd=3, file_id=trace.file(None, "pipe"))
    trace.call(1, "wait4", 0, 9)
    trace.call(1, "exit_group", 0, None)
    calls = derived(trace)
    assert calls["work_ns"].tolist() == [7, 0, 0, 0]
    assert calls["wait_ns"].tolist() == [0, 8, 9, 0]
    assert calls["untimed"].tolist() == [False, False, False, True]


def test_a_call_without_a_file_does_not_take_the_medium_of_another() -> None:
    trace = SyntheticTrace()
    trace.file(None, "pipe")
    trace.call(1, "read", 0, 7, fd=3)
    assert derived(trace)["activity"].tolist() == ["read_unknown"]


def test_threads_are_told_from_their_leader() -> None:
    trace = SyntheticTrace()
    trace.call(1, "read", 0, 7)
    trace.call(1, "read", 0, 7, tid=2)
    assert derived(trace)["leader"].tolist() == [True, False]


def test_ids_that_no_table_has_are_unknown() -> None:
    trace = SyntheticTrace()
    trace.call(1, "read", 0, 7, image_id=77)
    calls = derived(trace)
    assert (calls["process"][0], calls["image"][0]) == (UNKNOWN, UNKNOWN)


def test_an_id_that_is_used_twice_is_a_damaged_trace() -> None:
    trace = SyntheticTrace()
    trace.process(1)
    trace.process(1)
    with pytest.raises(CorruptTrace, match="proc_id occurs twice"):
        derived(trace)


@pytest.mark.parametrize(
    "ids", [[0, 1, 2], [2, 0, 7], [5, 1_000_000_000, 3], [-5, 3, 2], [2**31 - 1, 0, 1], [], [9]]
)
def test_a_position_is_that_of_the_id_or_unknown(ids: list[int]) -> None:
    table = pd.DataFrame({"proc_id": np.array(ids, np.int32)})
    wanted = [*ids, *(number for number in (4, 10, -1, -7, 2**31 - 2) if number not in ids)]
    expected = [*range(len(ids)), *[UNKNOWN] * (len(wanted) - len(ids))]
    assert positions(table, "proc_id", pd.Series(wanted, dtype="int32")).tolist() == expected
    column = pd.Series([*wanted, None], dtype="Int32")
    assert positions(table, "proc_id", column).tolist() == [*expected, UNKNOWN]
