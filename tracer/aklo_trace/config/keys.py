"""The keys there are, as docs/configuration.md shows them."""

from __future__ import annotations

from typing import Final

from aklo_trace.config.kinds import (
    Choice,
    Duration,
    Limit,
    Number,
    Place,
    Size,
    Some,
    Text,
    Truth,
    Whole,
    Words,
)
from aklo_trace.config.model import RULE_THRESHOLD, Key
from aklo_trace.quantity import DAY_NS

TIME: Final = Duration(0, 366 * DAY_NS, "a time such as 500ms, 10s, 5m, 2h or 1d")
LIMIT: Final = Limit("a number, or a number with its unit such as 500ms, 64MiB or 5%")
SIZE: Final = Size(1 << 50, "a size such as 500MB, 2GiB or 0")
SEVERITIES: Final = ("info", "warning", "critical")
THRESHOLD: Final = "monitoring.alert_threshold_ms"
RETENTION_DAYS: Final = "monitoring.retention_days"
METRICS_DIR: Final = "monitoring.metrics_dir"
RAISED, REPEATED, CLEARED = EVENTS = "raised", "repeated", "cleared"
"""When there is something to be done about an alert."""

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
        "trace.zstd_level",
        Whole(1, 19),
        3,
        "how hard tables are compressed: more takes longer and saves a little",
    ),
    Key(
        "trace.segment_size",
        SIZE,
        64 << 20,
        "how large a file of a table grows before the next one is begun; 0 is any size",
    ),
    Key(
        "trace.segment_age",
        TIME,
        3600 * 10**9,
        "how much of the time of a trace a file of a table covers before the next one; 0 is any",
    ),
    Key(
        "monitoring.enabled",
        Truth(),
        True,
        "whether alerts are written down, and acted upon, when a recording ends, and whether the "
        "wrapper traces aklo",
        aklo="IO_MONITORING_ENABLED",
    ),
    Key(
        METRICS_DIR,
        Place(),
        ".aklo_metrics",
        "where traces go; a relative one counts in a project alone, and from there",
        aklo="IO_METRICS_DIR",
    ),
    Key(
        THRESHOLD,
        Whole(0, 86_400_000),
        1000,
        "an I/O operation that takes longer is an alert, `slow_operation`",
        unit="ms",
        aklo="IO_ALERT_THRESHOLD_MS",
    ),
    Key(
        RETENTION_DAYS,
        Whole(0, 36_500),
        7,
        "how long traces are kept after they were made, as aklo keeps its own logs; 0 is for ever",
        unit="days",
        aklo="IO_RETENTION_DAYS",
    ),
    Key(
        "monitoring.retention_traces",
        Whole(0, 1_000_000),
        1000,
        "how many traces a store may have before the oldest go; 0 is any number",
    ),
    Key(
        "monitoring.retention_size",
        SIZE,
        4 << 30,
        "how much all traces of a store may take before the oldest go; 0 is any size",
    ),
    Key(
        "monitoring.retention_free",
        SIZE,
        256 << 20,
        "what is to stay free on the disk of a store: with less the oldest traces go; 0 is nothing",
    ),
    Key(
        "monitoring.dashboard_enabled",
        Truth(),
        True,
        "whether aklo shows its dashboard, and the wrapper ours with `aklo status` and `aklo "
        "monitor dashboard`",
        aklo="IO_DASHBOARD_ENABLED",
    ),
    Key(
        "report.directory",
        Text("a path, or nothing", r".*"),
        "",
        "where a report of each recording is written when it ends; a relative one counts in a "
        "project alone, and from there. Without it none is",
    ),
    Key(
        "report.format",
        Choice(("html", "markdown", "text", "json")),
        "html",
        "what these reports are",
    ),
    Key("cache.enabled", Truth(), True, "whether aklo uses its caches"),
    Key("cache.cache_dir", Place(), ".aklo_cache", "where aklo keeps parsed protocols and IDs"),
    Key("cache.scan_dir", Place(), "/tmp/aklo_scan_cache", "where it keeps scans of directories"),
    Key("cache.max_size_mb", Whole(0, 1_000_000), 100, "how large the caches may grow", unit="MB"),
    Key("cache.ttl_days", Number(0, 36_500), 7, "how long an entry is fresh", unit="days"),
    Key("cache.cleanup_on_start", Truth(), True, "whether aklo removes stale entries at its start"),
    Key(
        "cache.*.files",
        Words("a list of patterns of paths", least=1),
        None,
        "its entries; `*` and `?` stand for anything within a name, and what does not begin with "
        "a slash counts from any directory",
    ),
    Key(
        "cache.*.companion",
        Text("the end of a file name", r"[^/]+"),
        None,
        "what the name of an entry is followed by in that of a file beside it",
    ),
    Key(
        "cache.*.function",
        Text("the name of a function", r"[^\s/]+"),
        None,
        "the function that looks up",
    ),
    Key(
        "cache.*.answer",
        Choice(("status", "output")),
        "status",
        "how the function tells a hit: by status 0, or by writing something",
    ),
    Key("cache.*.ttl", TIME, None, "how long an entry is fresh"),
    Key("cache.*.max_size", LIMIT, None, "how large it may grow"),
    Key("cache.*.enabled", Truth(), True, "whether it is looked for"),
    Key(
        RULE_THRESHOLD,
        Number(0, 1e15),
        None,
        "a threshold of a rule, such as rules.SH01.starts; docs/rules.md has them",
    ),
    Key("alert.*.metric", Text("the name of a metric", r"[a-z0-9_]+"), None, "what is limited"),
    Key(
        "alert.*.of",
        Text(
            "a class of operations, a system call, the code of a rule or the name of a cache",
            r"[\w-]+",
        ),
        None,
        "what of it, if not all: a class of operations, a system call, the code of a rule, or the "
        "name of a cache",
    ),
    Key("alert.*.over", LIMIT, None, "it is an alert above this"),
    Key("alert.*.under", LIMIT, None, "it is an alert below this"),
    Key("alert.*.at_least", LIMIT, None, "it is an alert from this on"),
    Key("alert.*.clear", LIMIT, None, "how far it has to come back to be over; the limit"),
    Key("alert.*.severity", Choice(SEVERITIES), "warning", "how bad it is"),
    Key(
        "alert.*.command",
        Text("a command, in which * and ? stand for anything"),
        "*",
        "for which commands: the program without its directory, and its arguments; * and ? "
        "stand for anything",
    ),
    Key(
        "alert.*.count",
        Whole(1, 10**9),
        1,
        "how many operations, classes or findings of a trace must be beyond the limit",
    ),
    Key(
        "alert.*.runs", Whole(1, 10**6), 1, "in how many traces of the command one after the other"
    ),
    Key("alert.*.for", TIME, 0, "how long that must last, from the first of these traces on"),
    Key("alert.*.hold", TIME, 0, "how long it stays an alert after it was last beyond"),
    Key("alert.*.repeat", TIME, 0, "the least time between two messages about it"),
    Key(
        "alert.*.actions",
        Words("a list of names"),
        (),
        "what is done about it: names of tables action.*",
    ),
    Key("alert.*.enabled", Truth(), True, "whether it is looked for"),
    Key(
        "action.*.command",
        Words("a program and its arguments, as a list", least=1),
        None,
        "a program to start, without a shell",
    ),
    Key(
        "action.*.url",
        Text("an address that begins with https:// or http://", r"https?://[!-~]+"),
        None,
        "where to post the alert, as JSON",
    ),
    Key(
        "action.*.file",
        Text("an absolute path, or one that begins with ~/", r"(~?/).*[^/]"),
        None,
        "a file to add a line to",
    ),
    Key(
        "action.*.timeout",
        Duration(100_000_000, 60_000_000_000, "a time from 100ms to 60s"),
        10_000_000_000,
        "how long it may take",
    ),
    Key(
        "action.*.on",
        Some(EVENTS),
        (RAISED, REPEATED),
        "when: raised, repeated, cleared",
    ),
)
