"""What is kept of a report beside its trace, for lists, dashboards and digests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from aklo_analysis.report import Report
from aklo_analysis.rules.finding import Finding
from aklo_analysis.tables.caches import CacheRow
from aklo_analysis.tables.operations import OperationRow
from aklo_analysis.tables.slowest import SlowCall as SlowRow
from aklo_trace.summary import (
    MOST,
    TOP,
    AlertState,
    CacheUse,
    FoundIssue,
    SlowCall,
    SlowOperation,
    Spent,
    TraceSummary,
    of_meta,
)


def summarised(report: Report, size_bytes: int | None) -> TraceSummary:
    """`size_bytes`: what the trace takes on disk, if that is known."""
    totals = report.summary
    return replace(
        of_meta(report.meta),
        is_analysed=True,
        failed=totals.measure.failed,
        processes=totals.processes,
        programs_started=totals.programs_started,
        cpu_ns=_sum(totals.cpu_user_ns, totals.cpu_kernel_ns),
        max_rss_bytes=totals.max_rss_bytes,
        size_bytes=size_bytes,
        finding_count=len(report.findings),
        saving_ns=sum(found.extra_ns for found in report.findings),
        alert_count=len(report.alerts),
        spent=tuple(Spent(row.key, row.wall_ns) for row in report.wall.doings),
        findings=tuple(map(_issue, report.findings[:TOP])),
        slowest=tuple(map(_slow_call, report.slowest[:TOP])),
        operations=_operations(report.operations.rows),
        caches=tuple(map(_cache, report.caches[:MOST])),
        alerts=tuple(
            AlertState(one.name, one.severity, one.state, one.message)
            for one in report.alerts[:MOST]
        ),
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _issue(found: Finding) -> FoundIssue:
    return FoundIssue(
        found.code,
        found.severity,
        found.title,
        found.function,
        found.file,
        found.line,
        found.saving_ns,
        found.share,
    )


def _slow_call(row: SlowRow) -> SlowCall:
    return SlowCall(row.syscall, row.dur_ns, row.program, row.path, row.start_ns)


def _operations(rows: Iterable[OperationRow]) -> tuple[SlowOperation, ...]:
    """Those that work, the costliest first."""
    working = [row for row in rows if row.measure.work_ns]
    working.sort(key=lambda row: -row.measure.work_ns)
    return tuple(map(_operation, working[:TOP]))


def _operation(row: OperationRow) -> SlowOperation:
    times = row.distribution
    return SlowOperation(
        syscall=row.syscall,
        activity=row.activity.title,
        calls=row.measure.calls,
        work_ns=row.measure.work_ns,
        p95_ns=times.p95_ns if times else None,
        max_ns=times.max_ns if times else None,
    )


def _cache(row: CacheRow) -> CacheUse:
    return CacheUse(row.name, row.lookups, row.hits, row.saved_ns, row.size_bytes, row.limit_bytes)
