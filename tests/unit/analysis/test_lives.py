"""Processes live one life per image; each instant of it is in a call, outside, or stopped."""

from __future__ import annotations

import pandas as pd

from aklo_analysis.calls import UNKNOWN, derive
from aklo_analysis.frames import load
from aklo_analysis.lives import Lives, live
from aklo_analysis.measure import LifeMeasure
from aklo_trace.schema import ProcessFlag, SyscallFlag

from .synthetic_trace import MS, START_NS, SyntheticTrace

UNFINISHED = int(SyscallFlag.UNFINISHED)


def lives_of(trace: SyntheticTrace) -> Lives:
    frames = load(trace)
    return live(frames, derive(frames), START_NS, START_NS + trace.wall_ns)


def row(lives: Lives, process: int, image: int) -> pd.Series:
    table = lives.table
    return table[(table["process"] == process) & (table["image"] == image)].iloc[0]


def shell_and_child() -> SyntheticTrace:
    """A shell that forks a child at 100 ms, which becomes `cat` at 120 and ends at 200."""
    trace = SyntheticTrace()
    shell = trace.process(10, 0, 500 * MS)
    image = trace.image(shell, 0, "/bin/bash")
    child = trace.process(11, 100 * MS, 200 * MS, parent_proc_id=shell)
    trace.call(child, "close", 105 * MS, 2 * MS, image_id=image)
    trace.call(child, "execve", 115 * MS, 6 * MS, image_id=image)
    cat = trace.image(child, 120 * MS, "/bin/cat")
    trace.call(child, "read", 150 * MS, 10 * MS, image_id=cat)
    return trace


def test_a_forked_process_first_runs_the_image_of_its_parent() -> None:
    table = lives_of(shell_and_child()).table
    assert table[["process", "image"]].to_numpy().tolist() == [[0, 0], [1, 0], [1, 1]]


def test_a_life_ends_when_exec_returns_and_the_next_begins() -> None:
    lives = lives_of(shell_and_child())
    forked, cat = row(lives, 1, 0), row(lives, 1, 1)
    assert forked["outside_ns"] == (121 - 100 - 2 - 6) * MS
    assert cat["outside_ns"] == (200 - 121 - 10) * MS


def test_calls_without_an_image_belong_to_the_first_life() -> None:
    trace = shell_and_child()
    trace.call(11, "getpid", 110 * MS, 1 * MS, image_id=None)
    assert row(lives_of(trace), 1, 0)["calls"] == 3


def test_ending_takes_from_exit_group_to_the_end_of_the_process() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS), 0, "/bin/true")
    trace.call(10, "exit_group", 90 * MS, None, flags=UNFINISHED)
    lives = lives_of(trace)
    assert row(lives, 0, 0)["unfinished_work_ns"] == 10 * MS
    assert row(lives, 0, 0)["outside_ns"] == 90 * MS
    assert lives.unfinished[["activity", "ns"]].to_numpy().tolist() == [["exit", 10 * MS]]


def test_a_process_killed_in_a_wait_waited_until_then() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS, signal=9), 0, "/bin/sleep")
    trace.call(10, "clock_nanosleep", 30 * MS, None, flags=UNFINISHED)
    life = row(lives_of(trace), 0, 0)
    assert (life["unfinished_wait_ns"], life["outside_ns"]) == (70 * MS, 30 * MS)


def test_a_process_without_an_end_lives_until_the_end_of_the_trace() -> None:
    trace = SyntheticTrace(wall_ns=300 * MS)
    trace.image(trace.process(10, 0, None, flags=int(ProcessFlag.END_UNSEEN)), 0, "/bin/sh")
    trace.call(10, "read", 100 * MS, 50 * MS)
    assert row(lives_of(trace), 0, 0)["outside_ns"] == 250 * MS


def test_a_process_that_outlives_the_trace_lives_until_its_last_call_returned() -> None:
    trace = SyntheticTrace(wall_ns=100 * MS)
    trace.image(trace.process(10), 0, "/bin/sh")
    trace.call(10, "read", 150 * MS, 50 * MS)
    assert row(lives_of(trace), 0, 0)["outside_ns"] == 150 * MS


def test_other_threads_add_their_calls_and_take_nothing_from_the_time_outside() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS), 0, "/usr/bin/python3")
    trace.call(10, "read", 0, 40 * MS)
    trace.call(10, "read", 0, 90 * MS, tid=12)
    life = row(lives_of(trace), 0, 0)
    assert (life["outside_ns"], life["work_ns"]) == (60 * MS, 130 * MS)


def test_the_target_begins_as_the_program_it_is_started_to_run() -> None:
    trace = SyntheticTrace()
    trace.process(10, 0, 100 * MS)
    trace.image(10, 2 * MS, "/bin/sh")
    table = lives_of(trace).table
    assert table[["image", "outside_ns"]].to_numpy().tolist() == [[0, 100 * MS]]


def test_an_exec_that_was_seen_before_the_beginning_of_its_process_stands() -> None:
    trace = SyntheticTrace()
    trace.process(10, 5 * MS, 100 * MS)
    trace.image(10, 2 * MS, "/bin/sh")
    table = lives_of(trace).table
    assert table[["image", "outside_ns"]].to_numpy().tolist() == [[0, 98 * MS]]


