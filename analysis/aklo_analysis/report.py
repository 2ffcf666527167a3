"""A report: everything a reporter shows, computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pandas as pd

from aklo_analysis.alerts.alert import Alert
from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.evaluation import State, Verdict, evaluate
from aklo_analysis.alerts.facts import Facts
from aklo_analysis.alerts.measurement import measure
from aklo_analysis.allocation import give_back_freed_memory
from aklo_analysis.caches.cache import SHIPPED, Cache
from aklo_analysis.charges import charges
from aklo_analysis.flame import Flame, flame
from aklo_analysis.frames import Frames, Source
from aklo_analysis.heat_map import HeatMap, heat_map
from aklo_analysis.performed import Performed, performed
from aklo_analysis.rules import RULES
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.finding import Finding, findings
from aklo_analysis.rules.rule import Setting
from aklo_analysis.tables import files as file_tables
from aklo_analysis.tables import functions as function_tables
from aklo_analysis.tables import lines as line_tables
from aklo_analysis.tables.access import Accesses, accesses, by_file
from aklo_analysis.tables.activities import ActivityRow, activities
from aklo_analysis.tables.caches import CacheRow, caches
from aklo_analysis.tables.failures import Failures, failures
from aklo_analysis.tables.files import Directories, Files
from aklo_analysis.tables.function_calls import FunctionCalls, function_calls
from aklo_analysis.tables.functions import Functions
from aklo_analysis.tables.groups import Groups, groups
from aklo_analysis.tables.lines import Lines
from aklo_analysis.tables.operations import Operations, operations
from aklo_analysis.tables.processes import Processes, processes
from aklo_analysis.tables.programs import Programs, programs
from aklo_analysis.tables.quality import Gap, gaps, unmet
from aklo_analysis.tables.slowest import SlowCall, slowest
from aklo_analysis.tables.summary import Summary, summary
from aklo_analysis.tables.times import TimeRow, times
from aklo_analysis.tables.tracked import TrackedRow, tracked
from aklo_analysis.tables.wall import WallTime, wall_time
from aklo_analysis.timeline import Timeline, timeline
from aklo_analysis.transfers import transfers
from aklo_trace.alerting.standing import badness
from aklo_trace.meta import ORDER

if TYPE_CHECKING:
    from aklo_trace.meta import Meta


@dataclass(frozen=True)
class OverTime:
    """What is drawn over time."""

    timeline: Timeline
    heat_map: HeatMap


@dataclass(frozen=True)
class Report:
    """`top`: how many rows the rankings have; what comes after them is summed up in each.
    `operations`, `tracked` and `findings` are whole. `by`: calls by the keys that were asked
    for."""

    meta: Meta
    top: int
    summary: Summary
    times: tuple[TimeRow, ...]
    activities: tuple[ActivityRow, ...]
    functions: Functions
    lines: Lines
    function_calls: FunctionCalls
    caches: tuple[CacheRow, ...]
    programs: Programs
    operations: Operations
    access: Accesses
    files: Files
    directories: Directories
    processes: Processes
    slowest: tuple[SlowCall, ...]
    failures: Failures
    tracked: tuple[TrackedRow, ...]
    gaps: tuple[Gap, ...]
    unmet: tuple[str, ...]
    """names of programs to record that no process had"""
    findings: tuple[Finding, ...]
    wall: WallTime
    make_flame: Callable[[], Flame] = field(repr=False, compare=False)
    over_time: OverTime | None = None
    by: Groups | None = None
    verdicts: tuple[Verdict, ...] = ()

    def judged(self, state: State) -> Report:
        """The same, after what earlier traces of the command have left."""
        measured = (verdict.measurement for verdict in self.verdicts)
        return replace(self, verdicts=evaluate(measured, state, self.meta.ended_at_ns))

    @cached_property
    def flame(self) -> Flame:
        """Made when it is asked for: few reporters draw it."""
        return self.make_flame()

    @property
    def conditions(self) -> tuple[Alert, ...]:
        """What was to be an alert, and whether it is one."""
        return tuple(map(Alert.of_verdict, self.verdicts))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those that are, the worst first."""
        found = [Alert.of_verdict(verdict) for verdict in self.verdicts if verdict.is_alert]
        return tuple(sorted(found, key=lambda alert: -badness(alert.severity)))


NO_SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType({})


