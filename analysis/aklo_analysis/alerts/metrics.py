"""What can be limited, by name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.activity import ACTIVITIES, BY_KEY
from aklo_analysis.alerts.facts import Facts, Readings, Subject
from aklo_analysis.alerts.quantity import COUNT, DURATION, LEVELS, SEVERITY, SHARE, SIZE, Quantity
from aklo_analysis.calls import among, categories
from aklo_analysis.distribution import Distribution
from aklo_analysis.program import base_name
from aklo_analysis.rules import RULES
from aklo_analysis.rules.finding import Finding
from aklo_analysis.tables.caches import CacheRow
from aklo_trace import syscalls
from aklo_trace.spelling import meant

Read = Callable[[Facts, str | None], Readings | None]
"""What a trace has of a metric, of all or of what is named; None if that is not known."""
Rows = npt.NDArray[np.bool_]

NOTHING: Final = ""
CALLS: Final = "calls"
RULE: Final = "rule"
CACHE: Final = "cache"
"""What the key `of` of a metric can name: nothing; classes of operations and system calls; rules;
or caches."""


OPERATIONS: Final = (
    f"a system call, or a class of operations: {', '.join(one.key for one in ACTIVITIES)}"
)
LEFT_OUT: Final = "left out"


@dataclass(frozen=True)
class Metric:
    """`says` is the sentence about an amount that is an alert; `of` is what can be named."""

    name: str
    quantity: Quantity
    read: Read
    says: str
    doc: str
    of: str = NOTHING


def _alone(amount: int | float | None) -> Readings | None:
    """That of a metric with one amount."""
    if amount is None:
        return None
    return Readings(np.array([amount]), lambda _: Subject())


def _io(facts: Facts) -> Rows:
    """Calls that work on files, or whatever descriptors stand for, and wait for nobody."""
    working = [a.key for a in ACTIVITIES if a.io and not a.waits]
    return among(facts.calls["activity"], working)


def _named(facts: Facts, of: str) -> Rows:
    """Calls of a class, or a system call."""
    column = "activity" if of in BY_KEY else "syscall"
    found: Rows = (facts.calls[column] == of).to_numpy()
    return found


def _durations(facts: Facts, of: str | None) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Rows of calls that have a duration, and these."""
    calls = facts.calls
    wanted = _io(facts) if of is None else _named(facts, of)
    rows = np.flatnonzero(wanted & ~calls["untimed"].to_numpy())
    dur_ns = calls["work_ns"].to_numpy(np.int64) + calls["wait_ns"].to_numpy(np.int64)
    return rows, dur_ns[rows]


def _operation(facts: Facts, of: str | None) -> Readings | None:
    if not facts.is_timed:
        return None
    rows, dur_ns = _durations(facts, of)

    def subject(place: int) -> Subject:
        row = int(rows[place])
        return Subject(str(facts.calls["syscall"].iloc[row]), facts.path(row))

    return Readings(dur_ns, subject)


def _by_class(facts: Facts, of: str | None) -> tuple[list[str], list[npt.NDArray[np.int64]]]:
    """The durations of each class of I/O operations that occurs, or of what is named."""
    rows, dur_ns = _durations(facts, of)
    if of is not None:
        return ([of], [dur_ns]) if len(rows) else ([], [])
    keys, codes = categories(facts.calls["activity"])
    present = np.unique(codes[rows]).tolist()
    return [keys[code] for code in present], [dur_ns[codes[rows] == code] for code in present]


def _each(amount: Callable[[npt.NDArray[np.int64]], int]) -> Read:
    """An amount of the durations of each class."""

    def read(facts: Facts, of: str | None) -> Readings | None:
        if not facts.is_timed:
            return None
        names, durations = _by_class(facts, of)
        amounts = np.array([amount(dur_ns) for dur_ns in durations], np.int64)
        return Readings(amounts, lambda place: Subject.named(names[place]))

    return read


def _percentile(name: str) -> Read:
    """A field of `Distribution`."""
    return _each(lambda dur_ns: int(getattr(Distribution.of(dur_ns), name)))


def _sum(column: str | None) -> Read:
    """Of a column of calls, or how many there are: of all, or of those that are named."""

    def read(facts: Facts, of: str | None) -> Readings:
        rows = np.ones(len(facts.calls), bool) if of is None else _named(facts, of)
        counted = rows if column is None else facts.calls[column].to_numpy()[rows]
        return Readings(np.array([int(counted.sum())]), lambda _: Subject.named(of))

    return read


def _failed_share(facts: Facts, of: str | None) -> Readings:
    rows = np.ones(len(facts.calls), bool) if of is None else _named(facts, of)
    failed = facts.calls["failed"].to_numpy()[rows]
    return Readings(np.array([failed.mean() if len(failed) else 0.0]), lambda _: Subject.named(of))


def _lost_share(facts: Facts, _: str | None) -> Readings | None:
    attempts = facts.meta.attempts
    return None if attempts is None else _alone(facts.meta.lost / attempts if attempts else 0.0)


def _cpu_ns(facts: Facts) -> int | None:
    user, kernel = facts.summary.cpu_user_ns, facts.summary.cpu_kernel_ns
    return None if user is None or kernel is None else user + kernel


def _findings(amount: Callable[[Finding], int]) -> Read:
    def read(facts: Facts, of: str | None) -> Readings | None:
        if not facts.is_timed or not (facts.findings or facts.meta.attribution):
            return None
        found = [one for one in facts.findings if of is None or one.code == of]
        amounts = np.array([amount(one) for one in found], np.int64)
        return Readings(amounts, lambda place: Subject(found[place].code, _place(found[place])))

    return read


