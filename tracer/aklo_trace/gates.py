"""The limits that `aklo-trace check` was given, and what traces have of them.

Like `aklo_trace.judgement` it hands over to the analysis, which is imported only then.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import budget
from aklo_trace.alerting.standing import command_of
from aklo_trace.config.entry import FLAG, PROJECT, Origin
from aklo_trace.errors import UsageError
from aklo_trace.judgement import analysed
from aklo_trace.location import find_all
from aklo_trace.places import Asker, working_directory
from aklo_trace.store import Trace, open_trace

if TYPE_CHECKING:
    from aklo_analysis.alerts.gate import Gate
    from aklo_analysis.alerts.quantity import Amount

STARTING: Final = ("processes", "subshells", "programs_started")
"""What a new budget limits: counts that repeat."""
FINE_NS: Final = 1_000_000
"""Times are written in a budget as a whole number of these."""
FINE_PERCENT: Final = Decimal("0.0001")
"""The same of shares."""
ROUNDED: Final = {"max": ROUND_CEILING, "min": ROUND_FLOOR}
"""By the kind of a limit, so that what it is made of is within it."""


@dataclass(frozen=True)
class Baseline:
    """Traces to compare with, and by the name of a gate what each of them has."""

    traces: tuple[Trace, ...]
    gates: tuple[Gate, ...]
    amounts: Mapping[str, tuple[Amount | None, ...]]

    @property
    def names(self) -> list[str]:
        return [str(trace.directory.absolute()) for trace in self.traces]

    def shown(self, name: str, amount: Amount) -> str:
        """For people, of the gate of that name."""
        return next(one for one in self.gates if one.name == name).metric.quantity.shown(amount)

    def of(self, one: Gate) -> tuple[Amount | None, ...]:
        return self.amounts.get(one.name, ())


def add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    for kind, says in ("max", "at most"), ("min", "at least"):
        add(
            f"--{kind}",
            action="append",
            default=[],
            metavar="METRIC[:OF]=LIMIT",
            help=f"a metric may be {says} that: 120, 2s, or +5, +20%% of the baseline",
        )
    add(
        "--baseline",
        action="append",
        default=[],
        metavar="TRACES",
        help="what relative limits count from: a trace, a pattern or a directory of traces, as "
        "often as you like",
    )
    add(
        "--budget",
        type=Path,
        metavar="FILE",
        help=f"limits (default: {budget.FILE} if it is there)",
    )
    add("--update", action="store_true", help="write into the budget what the trace has")


def given(options: argparse.Namespace, trace: Trace, asker: Asker) -> list[Gate]:
    """The gates of the command line, and of the budget those that are about a trace and not on
    the command line as well. Raises UsageError."""
    own = [*_of_options(options, asker)]
    names = {one.name for one in own}
    limits = _of_budget(options, command_of(trace.meta.argv), asker)
    return [*own, *(one for one in limits if one.name not in names)]


def budget_of(options: argparse.Namespace) -> Path:
    found: Path | None = options.budget
    return found or budget.place(working_directory() or Path("/"))


def _of_options(options: argparse.Namespace, asker: Asker) -> Iterator[Gate]:
    from aklo_analysis.alerts.condition import cache_names
    from aklo_analysis.alerts.gate import MAX, MIN, gate

    caches = cache_names(asker.configuration)
    for kind in (MAX, MIN):
        for text in getattr(options, kind):
            key, sign, limit = text.partition("=")
            origin = Origin(FLAG, f"--{kind} {text}")
            if not sign:
                raise UsageError(f"{origin}: a limit is missing: METRIC=LIMIT, as processes=120.")
            yield gate(kind, key, limit, origin, caches)


def _of_budget(options: argparse.Namespace, command: str, asker: Asker) -> Iterator[Gate]:
    from aklo_analysis.alerts.condition import cache_names
    from aklo_analysis.alerts.gate import gate

    path = budget_of(options)
    if not path.exists() and (options.update or options.budget is None):
        return
    mine = [one for one in budget.read(path) if budget.is_about(one, command)]
    if options.budget and not mine and not options.update:
        raise UsageError(
            f"{path} limits nothing of '{command}'. 'aklo-trace check TRACE --update' adds it."
        )
    caches = cache_names(asker.configuration)
    for one in mine:
        yield gate(one.kind, one.key, one.given, one.origin, caches)


def baseline(
    options: argparse.Namespace, asker: Asker, gates: Sequence[Gate], trace: Trace
) -> Baseline:
    """Measures the traces that relative gates count from. One with other calls than those of
    `trace` tells nothing. Raises UsageError if there are none."""
    relative = [one for one in gates if one.is_relative]
    if relative and not options.baseline:
        raise UsageError(f"{relative[0].origin}: relative to what? Name traces with --baseline.")
    traces = tuple(map(open_trace, baseline_paths(options, asker)))
    found = [measured(other, asker, gates) for other in traces]
    for other, of in zip(traces, found, strict=True):
        if other.meta.filter != trace.meta.filter:
            of |= dict.fromkeys(of)
    amounts = {one.name: tuple(of[one.name] for of in found) for one in gates}
    return Baseline(traces, tuple(gates), amounts)


def baseline_paths(options: argparse.Namespace, asker: Asker) -> list[Path]:
    return [path for name in options.baseline for path in find_all(name, asker.stores())]


def measured(trace: Trace, asker: Asker, gates: Sequence[Gate]) -> dict[str, Amount | None]:
    """What a trace has of each gate, by its name; None of what it does not tell."""
    report = analysed(trace, asker, gates=[one.probe for one in gates])
    found = {one.condition.name: one.measurement for one in report.verdicts}
    return {
        one.name: found[one.name].amount if _tells(trace, found[one.name].is_known) else None
        for one in gates
    }


def _tells(trace: Trace, is_known: bool) -> bool:
    """An incomplete trace has too little of everything."""
    return is_known and trace.meta.complete


def doubts(trace: Trace, others: Sequence[Trace]) -> Iterator[str]:
    """What makes a baseline hard to compare with a trace."""
    for other in others:
        name = other.directory.name
        if other.meta.filter != trace.meta.filter:
            yield f"baseline {name}: not the same calls were recorded"
        if other.meta.engine != trace.meta.engine:
            yield f"baseline {name}: recorded by the engine {other.meta.engine}: times differ"
        if command_of(other.meta.argv) != command_of(trace.meta.argv):
            yield f"baseline {name}: of another command, {command_of(other.meta.argv)}"
        if not other.meta.complete:
            yield f"baseline {name}: incomplete, so nothing can be compared with it"


def to_update(options: argparse.Namespace, trace: Trace, asker: Asker) -> list[Gate]:
    """What `--update` writes: what is given, counts that the budget has, or, if there is nothing of
    either, those of `STARTING`."""
    from aklo_analysis.alerts.gate import MAX, REPEATING, gate

    found = [
        one
        for one in given(options, trace, asker)
        if _is_own(one) or (one.metric.quantity in REPEATING and not one.is_relative)
    ]
    path = budget_of(options)
    return found or [gate(MAX, key, 0, Origin(PROJECT, str(path)), ()) for key in STARTING]


def _is_own(one: Gate) -> bool:
    """Whether it stands on the command line."""
    return one.origin.level == FLAG


def amounts(
    gates: Sequence[Gate], seen: Sequence[Mapping[str, Amount | None]]
) -> dict[tuple[str, str], object]:
    """What to write into a budget, by kind and key: the worst that traces have; with what was
    given as relative, added; of what was given as absolute, that."""
    found: dict[tuple[str, str], object] = {}
    for one in gates:
        known = [amount for of in seen if (amount := of[one.name]) is not None]
        if _is_own(one) and not one.is_relative:
            found[one.kind, one.key] = _written(one, one.amount)
        elif known:
            worst = max(known) if one.kind == "max" else min(known)
            limit = one.limit([worst]) if one.is_relative else worst
            found[one.kind, one.key] = _written(one, limit)
    return found


def updated(path: Path, command: str, amounts: Mapping[tuple[str, str], object]) -> str:
    """The text of the budget with what `amounts` found. Raises UsageError."""
    from aklo_analysis.alerts.gate import canonical

    origin = Origin(PROJECT, str(path))
    return budget.updated(path, command, amounts, lambda key: canonical(key, origin))


def _written(one: Gate, amount: Amount) -> object:
    """As a budget has it."""
    match one.metric.quantity.unit:
        case "ns":
            return f"{_whole(one, Decimal(amount) / FINE_NS)}ms"
        case "ratio":
            fine = _whole(one, Decimal(repr(amount)) * 100 / FINE_PERCENT)
            return f"{(fine * FINE_PERCENT).normalize():f}%"
        case "severity":
            return one.metric.quantity.shown(amount)
    return int(amount)


def _whole(one: Gate, amount: Decimal) -> Decimal:
    return amount.to_integral_value(ROUNDED[one.kind])
