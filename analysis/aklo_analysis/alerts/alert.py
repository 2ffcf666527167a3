"""An alert, or a condition that is none, as it is shown, written down and handed to actions."""

from __future__ import annotations

from dataclasses import dataclass

from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.evaluation import Verdict
from aklo_analysis.alerts.facts import Subject
from aklo_analysis.alerts.quantity import SEVERITY, Amount, Quantity
from aklo_trace.alerting.standing import UNKNOWN

NOT_KNOWN = "not known: the trace does not tell"
NONE = "there was nothing of the kind"
LIMITS = {"over": "", "under": "less than ", "at_least": "at least "}


@dataclass(frozen=True, slots=True)
class Alert:
    """Amounts are in `unit`, of severities their names. `amount` is the worst of the trace, and
    `operation` and `target` what it is of; `beyond` is how many are beyond the limit. `state` is
    one of `aklo_trace.alerting.standing`, `runs` for how many traces it has been beyond;
    `message` says it in words."""

    name: str
    severity: str
    state: str
    message: str
    metric: str
    of: str | None
    comparison: str
    limit: Amount | str
    clear: Amount | str
    unit: str
    amount: Amount | str | None
    beyond: int
    operation: str | None
    target: str | None
    runs: int
    since_ns: int | None
    origin: str

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Alert:
        found, condition, standing = verdict.measurement, verdict.condition, verdict.standing
        quantity = condition.metric.quantity
        return cls(
            name=condition.name,
            severity=condition.severity,
            state=standing.state,
            message=_message(verdict),
            metric=condition.metric.name,
            of=condition.of,
            comparison=condition.comparison,
            limit=_plain(quantity, condition.limit),
            clear=_plain(quantity, condition.clear),
            unit=quantity.unit,
            amount=None if found.amount is None else _plain(quantity, found.amount),
            beyond=found.beyond,
            operation=found.subject.operation,
            target=found.subject.target,
            runs=standing.runs,
            since_ns=standing.since_ns,
            origin=str(condition.origin),
        )


def _plain(quantity: Quantity, amount: Amount) -> Amount | str:
    return quantity.shown(amount) if quantity is SEVERITY else amount


def _message(verdict: Verdict) -> str:
    """`openat on '/a' took 1.23s (threshold: 1.00s, 2 more)`."""
    condition, amount = verdict.condition, verdict.measurement.amount
    if verdict.standing.state == UNKNOWN:
        return NOT_KNOWN
    if amount is None:
        return NONE
    shown, subject = condition.metric.quantity.shown(amount), verdict.measurement.subject
    words = condition.metric.says.format(amount=shown, **_names(subject))
    more = verdict.measurement.beyond - 1
    return f"{words} (threshold: {_limit(condition)}{f', {more:,} more' if more > 0 else ''})"


def _limit(condition: Condition) -> str:
    """`1.00s`, `at least high`."""
    return LIMITS[condition.comparison] + condition.metric.quantity.shown(condition.limit)


def _names(subject: Subject) -> dict[str, str]:
    """What sentences of metrics can name."""
    operation, target = subject.title or subject.operation or "", subject.target
    return {
        "operation": operation,
        "of": f" of {operation}" if operation else "",
        "on": f" on '{target}'" if target else "",
        "at": f" at {target}" if target else "",
    }
