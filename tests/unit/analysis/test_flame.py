"""The tree of stacks: who is below whom, and that nothing is lost in it."""

from __future__ import annotations

from hypothesis import given

from aklo_analysis import flame
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import CALLS, CPU, PROCESSES, WALL, Flame, label
from aklo_analysis.report import build

from .sample import HOSTILE, sample_trace
from .synthetic_trace import MS, SyntheticTrace
from .test_conservation import traces


def flame_of(trace: SyntheticTrace) -> Flame:
    return build(trace).flame


def stacks(found: Flame, weight: str) -> dict[str, int]:
    """What each stack has itself, by the labels of its frames."""
    labels = [label(frame) for frame in found.frames]
    return {
        ";".join(labels[frame] for frame in stack): own
        for stack, own in zip(found.stacks, found.own[weight].tolist(), strict=True)
        if own
    }


def shell(trace: SyntheticTrace, pid: int, at: int, *argv: str, **more: object) -> int:
    return trace.image(pid, at, "/bin/bash", "bash", *argv, shell="bash 5.2.15", **more)


def test_programs_stand_below_the_functions_that_started_them() -> None:
    found = stacks(flame_of(sample_trace()), PROCESSES)
    assert found["aklo (bash);main;new_item;title_of;sed"] == 8


def test_a_program_that_replaces_itself_stands_beside_what_it_runs() -> None:
    found = stacks(flame_of(sample_trace()), CALLS)
    assert not [stack for stack in found if stack.startswith("aklo (env);")]


def test_a_subshell_is_the_code_of_its_shell() -> None:
    trace = SyntheticTrace()
    image = shell(trace, trace.process(1, 0, 900 * MS), 0, "/s.sh")
    outer, inner = trace.site("f", "/s.sh", 2, (None, "/s.sh", 9)), trace.site("g", "/s.sh", 4)
    trace.process(2, 10 * MS, 800 * MS, parent_proc_id=1, site_id=outer)
    trace.call(1, "clone", 9 * MS, MS, image_id=image, site_id=outer)
    trace.call(2, "close", 11 * MS, MS, image_id=image)
    trace.call(2, "openat", 12 * MS, MS, image_id=image, site_id=inner)
    found = stacks(flame_of(trace), CALLS)
    assert found == {"s.sh (bash);f": 2, "s.sh (bash);g": 1}


def test_a_program_that_a_program_started_stands_below_it() -> None:
    trace = SyntheticTrace()
    image = shell(trace, trace.process(1, 0, 900 * MS), 0, "/s.sh")
    site = trace.site("f", "/s.sh", 2, (None, "/s.sh", 9))
    trace.call(1, "clone", 9 * MS, MS, image_id=image, site_id=site)
    trace.process(2, 10 * MS, 800 * MS, parent_proc_id=1, site_id=site)
    trace.image(2, 11 * MS, "/usr/bin/make", site_id=site)
    trace.process(3, 20 * MS, 700 * MS, parent_proc_id=2)
    cc = trace.image(3, 21 * MS, "/usr/bin/cc")
    trace.call(3, "openat", 22 * MS, MS, image_id=cc)
    found = stacks(flame_of(trace), CALLS)
    assert found == {"s.sh (bash);f": 1, "s.sh (bash);f;make;cc": 1}


def test_a_sourced_file_is_named() -> None:
    trace = SyntheticTrace()
    image = shell(trace, trace.process(1, 0, 900 * MS), 0, "/s.sh")
    site = trace.site("source", "/lib/x.sh", 1, ("main", "/s.sh", 3), (None, "/s.sh", 9))
    trace.call(1, "openat", 9 * MS, MS, image_id=image, site_id=site)
    assert stacks(flame_of(trace), CALLS) == {"s.sh (bash);main;source x.sh": 1}


def test_a_loop_without_calls_has_its_cpu_time_where_the_timer_found_it() -> None:
    found = stacks(flame_of(sample_trace()), CPU)
    assert found[f"aklo (bash);main;{HOSTILE}"] > 20 * MS
    assert 40 * MS < found["aklo (bash);main;new_item;title_of;sed"] <= 8 * 6 * MS


def test_what_is_too_deep_counts_as_its_caller() -> None:
    trace = SyntheticTrace()
    for pid in range(1, 2 * flame.DEEPEST):
        parent = pid - 1 if pid > 1 else None
        trace.process(pid, pid * MS, 900 * MS, parent_proc_id=parent)
        image = trace.image(pid, pid * MS, "/bin/p")
        trace.call(pid, "read", pid * MS, 10, image_id=image)
    found = flame_of(trace)
    assert max(map(len, found.stacks)) == flame.DEEPEST
    assert found.own[CALLS].sum() == 2 * flame.DEEPEST - 1


def test_without_times_there_is_no_wall_time_nor_cpu_time() -> None:
    trace = SyntheticTrace(facts={"timing": "order"})
    trace.call(trace.process(1, 0, 9), "read", 1, None)
    assert set(flame_of(trace).own) == {CALLS, PROCESSES}


@given(traces())
def test_nothing_is_lost_and_nothing_is_added(trace: SyntheticTrace) -> None:
    report = build(trace)
    found = report.flame
    assert found.own[CALLS].sum() == len(trace.rows["syscalls"])
    assert found.own[PROCESSES].sum() == len(trace.rows["processes"])
    assert found.own[WALL].sum() == found.ns.sum() == report.wall.measure.wall_ns
    if CPU in found.own:
        rows = trace.rows["processes"]
        known = sum((row["utime_ns"] or 0) + (row["stime_ns"] or 0) for row in rows)
        assert found.own[CPU].sum() == known
        assert found.own[CPU].min(initial=0) >= 0
    assert all(parent < node for node, parent in enumerate(found.parent.tolist()))
    for weight, own in found.own.items():
        total = found.total(weight)
        assert (total >= own).all()
        assert total[found.parent == UNKNOWN].sum() == own.sum()
