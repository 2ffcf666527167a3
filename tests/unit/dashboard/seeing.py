"""Calls for the dashboard, made by hand."""

from __future__ import annotations

import numpy as np

from aklo_analysis.caches.cache import SHIPPED
from aklo_analysis.dashboard.seen import Interner, Seen
from aklo_analysis.dashboard.state import About, State

START_NS = 1_700_000_000_000_000_000
Call = tuple[int, int, str, str, str]
"""When, in ns from the start; how long; function, file and call."""


def seen(*calls: Call, failed: bool = False, waits: bool = False) -> Seen:
    names = Interner()
    codes = [
        [names.code(text) for text in (function, f"/a.sh:{len(function)}", "bash", file, call)]
        for _, _, function, file, call in calls
    ]
    count = len(calls)
    return Seen(
        ts_ns=np.array([START_NS + at for at, *_ in calls], np.int64),
        dur_ns=np.array([took for _, took, *_ in calls], np.int64),
        bytes=np.full(count, 10, np.int64),
        failed=np.full(count, failed),
        absent=np.full(count, failed),
        waits=np.full(count, waits),
        codes=np.array(codes, np.int32).reshape(count, 5).T,
        names=names.names,
        started=count,
        ended=count // 2,
    )


HOSTILE = "/tmp/\x1b[2J\n\u202eevil"


def sample_state() -> State:
    """Ten seconds of two functions, with a cache, slow operations and hostile names."""
    about = About("aklo cache benchmark", "ebpf", 500_000_000, ("many_processes stands",))
    state = State(about, SHIPPED, at_ns=START_NS)
    for tick in range(40):
        at = tick * 250_000_000
        calls = [(at + n, 3_000 * 4**n, "config_value", "/etc/locale", "read") for n in range(6)]
        state.add(seen(*calls, (at, 900 + tick, "main", HOSTILE, "openat")))
        state.add(seen((at, 700, "lookup", "/x/a.parsed", "openat"), failed=tick % 4 == 0))
        state.add(seen((at, 9_000_000, "main", "(pipe)", "read"), waits=True))
    state.add(seen((9_900_000_000, 1_500_000_000, "store", "/x/big", "fsync")))
    state.loss = {"event_ring_full": 12}
    state.reach(START_NS + 10_000_000_000)
    return state
