"""Which programs of a pipeline have nothing to do once its first one is gone."""

from __future__ import annotations

import pytest

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.followers import followers

from .synthetic_trace import MS, SyntheticTrace

SHELL, GREP, CUT, TR = range(10, 14)


def pipeline(*names: tuple[int, str]) -> SyntheticTrace:
    """A shell that runs these programs at one line; the first reads a file."""
    trace = SyntheticTrace(facts={"target_proc_id": SHELL, "attribution": "memory"})
    trace.process(SHELL, 0, 900 * MS)
    shell = trace.image(SHELL, 0, "/usr/bin/bash", "bash", "s.sh", shell="bash 5.2")
    site = trace.site(None, "/s.sh", 3)
    for number, (pid, name) in enumerate(names, 1):
        at = number * MS
        trace.call(SHELL, "clone", at, 1000, ret=pid, site_id=site, image_id=shell)
        trace.process(pid, at, 800 * MS, parent_proc_id=SHELL, ppid=SHELL, site_id=site)
        trace.image(pid, at + MS // 2, f"/usr/bin/{name}", name, site_id=site)
    moves(trace, names[0][0], "read", 3, trace.file("/config"))
    return trace


def moves(trace: SyntheticTrace, pid: int, syscall: str, fd: int, file: int) -> None:
    image = pid - SHELL  # each process has one of its own
    trace.call(pid, syscall, 20 * MS, 1000, fd=fd, file_id=file, bytes=10, image_id=image)


def pipe(trace: SyntheticTrace, writer: int, reader: int, fd: int = 0) -> None:
    file = trace.file(None, "pipe", writers=[writer], readers=[reader])
    moves(trace, writer, "write", 1, file)
    moves(trace, reader, "read", fd, file)


def look_up() -> SyntheticTrace:
    trace = pipeline((GREP, "grep"), (CUT, "cut"), (TR, "tr"))
    pipe(trace, GREP, CUT)
    pipe(trace, CUT, TR)
    pipe(trace, TR, SHELL, fd=3)
    return trace


def behind_the_first(trace: SyntheticTrace) -> list[str]:
    case = Case.of(trace)
    rows, leaders = followers(case, case.starts[:1])
    assert not leaders.any()
    return case.starts["name"].iloc[rows].tolist()


def test_what_hands_on_to_the_shell_goes_with_the_first() -> None:
    assert behind_the_first(look_up()) == ["cut", "tr"]


def test_nothing_follows_where_the_shell_does_not_hear_of_it() -> None:
    trace = pipeline((GREP, "grep"), (CUT, "cut"))
    pipe(trace, GREP, CUT)
    assert behind_the_first(trace) == []


@pytest.mark.parametrize("what", ["reads another file", "writes a file", "reads of another"])
def test_what_does_more_stays_and_what_is_before_it(what: str) -> None:
    trace = look_up()
    file = trace.file("/other")
    if what == "reads another file":
        moves(trace, TR, "read", 3, file)
    elif what == "writes a file":
        moves(trace, TR, "write", 3, file)
    else:
        pipe(trace, SHELL, TR)
    assert behind_the_first(trace) == []


def test_what_another_hears_too_stays() -> None:
    trace = look_up()
    pipe(trace, CUT, SHELL, fd=4)
    moves(trace, TR, "write", 3, trace.file("/other"))
    assert behind_the_first(trace) == []
