"""What a trace has of what is limited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.facts import Facts, Readings, Subject
from aklo_analysis.alerts.quantity import Amount
from aklo_trace.alerting.standing import command_of

NO_SUBJECT = Subject()


@dataclass(frozen=True)
class Measurement:
    """`amount` is the one furthest beyond the limit, or nearest to it; None if there is none, or
    it is not known. `beyond` is how many are beyond the limit, `uncleared` how many are beyond
    what would clear it."""

    condition: Condition
    is_known: bool
    amount: Amount | None = None
    subject: Subject = NO_SUBJECT
    beyond: int = 0
    uncleared: int = 0

    @property
    def is_crossed(self) -> bool:
        return self.beyond >= self.condition.count

    @property
    def is_uncleared(self) -> bool:
        return self.uncleared >= self.condition.count


def measure(conditions: Iterable[Condition], facts: Facts) -> tuple[Measurement, ...]:
    """One for each condition that is about the command of the trace."""
    command = command_of(facts.meta.argv)
    return tuple(_measured(one, facts) for one in conditions if one.is_about(command))


def _measured(condition: Condition, facts: Facts) -> Measurement:
    found = condition.metric.read(facts, condition.of)
    if found is None:
        return Measurement(condition, is_known=False)
    if not len(found.amounts):
        return Measurement(condition, is_known=True)
    worst = _worst(condition, found)
    return Measurement(
        condition,
        is_known=True,
        amount=found.amounts[worst].item(),
        subject=found.subject(worst),
        beyond=int(condition.beyond(found.amounts, condition.limit).sum()),
        uncleared=int(condition.beyond(found.amounts, condition.clear).sum()),
    )


def _worst(condition: Condition, found: Readings) -> int:
    extreme = np.argmin if condition.comparison == "under" else np.argmax
    return int(extreme(found.amounts))
