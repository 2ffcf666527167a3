"""What aklo itself counted of its caches.

It does so in a file of its own, whose content is not in a trace. So that is read now, if the trace
was made on this host by a command that began the file, and nobody wrote it since: else it counts
the lookups of other commands as well.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import TYPE_CHECKING, Final

import numpy as np

from aklo_analysis.caches.answer import Answer
from aklo_analysis.calls import among
from aklo_analysis.nullable import objects, optional_int

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

FILE: Final = "cache_metrics.json"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the tool says of a cache, and how much more that is than was seen."""

    hits: int
    misses: int
    hits_difference: int
    misses_difference: int


def counters(case: Case) -> Mapping[str, int]:
    """The counters of aklo by their names; none if they cannot be had, or are not of this trace
    alone."""
    path = _file(case)
    found = None if path is None else case.sources.unchanged(path, case.meta.ended_at_ns)
    try:
        values = json.loads(found or b"{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if type(value) is int}


def claimed(
    values: Mapping[str, int], counter: str | None, answers: Sequence[Answer]
) -> Claimed | None:
    """`counter`: how the names of the counters of a cache begin; None if it has none."""
    hits, misses = values.get(f"{counter}_hits"), values.get(f"{counter}_misses")
    if hits is None or misses is None:
        return None
    seen = sum(answer.is_hit for answer in answers)
    return Claimed(hits, misses, hits - seen, misses - (len(answers) - seen))


def _file(case: Case) -> str | None:
    """The only one of its name that was written, if the first look did not find it."""
    paths = enumerate(objects(case.frames.files["path"]).tolist())
    named = {row: path for row, path in paths if path and basename(path) == FILE}
    names = {*named.values()}
    rows = np.flatnonzero(np.isin(case.calls["file"].to_numpy(np.int64), [*named]))
    written = among(case.calls["activity"].iloc[rows], ("write",))
    if len(names) != 1 or not written.any():
        return None
    at_ns = case.frames.syscalls["ts_ns"].to_numpy(np.int64)[rows]
    error = case.frames.syscalls["errno"].iloc[rows[at_ns.argmin()]]
    return names.pop() if optional_int(error) == errno.ENOENT else None
