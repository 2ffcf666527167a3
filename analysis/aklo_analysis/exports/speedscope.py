"""Profiles for https://www.speedscope.app: one for each weight that the trace knows.

That of the wall time keeps the order of time, the others have each stack once. The format is that
of https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

import numpy as np
import numpy.typing as npt

from aklo_analysis.exports.export import Choice, Subject
from aklo_analysis.exports.text import title
from aklo_analysis.exports.weights import weighed
from aklo_analysis.flame import CALLS, CPU, FUNCTION, PROCESSES, WALL, Flame, Frame, label
from aklo_trace import __version__
from aklo_trace.escape import escape

SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"
PROFILES: Final = {
    WALL: ("Wall time", "nanoseconds"),
    CPU: ("CPU time", "nanoseconds"),
    CALLS: ("System calls", "none"),
    PROCESSES: ("Processes", "none"),
}
"""The name of each weight's profile, and its unit."""

Int64 = npt.NDArray[np.int64]


def write(subject: Subject, stream: TextIO, choice: Choice) -> None:
    """The weight of the choice is what is shown first. Raises TraceError if it is not known."""
    flame = subject.report.flame
    weighed(flame, choice.weight)
    weights = [weight for weight in PROFILES if weight in flame.own]
    head = {
        "$schema": SCHEMA,
        "name": title(subject.trace.meta),
        "exporter": f"aklo-trace {__version__}",
        "activeProfileIndex": weights.index(choice.weight),
        "shared": {"frames": [_frame(frame) for frame in flame.frames]},
    }
    stream.write(json.dumps(head)[:-1] + ', "profiles": [')
    for place, weight in enumerate(weights):
        stream.write(",\n" if place else "\n")
        for piece in _profile(flame, weight):
            stream.write(piece)
    stream.write("]}\n")


def _frame(frame: Frame) -> dict[str, str]:
    found = {"name": escape(label(frame))}
    if frame.kind == FUNCTION and frame.file is not None:
        found["file"] = escape(frame.file)
    return found


def _profile(flame: Flame, weight: str) -> Iterator[str]:
    """In pieces: there may be many stretches."""
    node, amount = _samples(flame, weight)
    name, unit = PROFILES[weight]
    head: dict[str, Any] = {"type": "sampled", "name": name, "unit": unit, "startValue": 0}
    head["endValue"] = int(amount.sum())
    yield json.dumps(head)[:-1] + ', "weights": '
    yield json.dumps(amount.tolist())
    yield ', "samples": ['
    for place, number in enumerate(node.tolist()):
        yield f"{', ' if place else ''}{json.dumps(flame.stacks[number])}"
    yield "]}"


def _samples(flame: Flame, weight: str) -> tuple[Int64, Int64]:
    if weight == WALL:
        return flame.node, flame.ns
    node = np.flatnonzero(flame.own[weight])
    return node, flame.own[weight][node]
