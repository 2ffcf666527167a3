"""Say whether a trace crosses a threshold, and exit accordingly.

TRACE is a path, a name that 'aklo-trace list' shows, or 'latest'. The thresholds are those of the
configuration, see docs/alerts.md. Nothing is written down, and nothing is done about alerts.

exit status:
  0  no threshold is crossed
  1  one is
  2  the command line makes no sense, there is no such trace, or something
     in the configuration cannot be used; the rest is checked even so
  3  the trace cannot tell: it is incomplete, or does not have what is limited
  4  no engine can record what is to be checked; a trace needs none
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from aklo_trace.cli import DATA_INCOMPLETE
from aklo_trace.errors import AkloTraceError, NotATrace, StoreError, TraceError, UsageError
from aklo_trace.escape import escape
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
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    asker = become_asker()
    problems = (*asker.configuration.problems, *problems_of(asker))
    complain_of(problems)
    trace, report = _checked(options.trace, asker)
    is_mistaken = any(problem.is_mistake for problem in problems)
    status = UsageError.exit_status if is_mistaken else _status(trace, report)
    (_print_json if options.format == "json" else _print_text)(trace, report, status)
    return status


def _checked(name: str, asker: Asker) -> tuple[Trace, Report]:
    try:
        trace = open_trace(find(name, asker.stores()))
        return trace, judged(trace, analysed(trace, asker), asker)
    except AkloTraceError as error:
        for kind, status in STATUSES:
            if isinstance(error, kind):
                error.exit_status = status
                break
        raise


def _status(trace: Trace, report: Report) -> int:
    if any(map(_is_crossed, report.verdicts)):
        return CROSSED
    is_known = all(verdict.measurement.is_known for verdict in report.verdicts)
    return PASSED if is_known and trace.meta.complete else DATA_INCOMPLETE


def _is_crossed(verdict: Verdict) -> bool:
    """By this trace, and not only by those before it."""
    return verdict.is_alert and verdict.measurement.is_crossed


def _print_text(trace: Trace, report: Report, status: int) -> None:
    alerts = [(_word(verdict), verdict) for verdict in report.verdicts]
    for (word, _), condition in zip(alerts, report.conditions, strict=True):
        print(escape(f"{word:<8} {condition.name}: {condition.message}, {condition.origin}"))
    if not trace.meta.complete:
        print(escape(f"The trace is not complete: {trace.meta.incomplete_reason}"))
    crossed, checked = sum(word == "crossed" for word, _ in alerts), len(alerts)
    thresholds = "1 threshold is" if crossed == 1 else f"{crossed} thresholds are"
    print(f"{RESULTS[status]}: {thresholds} crossed, of {checked}")


def _word(verdict: Verdict) -> str:
    """What to say of a threshold: that it is crossed, or the state of its alert."""
    return RESULTS[CROSSED] if _is_crossed(verdict) else verdict.standing.state


def _print_json(trace: Trace, report: Report, status: int) -> None:
    document = {
        "check_version": CHECK_VERSION,
        "result": RESULTS[status],
        "status": status,
        "trace": str(trace.directory.absolute()),
        "complete": trace.meta.complete,
        "incomplete_reason": trace.meta.incomplete_reason,
        "crossed": [verdict.condition.name for verdict in report.verdicts if _is_crossed(verdict)],
        "conditions": [asdict(condition) for condition in report.conditions],
    }
    print(json.dumps(document, indent=2))