def test_what_a_process_ran_before_the_trace_began_is_unknown() -> None:
    trace = SyntheticTrace()
    trace.process(10, 0, 100 * MS, flags=int(ProcessFlag.START_UNSEEN))
    trace.image(10, 60 * MS, "/bin/sh")
    lives = lives_of(trace)
    assert row(lives, 0, UNKNOWN)["outside_ns"] == 60 * MS
    assert row(lives, 0, 0)["outside_ns"] == 40 * MS


def test_calls_of_an_unknown_process_are_kept_without_time_outside() -> None:
    trace = SyntheticTrace()
    trace.call(99, "read", 10 * MS, 5 * MS)
    life = row(lives_of(trace), UNKNOWN, UNKNOWN)
    assert (life["calls"], life["work_ns"], life["outside_ns"]) == (1, 5 * MS, 0)


def test_a_call_of_an_image_that_its_process_never_began_is_kept() -> None:
    trace = shell_and_child()
    trace.call(10, "read", 300 * MS, 5 * MS, image_id=1)
    assert row(lives_of(trace), 0, 1)["work_ns"] == 5 * MS


def test_lived_time_is_the_sum_of_its_parts() -> None:
    measure = LifeMeasure.over(lives_of(shell_and_child()).table)
    assert measure.own_ns + measure.waited_ns == (500 + 100) * MS


def test_only_the_last_call_that_never_returned_lasts_until_the_end() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS), 0, "/bin/sh")
    trace.call(10, "clock_nanosleep", 10 * MS, None, flags=UNFINISHED)
    trace.call(10, "exit_group", 80 * MS, None, flags=UNFINISHED)
    life = row(lives_of(trace), 0, 0)
    assert (life["unfinished_wait_ns"], life["unfinished_work_ns"]) == (0, 20 * MS)


def test_calls_that_overlap_leave_no_time_outside_rather_than_less_than_none() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS), 0, "/bin/sh")
    trace.call(10, "read", 0, 90 * MS)
    trace.call(10, "read", 50 * MS, 40 * MS)
    assert row(lives_of(trace), 0, 0)["outside_ns"] == 0


def test_stopped_time_is_not_time_outside_calls() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS, stopped_ns=35 * MS), 0, "/bin/sh")
    trace.call(10, "read", 0, 40 * MS)
    measure = LifeMeasure.over(lives_of(trace).table)
    assert (measure.outside_ns, measure.stopped_ns) == (25 * MS, 35 * MS)
    assert (measure.own_ns, measure.waited_ns) == (65 * MS, 0)


def test_a_stop_is_in_the_life_with_the_most_time_outside_calls() -> None:
    trace = shell_and_child()
    trace.rows["processes"][1]["stopped_ns"] = 80 * MS
    lives = lives_of(trace)
    forked, cat = row(lives, 1, 0), row(lives, 1, 1)
    assert (cat["stopped_ns"], cat["outside_ns"]) == ((200 - 121 - 10) * MS, 0)
    assert (forked["stopped_ns"], forked["outside_ns"]) == (11 * MS, 2 * MS)
    assert row(lives, 0, 0)["stopped_ns"] == 0


def test_waiting_for_a_cpu_is_waiting() -> None:
    trace = SyntheticTrace()
    more = {"utime_ns": 20 * MS, "run_delay_ns": 35 * MS}
    trace.image(trace.process(10, 0, 100 * MS, **more), 0, "/bin/sh")
    trace.call(10, "read", 0, 40 * MS)
    measure = LifeMeasure.over(lives_of(trace).table)
    assert (measure.outside_ns, measure.cpu_wait_ns) == (25 * MS, 35 * MS)
    assert (measure.own_ns, measure.waited_ns) == (65 * MS, 35 * MS)


def test_lives_share_what_their_process_waited_for_a_cpu() -> None:
    trace = shell_and_child()
    trace.rows["processes"][1] |= {"utime_ns": 42 * MS, "run_delay_ns": 41 * MS}
    lives = lives_of(trace)
    forked, cat = row(lives, 1, 0), row(lives, 1, 1)
    assert (forked["cpu_wait_ns"], forked["outside_ns"]) == (6_341_463, 13 * MS - 6_341_463)
    assert cat["cpu_wait_ns"] == 40 * MS - 6_341_463
    assert row(lives, 0, 0)["cpu_wait_ns"] == 0


def test_an_hour_of_waiting_for_a_cpu_is_exact() -> None:
    hour = 3_600_000 * MS
    trace = SyntheticTrace(wall_ns=3 * hour)
    known = {"utime_ns": 0, "run_delay_ns": hour + 1}
    trace.image(trace.process(10, 0, 2 * hour, **known), 0, "/bin/sh")
    assert row(lives_of(trace), 0, 0)["cpu_wait_ns"] == hour + 1


def test_no_more_is_stopped_than_there_is_time_outside_calls() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 100 * MS, stopped_ns=999 * MS), 0, "/bin/sh")
    trace.call(10, "read", 0, 40 * MS)
    life = row(lives_of(trace), 0, 0)
    assert (life["stopped_ns"], life["outside_ns"]) == (60 * MS, 0)


def test_times_are_exact_to_the_nanosecond() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 1, 100 * MS + 3), 1, "/bin/sh")
    trace.call(10, "read", 11, 13)
    assert row(lives_of(trace), 0, 0)["outside_ns"] == 100 * MS + 3 - 1 - 13
