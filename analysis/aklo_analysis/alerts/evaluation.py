"""From measurements and what earlier traces have left: which alerts there are.

A condition is pending once it is crossed, and an alert when that has lasted for as many traces in
a row, and as long, as it says. It stays one until it has been cleared for as long as it is to be
held; what is between the limit and `clear` neither raises it nor clears it. It is said when it is
raised, and each time that a trace crosses it again, but never twice within `repeat`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.measurement import Measurement
from aklo_trace.alerting.standing import (
    ACTIVE,
    CLEARED,
    CONTINUED,
    HELD,
    OK,
    PENDING,
    RAISED,
    REPEATED,
    SETTLED,
    UNKNOWN,
    Standing,
)

NOTHING_LEFT: Final = Standing()
State = Mapping[str, Standing]
"""What earlier traces of a command have left, by the name of the alert."""


@dataclass(frozen=True)
class Verdict:
    """`is_said`: it is to be told, and acted upon."""

    measurement: Measurement
    standing: Standing
    is_said: bool = False

    @property
    def condition(self) -> Condition:
        return self.measurement.condition

    @property
    def is_alert(self) -> bool:
        return self.standing.state in ACTIVE


def evaluate(measurements: Iterable[Measurement], state: State, at_ns: int) -> tuple[Verdict, ...]:
    """`at_ns` is the end of the trace."""
    return tuple(
        _verdict(one, state.get(one.condition.name, NOTHING_LEFT), at_ns) for one in measurements
    )


def _verdict(found: Measurement, before: Standing, at_ns: int) -> Verdict:
    if not found.is_known:
        return Verdict(found, replace(before, state=UNKNOWN))
    if before.state in ACTIVE:
        return _of_alert(found, before, at_ns)
    if not found.is_crossed:
        state = SETTLED if before.state == PENDING else OK
        return Verdict(found, Standing(state, said_ns=before.said_ns))
    return _of_crossed(found, before, at_ns)


def _of_crossed(found: Measurement, before: Standing, at_ns: int) -> Verdict:
    since_ns = at_ns if before.since_ns is None else before.since_ns
    now = Standing(PENDING, before.runs + 1, since_ns, at_ns, before.said_ns)
    wanted = found.condition
    if now.runs < wanted.runs or at_ns - since_ns < wanted.for_ns:
        return Verdict(found, now)
    return _said(Verdict(found, replace(now, state=RAISED)), at_ns)


def _of_alert(found: Measurement, before: Standing, at_ns: int) -> Verdict:
    if found.is_crossed:
        now = replace(before, state=REPEATED, runs=before.runs + 1, beyond_ns=at_ns)
        verdict = _said(Verdict(found, now), at_ns)
        return verdict if verdict.is_said else _in_state(verdict, CONTINUED)
    if found.is_uncleared:
        return Verdict(found, replace(before, state=CONTINUED, beyond_ns=at_ns))
    if at_ns - (before.beyond_ns or 0) < found.condition.hold_ns:
        return Verdict(found, replace(before, state=HELD))
    return Verdict(found, Standing(CLEARED, said_ns=before.said_ns), is_said=True)


def _said(verdict: Verdict, at_ns: int) -> Verdict:
    """The same, and said, unless that is too soon."""
    last_ns, least_ns = verdict.standing.said_ns, verdict.condition.repeat_ns
    if last_ns is not None and at_ns - last_ns < least_ns:
        return verdict
    return replace(verdict, standing=replace(verdict.standing, said_ns=at_ns), is_said=True)


def _in_state(verdict: Verdict, state: str) -> Verdict:
    return replace(verdict, standing=replace(verdict.standing, state=state))
