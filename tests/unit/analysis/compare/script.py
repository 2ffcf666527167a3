"""Traces of a script that was edited between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aklo_analysis.compare.amounts import Amounts
from aklo_analysis.rules.case import Case
from aklo_trace.script_content import digest

from ..synthetic_trace import MS, SyntheticTrace

Done = tuple[int, str, int]
"""A line, the program that it starts, and how many ms that works."""


def run(script: str, *done: Done, opens: Sequence[str] = (), more: int = 0) -> SyntheticTrace:
    """A shell that starts these programs one after the other, in a function of a script that is
    as it was then."""
    trace = SyntheticTrace(wall_ns=1000 * MS + more)
    trace.facts = {"scripts": {script: digest(Path(script).read_bytes())}}
    trace.process(10, 0, trace.wall_ns, utime_ns=MS, stime_ns=MS)
    bash = trace.image(10, 0, "/bin/bash", "bash", script, shell="bash 5.2.15")
    at = 10 * MS
    for number, (line, program, ms) in enumerate(done):
        pid = 20 + number
        site = trace.site("work", script, line, (None, script, 1))
        trace.call(10, "clone", at, MS, ret=pid, image_id=bash, site_id=site)
        trace.process(pid, at, at + ms * MS, parent_proc_id=10, ppid=10, site_id=site)
        image = trace.image(pid, at + MS, f"/bin/{program}", program, "-x", site_id=site)
        trace.call(pid, "exit_group", at + ms * MS - MS, None, image_id=image, flags=1)
        trace.call(10, "wait4", at + MS, (ms - 1) * MS, ret=pid, image_id=bash, site_id=site)
        at += (ms + 1) * MS
    for path in opens:
        trace.call(10, "openat", at, MS, file_id=trace.file(path), image_id=bash, fd=3, ret=3)
        at += 2 * MS
    return trace


def seen(trace: SyntheticTrace) -> Amounts:
    return Amounts.seen(Case.of(trace))


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)
