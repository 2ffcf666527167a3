"""The data of pictures, as the page's script reads it: plain lists of numbers and texts.

All texts are printable and short, and there are so few of everything that a page stays small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.activity import Activity
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.flame import FUNCTION, Frame, label
from aklo_analysis.flame_pruning import Stacks, pruned
from aklo_analysis.heat_map import HeatMap
from aklo_analysis.reporters.html.embedded import embedded
from aklo_analysis.timeline import ProcessBar, Timeline
from aklo_analysis.wall.doings import BY_KEY
from aklo_trace.escape import escape, escape_command

Int64 = npt.NDArray[np.int64]

NODES: Final = 3000
NAME: Final = 120
"""Characters of a name or a command, at most, and as many bytes again for what is no ASCII."""


@dataclass(frozen=True, slots=True)
class Width:
    """What frames can be as wide as: a title, and whether it is a time in ns. `pair`: of two
    traces, the keys of what it is before and after."""

    title: str
    is_time: bool
    pair: tuple[str, str] | None = None


def flame_graph(stacks: Stacks, widths: Mapping[str, Width]) -> dict[str, Any]:
    """`widths`: by the keys of `stacks.own`. Values of nodes are without those of what they
    call."""
    found = pruned(stacks, NODES)
    used, places = np.unique(found.frame[found.frame != UNKNOWN], return_inverse=True)
    frame = found.frame.copy()
    frame[frame != UNKNOWN] = places
    files: dict[str, int] = {}
    return {
        "measures": [
            {"key": key, "title": width.title, "time": width.is_time, "pair": width.pair}
            for key, width in widths.items()
            if key in found.own
        ],
        "frames": [_frame(found.frames[place], files) for place in used.tolist()],
        "files": [*files],
        "frame": frame.tolist(),
        "parent": found.parent.tolist(),
        "merged": found.merged.tolist(),
        "own": {key: values.tolist() for key, values in found.own.items()},
    }


def _frame(frame: Frame, files: dict[str, int]) -> list[Any]:
    """The name, 1 for a function or 0 for a program, and the place of its file."""
    file = UNKNOWN
    if frame.file is not None:
        file = files.setdefault(_short(frame.file), len(files))
    return [_short(label(frame)), int(frame.kind == FUNCTION), file]


def timeline(found: Timeline) -> dict[str, Any]:
    programs: dict[str, int] = {}
    return {
        "ns": found.columns.ns,
        "columns": found.columns.count,
        "lanes": found.lanes,
        "bars": [_bar(bar, programs) for bar in found.bars],
        "programs": [*programs],
        "others": found.others,
        "othersNs": found.others_ns,
        "doings": [[BY_KEY[key].title, times] for key, times in found.doings_ns.items()],
    }


def _bar(bar: ProcessBar, programs: dict[str, int]) -> list[Any]:
    """Start, duration, lane, pid, the place of its program, command, and how it ended."""
    program = programs.setdefault(_short(bar.program or "(unknown)"), len(programs))
    command = _short(escape_command(bar.argv)) if bar.argv else ""
    if bar.copied:
        command = f"(fork) {command}"
    return [bar.start_ns, bar.ns, bar.lane, bar.pid, program, command, _end(bar)]


def _end(bar: ProcessBar) -> str:
    if not bar.ended:
        return "still running at the end"
    if bar.signal is not None:
        return f"ended by signal {bar.signal}"
    return "" if bar.exit_status is None else f"exit status {bar.exit_status}"


def heat_map(found: HeatMap) -> dict[str, Any]:
    """Of each layer the title, whether it waits, and cells that are not empty: power of two of the
    duration, column and calls, one after the other."""
    return {
        "ns": found.columns.ns,
        "columns": found.columns.count,
        "layers": [
            [_layer_title(layer.activity), layer.activity.waits, _cells(layer.counts)]
            for layer in sorted(found.layers, key=lambda layer: -int(layer.counts.sum()))
        ],
    }


def _layer_title(activity: Activity) -> str:
    return f"waiting {activity.title}" if activity.waits else activity.title


def _cells(counts: Int64) -> list[int]:
    powers, columns = np.nonzero(counts)
    cells = np.stack([powers, columns, counts[powers, columns]], axis=1)
    found: list[int] = cells.reshape(-1).tolist()
    return found


def _short(text: str) -> str:
    text = escape(text)
    kept = text[:NAME]
    while len(embedded(kept)) > 2 * NAME:
        kept = kept[: len(kept) // 2]
    return kept if kept == text else f"{kept}…"