def build(
    trace: Source,
    top: int = 10,
    settings: Mapping[str, Setting] = NO_SETTINGS,
    by: Sequence[str] = (),
    conditions: Sequence[Condition] = (),
    known_caches: Sequence[Cache] = SHIPPED,
    over_time: bool = False,
) -> Report:
    """Analyse a trace. `settings` are limits of rules, by full name; `by` are keys of
    `aklo_analysis.keys`; `conditions` are to be alerts, as if there had been no trace before;
    `known_caches` are looked for. `over_time`: with what is drawn over time,
    if times are known.
    Raises `aklo_trace.errors.TraceError` if the trace cannot be read."""
    case = Case.of(trace, known_caches)
    # beside the critical path, which takes longest, the sums
    with ThreadPoolExecutor(max_workers=1) as beside:
        of_code = beside.submit(_of_code, case, top)
        of_calls = beside.submit(_of_calls, case.frames, case.calls, top)
        found, wall = _of_wall(case, settings, top)
    report = _report(case, top, of_code.result(), of_calls.result(), found, wall)
    facts = Facts(case.meta, case.frames, case.calls, report.summary, found, report.caches)
    return replace(
        report,
        over_time=_over_time(case) if over_time and case.meta.timing != ORDER else None,
        by=groups(case, by, top) if by else None,
        verdicts=evaluate(measure(conditions, facts), {}, case.meta.ended_at_ns),
    )


def _report(
    case: Case,
    top: int,
    code: _OfCode,
    summed: _OfCalls,
    found: tuple[Finding, ...],
    wall: WallTime,
) -> Report:
    """What every report has."""
    meta, frames, lives, names = case.meta, case.frames, case.lives, case.names
    origin_ns = None if meta.timing == ORDER else meta.started_at_ns
    done = activities(summed.performed, lives)
    return Report(
        meta=meta,
        top=top,
        summary=summary(frames, lives),
        times=times(frames, lives, done, bool(meta.filter)),
        activities=done,
        functions=code.functions,
        lines=code.lines,
        function_calls=function_calls(frames, top),
        caches=caches(case.observed, meta.timing != ORDER),
        programs=programs(frames, lives, names, top),
        operations=summed.operations,
        access=summed.access,
        files=summed.files,
        directories=summed.directories,
        processes=processes(frames, lives, names, origin_ns, top),
        slowest=slowest(frames, case.calls, lives, names, origin_ns, top),
        failures=summed.failures,
        tracked=tracked(frames.tracked),
        gaps=summed.gaps,
        unmet=unmet(meta, frames.images),
        findings=found,
        wall=wall,
        make_flame=partial(flame, case, code.charged),
    )


def _of_wall(
    case: Case, settings: Mapping[str, Setting], top: int
) -> tuple[tuple[Finding, ...], WallTime]:
    """What rules find, and where the wall time went."""
    waited = case.wall
    give_back_freed_memory()
    found = findings(RULES, case, settings)
    give_back_freed_memory()
    wall = wall_time(waited, case.lives, case.causes, case.stacks, case.names, case.sources, top)
    return found, wall


def _over_time(case: Case) -> OverTime:
    return OverTime(timeline(case), heat_map(case))


@dataclass(frozen=True)
class _OfCalls:
    """What is made of the calls alone."""

    performed: Performed
    operations: Operations
    access: Accesses
    files: Files
    directories: Directories
    failures: Failures
    gaps: tuple[Gap, ...]


def _of_calls(frames: Frames, calls: pd.DataFrame, top: int) -> _OfCalls:
    did, access = performed(calls), by_file(transfers(frames, calls))
    paths = file_tables.by_path(frames, calls, access)
    return _OfCalls(
        performed=did,
        operations=operations(did),
        access=accesses(access),
        files=file_tables.files(paths, top),
        directories=file_tables.directories(paths, top),
        failures=failures(frames, calls, top),
        gaps=gaps(frames, calls),
    )


@dataclass(frozen=True)
class _OfCode:
    """What is charged to shell code: all causes, and ranked."""

    charged: pd.DataFrame
    functions: Functions
    lines: Lines


def _of_code(case: Case, top: int) -> _OfCode:
    charged = charges(case.frames, case.calls, case.lives, case.causes)
    started = line_tables.started(case.lives, case.causes, case.stacks, case.names)
    return _OfCode(
        charged=charged,
        functions=function_tables.functions(charged, case.stacks, top),
        lines=line_tables.lines(charged, case.stacks, started, case.sources, top),
    )
