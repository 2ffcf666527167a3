"""What the traces of a store say together: how its commands do, on one screen.

From summaries to what `aklo-trace status` shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from aklo_trace import wall_change
from aklo_trace.alerting.standing import ACTIVE, badness
from aklo_trace.quantity import DAY_NS
from aklo_trace.retention import Limits
from aklo_trace.stored import FINISHED, Stored
from aklo_trace.summary import AlertState, CacheUse, SlowCall, Totals, TraceSummary, together

COMMANDS: Final = 8
ROWS: Final = 5
"""Of each other list."""
EARLIER: Final = 20
"""Runs that a usual time is made of, the newest before the last one."""
SHOWN_RUNS: Final = 8
"""Of each command, the times of which are shown side by side."""
FITTING: Final = {44: (8, 5, 5, 3), 32: (5, 3, 3, 1), 0: (4, 1, 2, 0)}
"""How many commands, slow calls, caches and alerts are shown on a screen of so many lines."""
RECENT, MOST_RECENT = 20, 200
"""Slow calls and caches are those of all traces that ended within a day, but of at least and at
most so many of the newest."""


@dataclass(frozen=True, slots=True)
class CommandRow:
    """The last run of a command. `usual_ns` is the median wall time of up to `EARLIER` runs before
    it, None if there are none; `walls_ns` are the last ones, this one included, oldest first."""

    command: str
    trace: str
    state: str
    started_at_ns: int
    wall_ns: int | None
    usual_ns: int | None
    runs: int
    walls_ns: tuple[int, ...]
    exit_status: int | None
    signal: int | None
    complete: bool

    @property
    def change(self) -> float | None:
        """How much longer it took than usual, as a share of that; less than 0 if shorter."""
        return wall_change.change(self.usual_ns, self.wall_ns)

    @property
    def is_slower(self) -> bool:
        return wall_change.is_slower(self.usual_ns, self.wall_ns, wall_change.OF_ONE_RUN)


@dataclass(frozen=True, slots=True)
class SlowRow:
    """A single call, of the command and trace that it was in."""

    call: SlowCall
    command: str
    trace: str


@dataclass(frozen=True, slots=True)
class CacheRow:
    """A cache over all recent `traces` that used it: lookups, hits and what was saved are sums;
    `last` is of the newest of these traces, and so are the sizes."""

    name: str
    traces: int
    lookups: int
    hits: int
    saved_ns: int | None
    last: CacheUse

    @property
    def hit_ratio(self) -> float | None:
        return self.hits / self.lookups if self.lookups else None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert that the last trace of a command left active."""

    alert: AlertState
    command: str
    trace: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class StoreRow:
    """Where the traces are and what they take; `oldest_ns` is when the oldest was closed. What may
    be there is in `limits`."""

    directory: str
    traces: int
    pinned: int
    size_bytes: int
    free_bytes: int | None
    oldest_ns: int | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class Health:
    """How well was recorded: traces by engine and by state, how many are incomplete, how many calls
    were lost, and how many traces nobody has analysed yet."""

    engines: dict[str, int]
    states: dict[str, int]
    incomplete: int
    lost: int
    unanalysed: int


@dataclass(frozen=True, slots=True)
class Overview:
    at_ns: int
    store: StoreRow
    health: Health
    commands: tuple[CommandRow, ...]
    slowest: tuple[SlowRow, ...]
    caches: tuple[CacheRow, ...]
    alerts: tuple[AlertRow, ...]

    def fitted(self, lines: int) -> Overview:
        """With no more rows than a screen of so many lines has room for."""
        rows = next(rows for least, rows in FITTING.items() if lines >= least)
        commands, slowest, caches, alerts = rows
        return replace(
            self,
            commands=self.commands[:commands],
            slowest=self.slowest[:slowest],
            caches=self.caches[:caches],
            alerts=self.alerts[:alerts],
        )


Run = tuple[Stored, Totals]
Detailed = tuple[Stored, TraceSummary]


