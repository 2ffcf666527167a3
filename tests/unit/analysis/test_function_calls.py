"""Functions that were counted call by call."""

from __future__ import annotations

import io

from aklo_analysis import report
from aklo_analysis.reporters import text
from aklo_analysis.reporters.options import Options
from aklo_analysis.tables.function_calls import FunctionCallRow, FunctionCalls
from aklo_trace.schema import CallFlag

from .synthetic_trace import MS, SyntheticTrace

FILE = "/srv/tool"


def trace_of_calls() -> SyntheticTrace:
    trace = SyntheticTrace()
    pid = trace.process(10, end=100 * MS)
    for status in (0, 1, None):
        trace.function_call(pid, "look_up", 5 * MS, 2 * MS, file=FILE, exit_status=status)
    trace.function_call(pid, "look_up", 9 * MS, None, file=FILE, flags=int(CallFlag.END_UNSEEN))
    trace.function_call(pid, "main", 1 * MS, 50 * MS, file=FILE, exit_status=0)
    trace.function_call(pid, None, 1 * MS, 1 * MS, flags=int(CallFlag.NAME_UNKNOWN))
    return trace


def calls_of(trace: SyntheticTrace, top: int = 10) -> FunctionCalls:
    return report.build(trace, top).function_calls


def test_calls_are_summed_up_by_function() -> None:
    main, look_up, unknown = calls_of(trace_of_calls()).rows
    assert main == FunctionCallRow("main", FILE, 1, 50 * MS, 50 * MS, 50 * MS, 0, 0)
    assert look_up == FunctionCallRow("look_up", FILE, 4, 6 * MS, 2 * MS, 2 * MS, 1, 1)
    assert (unknown.function, unknown.file, unknown.calls) == (None, None, 1)


def test_a_call_within_another_of_the_same_function_is_not_in_its_total() -> None:
    trace = SyntheticTrace()
    pid = trace.process(10, end=100 * MS)
    script, main = trace.site(None, FILE, 9), trace.site("main", FILE, 5, (None, FILE, 9))
    within = trace.site("fib", FILE, 2, ("main", FILE, 5), (None, FILE, 9))
    trace.function_call(pid, "main", 1 * MS, 50 * MS, file=FILE, site_id=script)
    trace.function_call(pid, "fib", 2 * MS, 40 * MS, file=FILE, site_id=main)
    trace.function_call(pid, "fib", 3 * MS, 20 * MS, file=FILE, site_id=within)
    trace.function_call(pid, "fib", 23 * MS, 15 * MS, file=FILE, site_id=within)
    trace.function_call(pid, "fib", 45 * MS, 5 * MS, file=FILE, site_id=None)
    outer, recursive = calls_of(trace).rows
    assert (outer.function, outer.total_ns) == ("main", 50 * MS)
    assert (recursive.calls, recursive.total_ns) == (4, 45 * MS)
    assert (recursive.mean_ns, recursive.max_ns) == (20 * MS, 40 * MS)


def test_what_comes_after_the_first_is_counted() -> None:
    found = calls_of(trace_of_calls(), top=1)
    assert [row.function for row in found.rows] == ["main"]
    assert (found.others, found.other_calls, found.calls) == (2, 5, 6)


def test_the_text_report_has_them_only_where_they_were_recorded() -> None:
    shown = written(trace_of_calls())
    assert "FUNCTION CALLS" in shown
    assert "look_up" in shown
    assert "FUNCTION CALLS" not in written(SyntheticTrace())


def test_what_is_unknown_of_calls_is_a_gap() -> None:
    gaps = {gap.key: (gap.count, gap.of) for gap in report.build(trace_of_calls()).gaps}
    assert gaps["call_unread"] == gaps["call_open"] == (1, 6)


def written(trace: SyntheticTrace) -> str:
    stream = io.StringIO()
    text.write(report.build(trace), stream, Options())
    return stream.getvalue()
