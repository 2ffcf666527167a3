"""List the traces there are, newest first.

Those of the aklo project one stands in, then those of the user.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from aklo_trace import location, meta, summary
from aklo_trace.errors import TraceError
from aklo_trace.escape import escape
from aklo_trace.places import become_asker
from aklo_trace.stored import PINNED

NAMES: Final = "names"
"""The format that has a name a line, for scripts."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("text", "json", NAMES), default="text", help="of the output"
    )


def run(options: argparse.Namespace) -> int:
    stores = become_asker().stores()
    if options.format == "json":
        found = [_as_json(path) for store in stores for path in location.traces(store)]
        print(json.dumps(found, indent=2))
        return 0
    show = _print_names if options.format == NAMES else _print_store
    for store in stores:
        show(store)
    return 0


def _as_json(path: Path) -> dict[str, object]:
    """What meta.json says, and the summary if there is one."""
    try:
        facts = asdict(meta.read(path))
    except TraceError as error:
        return {"directory": str(path), "error": str(error)}
    found = summary.written(path)
    more = {"pinned": (path / PINNED).exists(), "summary": found and asdict(found)}
    return {"directory": str(path), **facts, **more}


def _print_names(store: Path) -> None:
    for path in location.traces(store):
        print(escape(path.name))


def _print_store(store: Path) -> None:
    found = location.traces(store)
    print(f"{escape(str(store))}: {len(found) or 'no'} trace{'' if len(found) == 1 else 's'}")
    for path in found:
        print("  " + escape(_line(path)))


def _line(path: Path) -> str:
    """The name, which says when and what, comes last: it has no fixed width."""
    try:
        found = summary.totals(path)
    except TraceError as error:
        return f"{path.name}  ({error})"
    wall = "" if found.wall_ns is None else f"{found.wall_ns / 1e9:.3f} s"
    state = "" if found.complete else "incomplete"
    if (path / PINNED).exists():
        state = state or "pinned"
    return f"{wall:>12} {found.calls:>13,} calls  {found.engine:<6}  {state:<10}  {path.name}"