def overview(
    traces: Sequence[Stored], directory: str, limits: Limits, free_bytes: int | None, now_ns: int
) -> Overview:
    """`traces` are those of the store, newest first. Of few of them more than the totals is
    read."""
    known = [(one, one.totals) for one in traces if one.totals is not None]
    by_command: dict[str, list[Run]] = {}
    for trace, totals in known:
        by_command.setdefault(totals.command, []).append((trace, totals))
    recent = _detailed(_recent(known, now_ns))
    return Overview(
        at_ns=now_ns,
        store=_store(traces, directory, limits, free_bytes),
        health=_health(traces),
        commands=tuple(map(_command, [*by_command.values()][:COMMANDS])),
        slowest=_slowest(recent),
        caches=_caches(recent),
        alerts=_alerts(by_command.values()),
    )


def _detailed(runs: Iterable[Run]) -> list[Detailed]:
    analysed = (trace for trace, totals in runs if totals.is_analysed)
    return [(trace, found) for trace in analysed if (found := trace.summary())]


def _recent(known: Sequence[Run], now_ns: int) -> list[Run]:
    """Those of the last day, and the newest anyway."""
    return [
        (trace, totals)
        for place, (trace, totals) in enumerate(known[:MOST_RECENT])
        if place < RECENT or now_ns - totals.ended_at_ns < DAY_NS
    ]


def _store(
    traces: Sequence[Stored], directory: str, limits: Limits, free_bytes: int | None
) -> StoreRow:
    return StoreRow(
        directory=directory,
        traces=len(traces),
        pinned=sum(one.is_pinned for one in traces),
        size_bytes=sum(one.size_bytes() for one in traces),
        free_bytes=free_bytes,
        oldest_ns=min((one.closed_at_ns for one in traces), default=None),
        limits=limits,
    )


def _health(traces: Sequence[Stored]) -> Health:
    known = [one.totals for one in traces if one.totals and one.state == FINISHED]
    return Health(
        engines=dict(Counter(one.engine for one in known).most_common()),
        states=dict(Counter(one.state for one in traces)),
        incomplete=sum(not one.complete for one in known),
        lost=sum(one.lost for one in known),
        unanalysed=sum(not one.is_analysed for one in known),
    )


def _command(runs: Sequence[Run]) -> CommandRow:
    """`runs` of one command, newest first."""
    trace, last = runs[0]
    walls = [one.wall_ns for _, one in runs if one.wall_ns is not None]
    earlier = walls[1 : EARLIER + 1] if last.wall_ns is not None else walls[:EARLIER]
    return CommandRow(
        command=last.command,
        trace=trace.name,
        state=trace.state,
        started_at_ns=last.started_at_ns,
        wall_ns=last.wall_ns,
        usual_ns=int(median(earlier)) if earlier else None,
        runs=len(runs),
        walls_ns=tuple(reversed(walls[:SHOWN_RUNS])),
        exit_status=last.exit_status,
        signal=last.signal,
        complete=last.complete,
    )


def _slowest(runs: Iterable[Detailed]) -> tuple[SlowRow, ...]:
    rows = [
        SlowRow(call, found.command, trace.name) for trace, found in runs for call in found.slowest
    ]
    return tuple(sorted(rows, key=lambda row: -row.call.dur_ns)[:ROWS])


def _caches(runs: Iterable[Detailed]) -> tuple[CacheRow, ...]:
    """Those that were looked into most. `runs` are newest first."""
    uses = [use for _, found in runs for use in found.caches]
    traces, last = Counter(use.name for use in uses), {use.name: use for use in reversed(uses)}
    rows = [
        CacheRow(name, traces[name], one.lookups, one.hits, one.saved_ns, last[name])
        for name, one in together(uses).items()
    ]
    return tuple(sorted(rows, key=lambda row: -row.lookups)[:ROWS])


def _alerts(commands: Iterable[Sequence[Run]]) -> tuple[AlertRow, ...]:
    """Those of the last trace of each command that was judged, the worst first."""
    judged = (next((run for run in runs if run[1].is_analysed), None) for runs in commands)
    alarmed = (run for run in judged if run and run[1].alert_count)
    rows = [
        AlertRow(alert, found.command, trace.name, found.ended_at_ns)
        for trace, found in _detailed(alarmed)
        for alert in found.alerts
        if alert.state in ACTIVE
    ]
    return tuple(sorted(rows, key=lambda row: badness(row.alert.severity), reverse=True))
