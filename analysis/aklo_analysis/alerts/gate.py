"""Limits on a metric for one run of `aklo-trace check`: absolute, or against a baseline.

A gate becomes a condition like any other once the amounts of the baseline are known. Of counts and
sizes it counts from the worst of the baseline, which no run like those can cross; of times and
shares, which are another each time, from the median.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.metrics import METRICS, Metric, allowed
from aklo_analysis.alerts.quantity import COUNT, SEVERITY, SIZE, Amount
from aklo_trace.config.entry import Origin
from aklo_trace.config.keys import SEVERITIES
from aklo_trace.errors import UsageError
from aklo_trace.quantity import share
from aklo_trace.spelling import meant

MAX, MIN = "max", "min"
COMPARISONS: Final = {MAX: "over", MIN: "under"}
TIME: Final = "_time"
"""What names of metrics may leave out at their end."""
ANY_COMMAND: Final = "*"
REPEATING: Final = (COUNT, SIZE)
"""Quantities of which the worst of a baseline counts."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`kind` is `MAX` or `MIN`. The limit is `amount`; if it `is_relative`, what the baseline has,
    and `amount` and the part `ratio` of it more: both can be less than 0."""

    kind: str
    metric: Metric
    of: str | None
    is_relative: bool
    amount: Amount
    ratio: float
    command: str
    origin: Origin

    @property
    def name(self) -> str:
        """No alert has one like it: theirs have no blanks."""
        return f"{self.kind} {self.key}"

    @property
    def key(self) -> str:
        """`calls:openat`"""
        return _key(self.metric, self.of)

    @property
    def probe(self) -> Condition:
        """With which what a trace has of it is measured."""
        return self._condition(0)

    def limit(self, baseline: Sequence[Amount]) -> Amount:
        """`baseline`: an amount for each trace, none if the gate is not relative."""
        if not self.is_relative:
            return self.amount
        return self._plus(_of(self, baseline))

    def condition(self, baseline: Sequence[Amount | None]) -> Condition:
        """What is to hold. If an amount that it needs is not known, nothing is known of it."""
        known = [amount for amount in baseline if amount is not None]
        if self.is_relative and (len(known) < len(baseline) or not known):
            unknown = replace(self.metric, read=lambda _facts, _of: None)
            return replace(self.probe, metric=unknown)
        return self._condition(self.limit(known))

    def _plus(self, start: Amount) -> Amount:
        found = start + self.amount + start * self.ratio
        return (
            found if isinstance(found, int) or self.metric.quantity.unit == "ratio" else int(found)
        )

    def _condition(self, limit: Amount) -> Condition:
        return Condition(
            name=self.name,
            metric=self.metric,
            of=self.of,
            comparison=COMPARISONS[self.kind],
            limit=limit,
            clear=limit,
            severity=SEVERITIES[-1],
            command=self.command,
            count=1,
            runs=1,
            for_ns=0,
            hold_ns=0,
            repeat_ns=0,
            actions=(),
            origin=self.origin,
        )


def gate(
    kind: str,
    key: str,
    given: object,
    origin: Origin,
    caches: Collection[str],
    command: str = ANY_COMMAND,
) -> Gate:
    """`key` is a metric, or `METRIC:OF`; `given` a limit such as `120`, `2s`, `+5`, `+20%`;
    `caches` those that there are, by name. Raises UsageError."""
    metric, of = _metric(key, origin), key.partition(":")[2] or None
    others = None if of is None else allowed(metric, of, caches)
    if others is not None:
        raise UsageError(f"{origin}: OF in {metric.name}:OF must be {others}.")
    text = str(given).strip()
    is_relative = text[:1] in ("+", "-")
    amount, ratio = _limit(metric, given, text, origin, is_relative)
    return Gate(kind, metric, of, is_relative, amount, ratio, command, origin)


def canonical(key: str, origin: Origin) -> str:
    """`Gate.key` of a key however it is spelt: `wall_time` of `wall`. Raises UsageError."""
    return _key(_metric(key, origin), key.partition(":")[2] or None)


def _key(metric: Metric, of: str | None) -> str:
    return metric.name + (f":{of}" if of else "")


def _metric(key: str, origin: Origin) -> Metric:
    name = key.partition(":")[0].strip()
    found = METRICS.get(name) or METRICS.get(name + TIME)
    if found is None:
        known = [*METRICS, *(one.removesuffix(TIME) for one in METRICS)]
        hint = meant(name, known) or f"; there are {', '.join(METRICS)}."
        raise UsageError(f"{origin}: there is no metric '{name}'{hint}")
    return found


def _limit(
    metric: Metric, given: object, text: str, origin: Origin, is_relative: bool
) -> tuple[Amount, float]:
    """The amount, and the part of the baseline, of a limit."""
    quantity = metric.quantity
    try:
        if not is_relative:
            return quantity.read(_plain(given)), 0.0
        if quantity is SEVERITY:
            raise ValueError(text)
        sign, size = (-1 if text[0] == "-" else 1), text[1:].strip()
        if size.endswith("%") and quantity.unit != "ratio":
            return 0, sign * share(size)
        return sign * quantity.read(size), 0.0
    except (ValueError, OverflowError, TypeError):
        relative = "" if quantity is SEVERITY else ", or +N or +N% of a baseline"
        raise UsageError(
            f"{origin}: the limit of {metric.name} must be {quantity.allowed}{relative}, and not "
            f"'{text}'."
        ) from None


def _plain(given: object) -> Any:
    if isinstance(given, bool):
        raise ValueError(given)
    return given


def _of(one: Gate, baseline: Sequence[Amount]) -> Amount:
    if one.metric.quantity not in REPEATING:
        return median(baseline)
    return max(baseline) if one.kind == MAX else min(baseline)
