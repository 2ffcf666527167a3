"""What a day or a week of traces says against the time before it.

From summaries, those of traces that were removed included, to what `aklo-trace digest` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from aklo_trace.alerting.standing import ACTIVE
from aklo_trace.config.keys import SEVERITIES
from aklo_trace.summary import FoundIssue, TraceSummary

DAY_NS: Final = 86_400 * 10**9
PERIODS: Final = {"day": DAY_NS, "week": 7 * DAY_NS}
BEFORE_NS: Final = 28 * DAY_NS
"""What a period is compared with: the four weeks before it."""
CHANGED: Final = 0.1
"""From which share on a command is slower, or faster."""
LEAST_NS: Final = 20_000_000
"""What is less is noise."""
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
        if not self.before_ns or self.wall_ns is None:
            return None
        return self.wall_ns / self.before_ns - 1

    @property
    def is_slower(self) -> bool:
        return self._has_changed() and (self.change or 0) > CHANGED

    @property
    def is_faster(self) -> bool:
        return self._has_changed() and (self.change or 0) < -CHANGED

    def _has_changed(self) -> bool:
        return abs((self.wall_ns or 0) - (self.before_ns or 0)) >= LEAST_NS


@dataclass(frozen=True, slots=True)
class NewFinding:
    """One of a command that had none like it before: the same rule at the same function."""

    command: str
    finding: FoundIssue


@dataclass(frozen=True, slots=True)
class CacheTrend:
    """Sums over the traces of the period, and of before it; `saved_ns` is of the period, None if no
    trace tells."""

    name: str
    lookups: int
    hits: int
    before_lookups: int
    before_hits: int
    saved_ns: int | None
    size_bytes: int | None

    @property
    def ratio(self) -> float | None:
        return self.hits / self.lookups if self.lookups else None

    @property
    def before_ratio(self) -> float | None:
        return self.before_hits / self.before_lookups if self.before_lookups else None


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
    names = dict.fromkeys(cache.name for one in now for cache in one.caches)
    found = []
    for name in names:
        own, past = (
            [cache for one in traces for cache in one.caches if cache.name == name]
            for traces in (now, before)
        )
        saved = [cache.saved_ns for cache in own if cache.saved_ns is not None]
        found.append(
            CacheTrend(
                name=name,
                lookups=sum(cache.lookups for cache in own),
                hits=sum(cache.hits for cache in own),
                before_lookups=sum(cache.lookups for cache in past),
                before_hits=sum(cache.hits for cache in past),
                saved_ns=sum(saved) if saved else None,
                size_bytes=own[-1].size_bytes,
            )
        )
    return tuple(found)


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
    worst = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found.values(), key=lambda row: (-worst.get(row.severity, 0), -row.traces)))
