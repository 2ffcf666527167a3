"""A report: everything a reporter shows, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aklo_analysis.calls import derive
from aklo_analysis.causes import causes
from aklo_analysis.charges import charges
from aklo_analysis.frames import Source, load
from aklo_analysis.lives import live
from aklo_analysis.performed import performed
from aklo_analysis.program import program_names
from aklo_analysis.rules import RULES
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.finding import Finding, findings
from aklo_analysis.rules.rule import Setting
from aklo_analysis.source import Sources
from aklo_analysis.stacks import stacks
from aklo_analysis.tables import files as file_tables
from aklo_analysis.tables import lines as line_tables
from aklo_analysis.tables.access import Accesses, accesses, by_file
from aklo_analysis.tables.activities import ActivityRow, activities
from aklo_analysis.tables.failures import Failures, failures
from aklo_analysis.tables.files import Directories, Files
from aklo_analysis.tables.function_calls import FunctionCalls, function_calls
from aklo_analysis.tables.functions import Functions, functions
from aklo_analysis.tables.groups import Groups, groups
from aklo_analysis.tables.lines import Lines
from aklo_analysis.tables.operations import Operations, operations
from aklo_analysis.tables.processes import Processes, processes
from aklo_analysis.tables.programs import Programs, programs
from aklo_analysis.tables.quality import Gap, gaps
from aklo_analysis.tables.slowest import SlowCall, slowest
from aklo_analysis.tables.summary import Summary, summary
from aklo_analysis.tables.times import TimeRow, times
from aklo_analysis.tables.wall import WallTime, wall_time
from aklo_analysis.transfers import transfers
from aklo_analysis.wall import wall
from aklo_trace.meta import MEASURED, ORDER

if TYPE_CHECKING:
    from aklo_trace.meta import Meta


@dataclass(frozen=True)
class Report:
    """`top`: how many rows the rankings have; what comes after them is summed up in each.
    `operations` and `findings` are whole. `by`: calls by the keys that were asked for."""

    meta: Meta
    top: int
    summary: Summary
    times: tuple[TimeRow, ...]
    activities: tuple[ActivityRow, ...]
    functions: Functions
    lines: Lines
    function_calls: FunctionCalls
    programs: Programs
    operations: Operations
    access: Accesses
    files: Files
    directories: Directories
    processes: Processes
    slowest: tuple[SlowCall, ...]
    failures: Failures
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    wall: WallTime
    by: Groups | None


NO_SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType({})


def build(
    trace: Source,
    top: int = 10,
    settings: Mapping[str, Setting] = NO_SETTINGS,
    by: Sequence[str] = (),
) -> Report:
    """Analyse a trace. `settings` are limits of rules, by full name; `by` are keys of
    `aklo_analysis.keys`. Raises `aklo_trace.errors.TraceError` if the trace cannot be read."""
    meta, frames = trace.meta, load(trace)
    calls = derive(frames)
    started_ns = meta.started_at_ns
    ended_ns = started_ns + (meta.wall_ns or 0)
    lives = live(frames, calls, started_ns, ended_ns, meta.timing == MEASURED)
    origin_ns = None if meta.timing == ORDER else started_ns
    names = program_names(frames.images)
    access = by_file(transfers(frames, calls))
    paths = file_tables.by_path(frames, calls, access)
    did = performed(calls)
    done = activities(did, lives)
    code = causes(frames, calls, lives)
    charged, led = charges(frames, calls, lives, code), stacks(frames, code)
    sources = Sources(meta)
    waited = wall(meta, frames, calls, lives, code)
    case = Case(meta, frames, calls, lives, code, led, names, sources, waited)
    started = line_tables.started(lives, code, led, names)
    return Report(
        meta=meta,
        top=top,
        summary=summary(frames, lives),
        times=times(frames, lives, done, bool(meta.filter)),
        activities=done,
        functions=functions(charged, led, top),
        lines=line_tables.lines(charged, led, started, sources, top),
        function_calls=function_calls(frames, top),
        programs=programs(frames, lives, names, top),
        operations=operations(did),
        access=accesses(access),
        files=file_tables.files(paths, top),
        directories=file_tables.directories(paths, top),
        processes=processes(frames, lives, names, origin_ns, top),
        slowest=slowest(frames, calls, lives, names, origin_ns, top),
        failures=failures(frames, calls, top),
        gaps=gaps(frames, calls),
        findings=findings(RULES, case, settings),
        wall=wall_time(waited, lives, code, led, names, sources, top),
        by=groups(case, by, top) if by else None,
    )
