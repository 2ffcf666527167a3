"""What a day or a week of traces says against the time before it.

From summaries, those of traces that were removed included, to what `aklo-trace digest` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from aklo_trace import wall_change
from aklo_trace.alerting.standing import ACTIVE, badness
from aklo_trace.quantity import DAY_NS
from aklo_trace.summary import CacheUse, FoundIssue, TraceSummary, together

PERIODS: Final = {"day": DAY_NS, "week": 7 * DAY_NS}
BEFORE_NS: Final = 28 * DAY_NS
"""What a period is compared with: the four weeks before it."""
ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class CommandChange:
    """A command: its runs in the period, how many failed, and the median wall times; `before_ns` is
    None of one that is new."""

    command: str
    runs: int
    failed: int
    wall_ns: int | None
    before_ns: int | None

    @property
    def change(self) -> float | None:
        return wall_change.change(self.before_ns, self.wall_ns)

    @property
    def is_slower(self) -> bool:
        return wall_change.is_slower(self.before_ns, self.wall_ns, wall_change.OF_MEDIANS)

    @property
    def is_faster(self) -> bool:
        return wall_change.is_faster(self.before_ns, self.wall_ns, wall_change.OF_MEDIANS)


@dataclass(frozen=True, slots=True)
class NewFinding:
    """One of a command that had none like it before: the same rule at the same function."""

    command: str
    finding: FoundIssue


@dataclass(frozen=True, slots=True)
class CacheTrend:
    """Over the traces of the period, and of before it, None if none used it."""

    now: CacheUse
    before: CacheUse | None


@dataclass(frozen=True, slots=True)
class AlertCount:
    """In how many traces of a command an alert was active; `message` of the last."""

    name: str
    severity: str
    command: str
    traces: int
    message: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Times are ns since the epoch. `removed` counts traces of the period that are no more;
    `size_bytes` is what the store takes now, `added_bytes` what the traces of the period do."""

    since_ns: int
    until_ns: int
    period: str
    traces: int
    failed: int
    incomplete: int
    removed: int
    size_bytes: int
    added_bytes: int
    commands: tuple[CommandChange, ...]
    findings: tuple[NewFinding, ...]
    caches: tuple[CacheTrend, ...]
    alerts: tuple[AlertCount, ...]


def digest(
    stored: Iterable[TraceSummary],
    removed: Iterable[TraceSummary],
    period: str,
    until_ns: int,
) -> Digest:
    """`period` is a key of `PERIODS`."""
    since_ns = until_ns - PERIODS[period]
    kept, gone = list(stored), list(removed)
    every = sorted([*kept, *gone], key=lambda one: one.started_at_ns)
    now = [one for one in every if since_ns <= one.ended_at_ns < until_ns]
    before = [one for one in every if since_ns - BEFORE_NS <= one.ended_at_ns < since_ns]
    own = {id(one) for one in now}
    return Digest(
        since_ns=since_ns,
        until_ns=until_ns,
        period=period,
        traces=len(now),
        failed=sum(one.has_failed for one in now),
        incomplete=sum(not one.complete for one in now),
        removed=sum(id(one) in own for one in gone),
        size_bytes=sum(one.size_bytes or 0 for one in kept),
        added_bytes=sum(one.size_bytes or 0 for one in kept if id(one) in own),
        commands=_commands(now, before),
        findings=_findings(now, before),
        caches=_caches(now, before),
        alerts=_alerts(now),
    )


def _by_command(traces: Sequence[TraceSummary]) -> dict[str, list[TraceSummary]]:
    found: dict[str, list[TraceSummary]] = {}
    for one in traces:
        found.setdefault(one.command, []).append(one)
    return found


def _commands(
    now: Sequence[TraceSummary], before: Sequence[TraceSummary]
) -> tuple[CommandChange, ...]:
    """Those that got slower first, by how much time that is."""
    earlier = _by_command(before)
    found = [
        CommandChange(
            command,
            len(runs),
            sum(one.has_failed for one in runs),
            _median(runs),
            _median(earlier.get(command, [])),
        )
        for command, runs in _by_command(now).items()
    ]
    return tuple(sorted(found, key=lambda row: (-_lost_ns(row), -(row.wall_ns or 0), row.command)))


def _lost_ns(row: CommandChange) -> int:
    if row.wall_ns is None or row.before_ns is None:
        return 0
    return (row.wall_ns - row.before_ns) * row.runs


def _median(runs: Sequence[TraceSummary]) -> int | None:
    walls = [one.wall_ns for one in runs if one.wall_ns is not None]
    return int(median(walls)) if walls else None


def _findings(
    now: Sequence[TraceSummary], before: Sequence[TraceSummary]
) -> tuple[NewFinding, ...]:
    """Of commands that there were before, largest saving first."""
    earlier = _by_command([one for one in before if one.is_analysed])
    found: dict[tuple[str, str, str | None, str | None], NewFinding] = {}
    for one in now:
        past = earlier.get(one.command, [])
        known = {_place(finding) for trace in past for finding in trace.findings}
        for finding in one.findings:
            if one.command in earlier and _place(finding) not in known:
                found[(one.command, *_place(finding))] = NewFinding(one.command, finding)
    return tuple(sorted(found.values(), key=lambda new: -new.finding.saving_ns)[:ROWS])


def _place(finding: FoundIssue) -> tuple[str, str | None, str | None]:
    return finding.code, finding.function, finding.file


def _caches(now: Sequence[TraceSummary], before: Sequence[TraceSummary]) -> tuple[CacheTrend, ...]:
    uses, past = (
        together(cache for one in reversed(traces) for cache in one.caches)
        for traces in (now, before)
    )
    names = dict.fromkeys(cache.name for one in now for cache in one.caches)
    return tuple(CacheTrend(uses[name], past.get(name)) for name in names)


def _alerts(now: Sequence[TraceSummary]) -> tuple[AlertCount, ...]:
    found: dict[tuple[str, str], AlertCount] = {}
    for one in now:
        for alert in one.alerts:
            if alert.state in ACTIVE:
                key = alert.name, one.command
                count = found[key].traces if key in found else 0
                found[key] = AlertCount(
                    alert.name, alert.severity, one.command, count + 1, alert.message
                )
    return tuple(sorted(found.values(), key=lambda row: (-badness(row.severity), -row.traces)))
