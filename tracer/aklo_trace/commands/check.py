"""Say whether a trace crosses a threshold, and exit accordingly.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'. The thresholds are those of the
configuration, of the project's budget, and of --max and --min, see docs/check.md. Nothing is
written but with --update, and nothing is done about alerts.

exit status:
  0  no threshold is crossed
  1  one is
  2  the command line makes no sense, there is no such trace, or something
     in the configuration cannot be used; the rest is checked even so
  3  the trace, or a baseline, cannot tell: it is incomplete, or does not have
     what is limited
  4  no engine can record what is to be checked; a trace needs none
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from aklo_trace import budget, gates
from aklo_trace.alerting.standing import command_of
from aklo_trace.cli import DATA_INCOMPLETE, complain
from aklo_trace.errors import AkloTraceError, NotATrace, StoreError, TraceError, UsageError
from aklo_trace.escape import escape
from aklo_trace.gates import Baseline
from aklo_trace.judgement import analysed, judged, problems_of
from aklo_trace.location import WHICH, find
from aklo_trace.places import Asker, become_asker, complain_of
from aklo_trace.store import Trace, open_trace

if TYPE_CHECKING:
    from aklo_analysis.alerts.evaluation import Verdict
    from aklo_analysis.report import Report

CHECK_VERSION: Final = 1
"""Grows when a key of the JSON changes its meaning or goes away."""
PASSED, CROSSED = 0, 1
RESULTS: Final = {
    PASSED: "passed",
    CROSSED: "crossed",
    UsageError.exit_status: "mistaken",
    DATA_INCOMPLETE: "incomplete",
}
STATUSES: Final[tuple[tuple[type[AkloTraceError], int], ...]] = (
    (NotATrace, UsageError.exit_status),
    (TraceError, DATA_INCOMPLETE),
    (StoreError, DATA_INCOMPLETE),
)
"""What the status is if there is nothing to be checked: never that of a crossed threshold."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trace", nargs="?", default="latest", metavar="TRACE", help=WHICH)
    gates.add_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    asker = become_asker()
    problems = (*asker.configuration.problems, *problems_of(asker))
    complain_of(problems)
    with _own_statuses():
        trace = open_trace(find(options.trace, asker.stores()))
        if options.update:
            return _update(trace, options, asker)
        found = gates.given(options, trace, asker)
        baseline = gates.baseline(options, asker, found, trace)
        for doubt in gates.doubts(trace, baseline.traces):
            complain(doubt)
        wanted = [one.condition(baseline.of(one)) for one in found]
        report = judged(trace, analysed(trace, asker, gates=wanted), asker)
    is_mistaken = any(problem.is_mistake for problem in problems)
    status = UsageError.exit_status if is_mistaken else _status(trace, report)
    if options.format == "json":
        _print_json(trace, report, status, baseline)
    else:
        _print_text(trace, report, status, baseline)
    return status


@contextmanager
def _own_statuses() -> Iterator[None]:
    """What the status is if there is nothing to be checked."""
    try:
        yield
    except AkloTraceError as error:
        for kind, status in STATUSES:
            if isinstance(error, kind):
                error.exit_status = status
                break
        raise


def _update(trace: Trace, options: argparse.Namespace, asker: Asker) -> int:
    """Write into the budget what traces have, and say what."""
    path, command = gates.budget_of(options), command_of(trace.meta.argv)
    wanted = gates.to_update(options, trace, asker)
    traces = (trace, *map(open_trace, gates.baseline_paths(options, asker)))
    if lacking := next((one for one in traces if not one.meta.complete), None):
        raise TraceError(
            f"{lacking.directory} is incomplete, and no measure of anything: "
            f"{lacking.meta.incomplete_reason} The budget stays as it is."
        )
    amounts = gates.amounts(wanted, [gates.measured(one, asker, wanted) for one in traces])
    budget.write(path, gates.updated(path, command, amounts))
    print(escape(f"{path}: {command}"))
    for (kind, key), amount in amounts.items():
        print(escape(f"  {kind} {key} = {amount}"))
    return PASSED


def _status(trace: Trace, report: Report) -> int:
    if any(map(_is_crossed, report.verdicts)):
        return CROSSED
    is_known = all(verdict.measurement.is_known for verdict in report.verdicts)
    return PASSED if is_known and trace.meta.complete else DATA_INCOMPLETE


def _is_crossed(verdict: Verdict) -> bool:
    """By this trace, and not only by those before it."""
    return verdict.is_alert and verdict.measurement.is_crossed


def _print_text(trace: Trace, report: Report, status: int, baseline: Baseline) -> None:
    alerts = [(_word(verdict), verdict) for verdict in report.verdicts]
    for (word, _), condition in zip(alerts, report.conditions, strict=True):
        of = _baseline_of(condition.name, baseline)
        print(escape(f"{word:<8} {condition.name}: {condition.message}, {condition.origin}{of}"))
    if not trace.meta.complete:
        print(escape(f"The trace is not complete: {trace.meta.incomplete_reason}"))
    crossed, checked = sum(word == "crossed" for word, _ in alerts), len(alerts)
    thresholds = "1 threshold is" if crossed == 1 else f"{crossed} thresholds are"
    print(f"{RESULTS[status]}: {thresholds} crossed, of {checked}")


def _baseline_of(name: str, baseline: Baseline) -> str:
    """`; the baseline has 430`, or `430 to 437`."""
    known = [amount for amount in baseline.amounts.get(name, ()) if amount is not None]
    if not known:
        return ""
    shown = [*dict.fromkeys(baseline.shown(name, end) for end in (min(known), max(known)))]
    return f"; the baseline has {' to '.join(shown)}"


def _word(verdict: Verdict) -> str:
    """What to say of a threshold: that it is crossed, or the state of its alert."""
    return RESULTS[CROSSED] if _is_crossed(verdict) else verdict.standing.state


def _print_json(trace: Trace, report: Report, status: int, baseline: Baseline) -> None:
    document = {
        "check_version": CHECK_VERSION,
        "result": RESULTS[status],
        "status": status,
        "trace": str(trace.directory.absolute()),
        "complete": trace.meta.complete,
        "incomplete_reason": trace.meta.incomplete_reason,
        "crossed": [verdict.condition.name for verdict in report.verdicts if _is_crossed(verdict)],
        "conditions": [asdict(condition) for condition in report.conditions],
        "baseline": {"traces": baseline.names, "amounts": baseline.amounts},
    }
    print(json.dumps(document, indent=2))
