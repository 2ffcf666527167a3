"""Remove traces that are too old, too many, too large, or in want of room on their disk.

The limits are those of the configuration (monitoring.retention_days and so on) unless options say
otherwise; the oldest go first. Recordings do the same at their end. What is being recorded or
read stays, and what is pinned; so does everything in a store that is no trace. A line on each trace
that goes is kept in removed-traces.jsonl, for trends.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from aklo_trace.cli import complain
from aklo_trace.config.configuration import MODEL
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.places import become_asker
from aklo_trace.purging import Purge, limits_of, planned, purge
from aklo_trace.retention import Limits, Removal

PURGE_VERSION: Final = 1
"""Grows when a key of the JSON changes its meaning or goes away."""
OPTIONS: Final = {
    "days": ("monitoring.retention_days", "N", "keep traces for so many days; 0 is for ever"),
    "traces": ("monitoring.retention_traces", "N", "keep so many traces; 0 is any number"),
    "bytes": ("monitoring.retention_size", "SIZE", "keep so much, as 2GiB; 0 is any size"),
    "free_bytes": ("monitoring.retention_free", "SIZE", "leave so much of the disk free; 0: any"),
}
"""By the name of a limit: its key, what the option takes, and what it means."""
FLAGS: Final = {"days": "--days", "traces": "--traces", "bytes": "--size", "free_bytes": "--free"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and why")
    for name, (_, metavar, meaning) in OPTIONS.items():
        parser.add_argument(FLAGS[name], dest=name, metavar=metavar, help=meaning)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    asker = become_asker()
    asker.warn()
    given = _given(options)
    stores = [store for store in asker.stores() if store.is_dir()]
    limits = {store: replace(limits_of(store, asker), **given) for store in stores}
    done = [(store, _purged(store, limits[store], options)) for store in stores]
    if options.format == "json":
        print(json.dumps(_as_json(done, options), indent=2))
    else:
        for store, found in done:
            _print(store, found, limits[store], options.dry_run)
    return 1 if any(found.kept for _, found in done) else 0


def _given(options: argparse.Namespace) -> dict[str, int]:
    """The limits that options name."""
    texts = {name: getattr(options, name) for name in OPTIONS}
    return {name: _value(name, text) for name, text in texts.items() if text is not None}


def _value(name: str, text: str) -> int:
    kind = MODEL.key(OPTIONS[name][0]).kind
    try:
        found = kind.read(text)
    except ValueError:
        raise UsageError(f"{FLAGS[name]}: must be {kind.allowed}, not '{text}'.") from None
    assert isinstance(found, int), name
    return found


def _purged(store: Path, limits: Limits, options: argparse.Namespace) -> Purge:
    now_ns = time.time_ns()
    return (
        Purge(planned(store, limits, now_ns)) if options.dry_run else purge(store, limits, now_ns)
    )


def _print(store: Path, found: Purge, limits: Limits, is_dry: bool) -> None:
    print(f"{escape(str(store))}: {limits.said()}")
    for removal in found.removed:
        print(f"  {_size(removal)}  {removal.why}: {escape(removal.trace.name)}")
    verb = "to be removed" if is_dry else "removed"
    print(f"{verb}: {found.said()}" if found.removed else f"nothing {verb}")
    for removal, reason in found.kept:
        complain(f"{removal.trace.directory} is not removed: {reason}.")


def _size(removal: Removal) -> str:
    return f"{removal.size_bytes / (1 << 20):8,.1f} MiB"


def _as_json(done: Iterable[tuple[Path, Purge]], options: argparse.Namespace) -> dict[str, object]:
    return {
        "purge_version": PURGE_VERSION,
        "dry_run": options.dry_run,
        "stores": [
            {
                "directory": str(store),
                "freed_bytes": found.freed_bytes,
                "removed": [_removal(removal) for removal in found.removed],
                "kept": [{**_removal(one), "reason": reason} for one, reason in found.kept],
            }
            for store, found in done
        ],
    }


def _removal(removal: Removal) -> dict[str, object]:
    name, size = removal.trace.name, removal.size_bytes
    return {"trace": name, "size_bytes": size, "why": removal.why}
