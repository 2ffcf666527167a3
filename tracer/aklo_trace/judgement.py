"""What alerts a trace gives: judged by the analysis, written down, and acted upon.

Like `aklo_trace.presentation` it hands over to the analysis, which is imported only then.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import address_space, summary, work_of_misses
from aklo_trace import meta as meta_file
from aklo_trace.alerting import history
from aklo_trace.alerting.action import Notice, actions
from aklo_trace.alerting.history import History
from aklo_trace.alerting.standing import CLEARED, KEPT, SETTLED, command_of
from aklo_trace.cli import complain
from aklo_trace.config.entry import BY_DEFAULT, Problem
from aklo_trace.errors import StoreError, reason_of
from aklo_trace.escape import escape
from aklo_trace.location import expanded, name_of, project
from aklo_trace.output import opened
from aklo_trace.places import Asker, complain_of, working_directory
from aklo_trace.presentation import NO_REPORT, extent_of, form_of, print_report
from aklo_trace.store import Trace

if TYPE_CHECKING:
    from aklo_analysis.alerts.condition import Condition
    from aklo_analysis.alerts.evaluation import Verdict
    from aklo_analysis.report import Report

ENDINGS: Final = {"html": "html", "markdown": "md", "text": "txt", "json": "json"}
"""Of files of reports, by their format."""
WRITTEN: Final = (*KEPT, CLEARED, SETTLED)
"""States that are written down."""


def problems_of(asker: Asker) -> tuple[Problem, ...]:
    """What of the configuration cannot be used, as far as the analysis is needed to tell. Raises
    MemoryError where that, and a report, cannot be had."""
    address_space.check(address_space.REPORT_BYTES)
    from aklo_analysis.alerts.condition import conditions
    from aklo_analysis.caches.configured import caches
    from aklo_analysis.rules.configured import limits

    found = asker.configuration
    parts = conditions(found), limits(found), caches(found), actions(found, asker.identity.home)
    return tuple(problem for _, problems in parts for problem in problems)


def analysed(
    trace: Trace,
    asker: Asker,
    top: int = 10,
    by: Sequence[str] = (),
    over_time: bool = False,
    gates: Sequence[Condition] = (),
) -> Report:
    """The report of a trace, as the configuration wants it. With `gates` it has these as well, and
    no alert that nobody asked for."""
    from aklo_analysis.alerts.condition import conditions
    from aklo_analysis.allocation import keep_freed_memory
    from aklo_analysis.caches.configured import benchmarked, caches
    from aklo_analysis.report import build
    from aklo_analysis.rules.configured import limits

    keep_freed_memory()
    wanted, _ = conditions(asker.configuration)
    if gates:
        wanted = tuple(one for one in wanted if one.origin != BY_DEFAULT)
    settings, _ = limits(asker.configuration)
    known, _ = caches(asker.configuration)
    known = benchmarked(known, work_of_misses.kept(asker.stores()[0]))
    return build(trace, top, settings, by, (*wanted, *gates), known, over_time)


def judged(trace: Trace, report: Report, asker: Asker) -> Report:
    """The report with its alerts as they were when the trace was made; nothing is written."""
    found = history.read(_history(trace, asker))
    _complain_of(found)
    before = found.before(str(trace.directory.absolute()), trace.meta.ended_at_ns)
    return report.judged(before.state(command_of(trace.meta.argv)))


def settle(trace: Trace, options: argparse.Namespace, asker: Asker) -> None:
    """At the end of a recording: write its alerts down, print the report if that is wanted, and do
    what is to be done about alerts. Raises OSError if nobody takes the report."""
    complain_of(problems_of(asker))
    place, printed = report_directory(asker), form_of(options)
    kept = asker.configuration.value("report.format", str) if place else printed
    report = _in_form(trace, kept, options, asker)
    is_monitored = asker.configuration.value("monitoring.enabled", bool)
    if is_monitored:
        report = written_down(trace, report, asker)
    keep_summary(trace, report)
    if place:
        keep_report(trace, report, kept, place)
    verdicts = report.verdicts
    if _is_of_more(kept, printed, options, asker):
        del report  # two at once take twice the memory
        report = replace(_in_form(trace, printed, options, asker), verdicts=verdicts)
    untaken = None if printed == NO_REPORT else _print(trace, report, options, asker)
    if is_monitored:
        act(trace, verdicts, asker)
    if untaken:
        raise untaken


def _in_form(trace: Trace, form: str, options: argparse.Namespace, asker: Asker) -> Report:
    extent = extent_of(form, options.top, asker)
    return analysed(trace, asker, extent.top, options.by, extent.over_time)


def _is_of_more(kept: str, printed: str, options: argparse.Namespace, asker: Asker) -> bool:
    """Whether the report that is printed has other rows than the one that was made."""
    extents = [extent_of(form, options.top, asker) for form in (kept, printed)]
    return printed != NO_REPORT and extents[0] != extents[1]


def keep_summary(trace: Trace, report: Report) -> None:
    """Leave in the trace what lists and dashboards say of it, if it is ours to write to."""
    from aklo_analysis.summarised import summarised

    directory = trace.directory
    with suppress(OSError):
        if directory.stat().st_uid == os.geteuid():
            summary.write(directory, summarised(report, summary.disk_bytes(directory)))


def keep_report(trace: Trace, report: Report, form: str, place: Path) -> None:
    """Write the report of a recording to a file in a directory."""
    from aklo_analysis.reporters import REPORTERS, Options

    path = place / f"{trace.directory.name}.{ENDINGS[form]}"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with opened(path, force=True) as stream:
            REPORTERS[form](report, stream, Options(width=None))
    except (StoreError, OSError) as error:
        why = error if isinstance(error, StoreError) else reason_of(error)
        complain(f"The report of {trace.directory.name} is not written to {place}: {why}")


def report_directory(asker: Asker) -> Path | None:
    """Where reports of recordings go, if they are to be written."""
    wanted = asker.configuration.value("report.directory", str)
    if not wanted:
        return None
    place = expanded(wanted, asker.identity.home)
    within = project(working_directory() or Path("/"))
    return place if place.is_absolute() else within / place if within else None


def _print(
    trace: Trace, report: Report, options: argparse.Namespace, asker: Asker
) -> OSError | None:
    """What keeps the report from being taken."""
    try:
        print_report(
            report, form_of(options), options, sys.stderr, name_of(trace.directory, asker.stores())
        )
        sys.stderr.flush()
    except OSError as error:
        return error
    return None


def written_down(trace: Trace, report: Report, asker: Asker) -> Report:
    """The report with its alerts as they are now, at the end of a recording: the history has
    them afterwards, unless it cannot be written."""
    command = command_of(trace.meta.argv)
    try:
        with history.opened(_history(trace, asker)) as log:
            _complain_of(log.history)
            report = report.judged(log.history.state(command))
            log.add(_line(trace, verdict) for verdict in report.verdicts if _is_written(verdict))
    except StoreError as error:
        complain(error)
    return report


def act(trace: Trace, verdicts: Iterable[Verdict], asker: Asker) -> None:
    """Do what is to be done about alerts that are said; what fails is said too."""
    from aklo_trace.alerting.performing import perform

    known, _ = actions(asker.configuration, asker.identity.home)
    notices = [_notice(trace, verdict) for verdict in verdicts if verdict.is_said]
    for failure in perform(known, notices, asker.identity.variables()):
        complain(failure)


def _history(trace: Trace, asker: Asker) -> Path:
    """The history of alerts that a trace belongs to."""
    return history.of_store(asker.stores(), trace.directory)


def _is_written(verdict: Verdict) -> bool:
    return verdict.standing.state in WRITTEN


def _line(trace: Trace, verdict: Verdict) -> Mapping[str, object]:
    from aklo_analysis.alerts.alert import Alert

    at_ns, standing = trace.meta.ended_at_ns, verdict.standing
    return {
        "version": history.VERSION,
        "at": meta_file.iso(at_ns),
        "at_ns": at_ns,
        "command": command_of(trace.meta.argv),
        "trace": str(trace.directory.absolute()),
        **asdict(Alert.of_verdict(verdict)),
        "beyond_ns": standing.beyond_ns,
        "said_ns": standing.said_ns,
    }


def _notice(trace: Trace, verdict: Verdict) -> Notice:
    line = _line(trace, verdict)
    return Notice(
        name=verdict.condition.name,
        severity=verdict.condition.severity,
        state=verdict.standing.state,
        message=escape(str(line["message"])),
        trace=str(trace.directory.absolute()),
        line=json.dumps(line),
        at_ns=trace.meta.ended_at_ns,
        actions=verdict.condition.actions,
    )


def _complain_of(found: History) -> None:
    for problem in found.problems:
        complain(problem)
