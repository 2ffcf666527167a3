"""What misses of caches take, as benchmarks found it: kept beside the traces, for reports of
traces in which nothing was missed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from aklo_trace import location
from aklo_trace.plain_file import read_plain, write_whole

FILE: Final = "cache-misses.json"
VERSION: Final = 1
MOST_BYTES: Final = 1 << 20
MOST_NS: Final = 1 << 62


def keep(store: Path, found_ns: Mapping[str, int]) -> None:
    """By the name of a cache; others that were kept before stay. Nothing where that cannot be."""
    if not found_ns:
        return
    document = {"version": VERSION, "work_ns": {**kept(store), **found_ns}}
    with suppress(OSError):
        location.make(store)
        write_whole(store / FILE, (json.dumps(document, indent=2) + "\n").encode())


def kept(store: Path) -> dict[str, int]:
    """By the name of a cache, what the work of a miss takes."""
    try:
        found = json.loads(read_plain(store / FILE, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return {}
    work_ns = found.get("work_ns")
    if not isinstance(work_ns, dict):
        return {}
    return {name: ns for name, ns in work_ns.items() if type(ns) is int and 0 <= ns < MOST_NS}
