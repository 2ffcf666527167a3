"""The keys there are, as docs/configuration.md shows them."""

from __future__ import annotations

from typing import Final

from aklo_trace.config.kinds import Choice, Number, Place, Truth, Whole
from aklo_trace.config.model import Key

KEYS: Final[tuple[Key, ...]] = (
    Key(
        "trace.engine",
        Choice(("auto", "ebpf", "bcc", "strace")),
        "auto",
        "what records; auto takes the best that can run",
        flag="--engine",
    ),
    Key(
        "trace.sample_hz",
        Whole(0, 10_000),
        99,
        "how often to look at what runs between calls; 0 is never",
        unit="Hz",
        flag="--sample-hz",
    ),
    Key(
        "trace.attribution",
        Truth(),
        True,
        "whether to look up which function and line of a shell makes a call",
        flag="--attribution",
    ),
    Key("trace.top", Whole(1, 1_000_000), 10, "rows per table of a report", flag="--top"),
    Key(
        "trace.color",
        Choice(("auto", "always", "never")),
        "auto",
        "colour in text reports; auto where they go to a terminal",
        flag="--color",
    ),
    Key(
        "monitoring.enabled",
        Truth(),
        True,
        "whether aklo monitors its own I/O",
        aklo="IO_MONITORING_ENABLED",
    ),
    Key(
        "monitoring.metrics_dir",
        Place(),
        ".aklo_metrics",
        "where traces go; a relative one counts in a project alone, and from there",
        aklo="IO_METRICS_DIR",
    ),
    Key(
        "monitoring.alert_threshold_ms",
        Whole(0, 86_400_000),
        1000,
        "what takes aklo longer is slow",
        unit="ms",
        aklo="IO_ALERT_THRESHOLD_MS",
    ),
    Key(
        "monitoring.retention_days",
        Whole(0, 36_500),
        7,
        "how long aklo keeps its own logs; traces stay until they are removed",
        unit="days",
        aklo="IO_RETENTION_DAYS",
    ),
    Key(
        "monitoring.dashboard_enabled",
        Truth(),
        True,
        "whether aklo shows its dashboard",
        aklo="IO_DASHBOARD_ENABLED",
    ),
    Key("cache.enabled", Truth(), True, "whether aklo uses its caches"),
    Key("cache.cache_dir", Place(), ".aklo_cache", "where aklo keeps parsed protocols and IDs"),
    Key("cache.scan_dir", Place(), "/tmp/aklo_scan_cache", "where it keeps scans of directories"),
    Key("cache.max_size_mb", Whole(0, 1_000_000), 100, "how large the caches may grow", unit="MB"),
    Key("cache.ttl_days", Number(0, 36_500), 7, "how long an entry is fresh", unit="days"),
    Key("cache.cleanup_on_start", Truth(), True, "whether aklo removes stale entries at its start"),
)
