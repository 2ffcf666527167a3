"""Which processes are the stages of a pipeline, and which are before and behind which."""

from __future__ import annotations

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.pipelines import pipelines

from .synthetic_trace import MS, SyntheticTrace

SHELL, FIRST, MIDDLE, LAST, INNER = range(10, 15)


def pipe(trace: SyntheticTrace, writer: int, reader: int, waited: int = 5 * MS) -> int:
    """A pipe, for which its reader waited."""
    file = trace.file(None, "pipe", writers=[writer], readers=[reader])
    trace.call(writer, "write", 10 * MS, 1000, fd=1, file_id=file, bytes=10)
    trace.call(reader, "read", MS, waited, fd=0, file_id=file, bytes=10)
    return file


def children(*pids: int, parent: int = SHELL) -> SyntheticTrace:
    trace = SyntheticTrace()
    trace.process(SHELL, 0, 900 * MS)
    for pid in pids:
        trace.process(pid, MS, 800 * MS, parent_proc_id=parent, ppid=parent)
    return trace


def test_siblings_with_pipes_between_them_are_stages() -> None:
    trace = children(FIRST, MIDDLE, LAST)
    pipe(trace, FIRST, MIDDLE)
    pipe(trace, MIDDLE, LAST)
    found = pipelines(Case.of(trace))
    first, middle, last = 1, 2, 3
    assert found.stages == [middle, last]
    assert (found.before(last), found.behind(first)) == ({first, middle}, {middle, last})
    assert (found.before(first), found.behind(last)) == (set(), set())


def test_what_a_stage_starts_belongs_to_it() -> None:
    trace = children(FIRST, LAST)
    trace.process(INNER, 2 * MS, 700 * MS, parent_proc_id=FIRST, ppid=FIRST)
    file = pipe(trace, INNER, LAST)
    found = pipelines(Case.of(trace))
    (joint,) = found.into(2)
    assert (joint.source, joint.sink) == (1, 2)
    calls = found.calls(joint.source, [joint], "pipe_write")
    assert (len(calls), joint.pipe) == (1, file)


def test_a_shell_that_reads_from_its_child_is_no_stage() -> None:
    trace = children(FIRST)
    pipe(trace, FIRST, SHELL)
    pipe(trace, SHELL, FIRST)
    assert pipelines(Case.of(trace)).stages == []


def test_a_pipe_for_which_nobody_waited_is_left_out() -> None:
    trace = children(FIRST, LAST)
    pipe(trace, FIRST, LAST, waited=1000)
    assert pipelines(Case.of(trace)).stages == []
