"""A comparison for programs: JSON, documented in docs/compare.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from statistics import median
from typing import Any, Final, TextIO

from aklo_analysis.compare.comparison import Change, Comparison, Side

COMPARE_VERSION: Final = 1
"""Grows when a key changes its meaning or goes away; new keys do not change it."""


def write(found: Comparison, stream: TextIO) -> None:
    """One JSON object, in ASCII."""
    document = {
        "compare_version": COMPARE_VERSION,
        "before": _side(found.before),
        "after": _side(found.after),
        "untested": found.untested,
        "doubts": found.doubts,
        "totals": [*map(change, found.totals)],
        "changes": [*map(change, found.changes)],
    }
    json.dump(document, stream, indent=2, allow_nan=False)
    stream.write("\n")


def _side(side: Side) -> dict[str, Any]:
    return {"traces": side.directories, "commands": side.commands}


def change(one: Change) -> dict[str, Any]:
    entry = asdict(one.entry)
    is_gone = entry.pop("gone")
    return {
        **entry,
        "number_before": one.entry.number if is_gone else one.number_before,
        "source": one.source,
        "measure": one.measure.key,
        "unit": one.measure.quantity.unit,
        "state": one.state,
        "before": one.before,
        "after": one.after,
        "median_before": median(one.before),
        "median_after": median(one.after),
        "difference": one.difference,
        "repeats": one.repeats,
        "p": one.tested.p if one.tested else None,
        "interval": asdict(one.tested.interval) if one.tested and one.tested.interval else None,
        "is_sure": one.is_sure,
    }
