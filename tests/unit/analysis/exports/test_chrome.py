"""Events for Perfetto and chrome://tracing nest, whatever the trace is like."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given

from aklo_trace.schema import SyscallFlag

from ..sample import HOSTILE, sample_trace
from ..synthetic_trace import MS, SyntheticTrace
from ..test_conservation import traces
from .chrome_format import Checked, Span, check
from .written import written

US = 1000


def checked(trace: SyntheticTrace) -> Checked:
    return check(written(trace, "chrome"))


def calls(found: Checked) -> list[Span]:
    return [span for span in found.spans if span.kind == "syscall"]


def shell() -> tuple[SyntheticTrace, int]:
    """A script in which `main` calls `f`."""
    trace = SyntheticTrace()
    trace.process(5, 0, 900 * MS)
    image = trace.image(5, 0, "/bin/bash", "bash", "/s.sh", shell="bash 5.2.15")
    trace.site("main", "/s.sh", 2, (None, "/s.sh", 9))
    trace.site("f", "/s.sh", 5, ("main", "/s.sh", 3), (None, "/s.sh", 9))
    return trace, image


@given(traces())
def test_events_nest_and_no_call_is_missing(trace: SyntheticTrace) -> None:
    found = checked(trace)
    assert len(calls(found)) + len(found.instants) == len(trace.rows["syscalls"])
    assert len(found.processes) >= len(trace.rows["processes"])


def test_calls_are_within_functions_and_these_within_programs() -> None:
    trace = sample_trace()
    trace.rows["calls"].clear()
    found = calls(checked(trace))
    around = {span.within for span in found if span.name == "wait4"}
    assert around == {("aklo (bash)", "main", "new_item", "title_of")}
    assert [span.within for span in found if span.name == "mmap"] == [("sed",)] * 32


def test_a_call_lasts_as_long_as_it_did_to_the_nanosecond() -> None:
    trace, image = shell()
    trace.call(5, "openat", 10 * MS + 1, 12_345, image_id=image, fd=3, ret=-1, errno=2)
    (span,) = calls(checked(trace))
    assert (span.ts, span.dur) == (Decimal("10000.001"), Decimal("12.345"))
    assert span.about == {"ret": -1, "error": "ENOENT", "fd": 3}


def test_a_function_lasts_from_its_first_call_to_its_last() -> None:
    trace, image = shell()
    for at, site in (10, 0), (20, 1), (30, 1), (40, 0):
        trace.call(5, "read", at * MS, MS, image_id=image, site_id=site)
    functions = {span.name: span for span in checked(trace).spans if span.kind == "function"}
    assert (functions["f"].ts, functions["f"].dur) == (20_000, 11_000)
    assert functions["f"].within == ("s.sh (bash)", "main")
    assert functions["main"].ts == 10_000


def test_functions_that_were_counted_are_as_they_were() -> None:
    trace, image = shell()
    trace.function_call(5, "f", 5 * MS, 10 * MS, image_id=image, file="/s.sh", depth=2)
    trace.function_call(5, "main", 4 * MS, 20 * MS, image_id=image, file="/s.sh")
    trace.call(5, "read", 6 * MS, MS, image_id=image, site_id=1)
    found = checked(trace)
    spans = {span.name: span for span in found.spans if span.kind == "function"}
    assert (spans["f"].ts, spans["f"].dur) == (5000, 10_000)
    assert calls(found)[0].within == ("s.sh (bash)", "main", "f")


def test_a_new_program_begins_when_the_call_that_executes_it_has_ended() -> None:
    trace, image = shell()
    trace.call(5, "execve", 10 * MS, 5 * MS, image_id=image)
    sed = trace.image(5, 12 * MS, "/bin/sed")
    trace.call(5, "read", 20 * MS, MS, image_id=sed)
    spans = [span for span in checked(trace).spans if span.kind == "program"]
    assert [(span.name, span.ts, span.dur) for span in spans] == [
        ("s.sh (bash)", 0, 15_000),
        ("sed", 15_000, 885_000),
    ]


def test_a_call_that_never_returned_lasts_until_its_process_ends() -> None:
    trace, image = shell()
    flags = int(SyscallFlag.UNFINISHED)
    trace.call(5, "exit_group", 899 * MS, None, image_id=image, flags=flags)
    (span,) = calls(checked(trace))
    assert (span.dur, span.about) == (1000, {"flags": "UNFINISHED"})


def test_a_call_whose_duration_is_not_known_is_an_instant() -> None:
    trace = SyntheticTrace(facts={"timing": "order"})
    trace.call(trace.process(1, 0, None), "read", 3, None)
    found = checked(trace)
    assert [event["name"] for event in found.instants] == ["read"]


def test_pids_that_are_used_again_are_other_processes() -> None:
    trace = SyntheticTrace()
    for proc_id in (1, 2, 3):
        trace.process(proc_id, proc_id * MS, (proc_id + 1) * MS)
        trace.rows["processes"][-1]["pid"] = 77
        trace.call(proc_id, "read", proc_id * MS + 1, 5, tid=77)
        trace.rows["syscalls"][-1]["pid"] = 77
    found = checked(trace)
    assert len(found.processes) == 3
    assert 77 in found.processes


def test_other_threads_have_tracks_of_their_own() -> None:
    trace, image = shell()
    trace.call(5, "read", 10 * MS, 10 * MS, image_id=image)
    trace.call(5, "futex", 11 * MS, MS, image_id=image, tid=6)
    found = checked(trace)
    assert set(found.threads) == {(5, 5), (5, 6)}
    assert {span.within for span in calls(found)} == {("s.sh (bash)",), ()}


def test_a_process_without_calls_is_there() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(9, 5 * MS, 8 * MS), 6 * MS, "/bin/true")
    (span,) = checked(trace).spans
    assert (span.name, span.ts, span.dur) == ("true", 5000, 3000)


def test_hostile_names_stay_names() -> None:
    text = written(sample_trace(), "chrome")
    assert HOSTILE in {span.about.get("file") for span in check(text).spans}
    assert text.isascii()
    assert not [c for c in text if ord(c) < 32 and c != "\n"]