def _caches(amount: Callable[[CacheRow], int | float | None]) -> Read:
    """An amount of each cache of which it is known. A cache that was not asked has none."""

    def read(facts: Facts, of: str | None) -> Readings:
        rows = [one for one in facts.caches if of is None or one.name == of]
        found = {one.name: known for one in rows if (known := amount(one)) is not None}
        names = [*found]
        return Readings(np.array([*found.values()]), lambda place: Subject(names[place]))

    return read


def _place(finding: Finding) -> str | None:
    if finding.file is None:
        return finding.function
    return base_name(finding.file) + ("" if finding.line is None else f":{finding.line}")


METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric(
            "operation",
            DURATION,
            _operation,
            "{operation}{on} took {amount}",
            "how long a single I/O operation took, those left out that wait for somebody else",
            CALLS,
        ),
        Metric(
            "p50",
            DURATION,
            _percentile("p50_ns"),
            "the median of {operation} is {amount}",
            "the median duration of each class of I/O operations",
            CALLS,
        ),
        Metric(
            "p95",
            DURATION,
            _percentile("p95_ns"),
            "95% of {operation} took up to {amount}",
            "the 95th percentile of the durations of each class of I/O operations",
            CALLS,
        ),
        Metric(
            "p99",
            DURATION,
            _percentile("p99_ns"),
            "99% of {operation} took up to {amount}",
            "the 99th percentile",
            CALLS,
        ),
        Metric(
            "operation_time",
            DURATION,
            _each(lambda dur_ns: int(dur_ns.sum())),
            "{operation} took {amount} in all",
            "the time that each class of I/O operations took in all",
            CALLS,
        ),
        Metric(
            "wall_time",
            DURATION,
            lambda facts, _: _alone(facts.meta.wall_ns),
            "it ran for {amount}",
            "from the start of the command to its end",
        ),
        Metric(
            "work_time",
            DURATION,
            lambda facts, _: _alone(facts.summary.measure.own_ns if facts.is_timed else None),
            "all processes together worked for {amount}",
            "what all processes worked, side by side or not",
        ),
        Metric(
            "cpu_time",
            DURATION,
            lambda facts, _: _alone(_cpu_ns(facts)),
            "all processes together took {amount} of CPU time",
            "CPU time of all processes, in user mode and in the kernel",
        ),
        Metric(
            "processes",
            COUNT,
            lambda facts, _: _alone(facts.summary.processes),
            "there were {amount} processes",
            "how many processes there were",
        ),
        Metric(
            "programs_started",
            COUNT,
            lambda facts, _: _alone(facts.summary.programs_started),
            "{amount} programs were started",
            "how many programs were started",
        ),
        Metric(
            "subshells",
            COUNT,
            lambda facts, _: _alone(facts.summary.copies),
            "there were {amount} subshells",
            "how many processes executed no program: subshells and command substitutions",
        ),
        Metric(
            "calls",
            COUNT,
            _sum(None),
            "there were {amount} calls{of}",
            "how many system calls there were",
            CALLS,
        ),
        Metric(
            "failed_calls",
            COUNT,
            _sum("failed"),
            "{amount} calls{of} failed",
            "how many system calls failed",
            CALLS,
        ),
        Metric(
            "failed_share",
            SHARE,
            _failed_share,
            "{amount} of the calls{of} failed",
            "the share of system calls that failed",
            CALLS,
        ),
        Metric(
            "bytes",
            SIZE,
            _sum("bytes"),
            "{amount} were moved{of}",
            "how much was read and written",
            CALLS,
        ),
        Metric(
            "memory",
            SIZE,
            lambda facts, _: _alone(facts.summary.max_rss_bytes),
            "the largest process took {amount} of memory",
            "the peak resident memory of the largest process",
        ),
        Metric(
            "cache_ratio",
            SHARE,
            _caches(lambda one: one.hit_ratio),
            "the cache {operation} had the answer in {amount} of its lookups",
            "the share of lookups in a cache that hit",
            CACHE,
        ),
        Metric(
            "cache_size",
            SIZE,
            _caches(lambda one: one.size_bytes),
            "the cache {operation} took {amount}",
            "how much the entries of a cache took that were touched",
            CACHE,
        ),
        Metric(
            "lost_calls",
            COUNT,
            lambda facts, _: _alone(facts.meta.lost),
            "{amount} calls were lost",
            "how many system calls the recording lost",
        ),
        Metric(
            "lost_share",
            SHARE,
            _lost_share,
            "{amount} of the calls were lost",
            "the share of system calls that the recording lost",
        ),
        Metric(
            "finding_severity",
            SEVERITY,
            _findings(lambda one: LEVELS.index(one.severity)),
            "{operation}{at} is of {amount} severity",
            "how severe a finding of a rule is",
            RULE,
        ),
        Metric(
            "finding_saving",
            DURATION,
            _findings(lambda one: one.saving_ns),
            "{operation}{at} could save {amount}",
            "how much a finding of a rule would save",
            RULE,
        ),
    )
}


def allowed(metric: Metric, of: str, caches: Collection[str]) -> str | None:
    """What the key `of` of a metric can be, to say it; None if it can be this. `caches`: those
    that there are, by name."""
    if metric.of == CALLS:
        calls = (*BY_KEY, *syscalls.by_name())
        return None if of in calls else f"{OPERATIONS}{meant(of, calls)}"
    names = {RULE: [rule.code for rule in RULES], CACHE: sorted(caches)}.get(metric.of, [])
    if of in names:
        return None
    return f"one of {', '.join(names)}{meant(of, names)}" if names else LEFT_OUT
