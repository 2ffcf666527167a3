"""Calls of bash functions by their process and name: of recordings with --function-calls."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from aklo_analysis.calls import positions
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import objects, optional_int


class Called(NamedTuple):
    """`process` is a row of `frames.processes`; `site` one of `frames.sites`, that of the caller,
    or `UNKNOWN`; `status` is None if it did not return."""

    start_ns: int
    end_ns: int
    process: int
    depth: int
    function: str
    status: int | None
    site: int


@dataclass(frozen=True)
class Calls:
    """`by`: those of each process and function, by the time of their beginning."""

    by: dict[tuple[int, str], list[Called]]

    @classmethod
    def of(cls, frames: Frames) -> Calls:
        """All that have ended and whose name is known."""
        calls = frames.calls.dropna(subset=["dur_ns", "function"])
        process = positions(frames.processes, "proc_id", calls["proc_id"]).tolist()
        sites = positions(frames.sites, "site_id", calls["site_id"]).tolist()
        names = "ts_ns", "dur_ns", "depth", "function", "exit_status"
        columns = [objects(calls[name]).tolist() for name in names]
        by: dict[tuple[int, str], list[Called]] = {}
        for number, site, at, ns, depth, name, status in zip(process, sites, *columns, strict=True):
            found = Called(at, at + ns, number, depth, name, optional_int(status), site)
            by.setdefault((number, name), []).append(found)
        for of_function in by.values():
            of_function.sort(key=lambda one: (one.start_ns, one.depth))
        return cls(by)

    def named(self, function: str) -> Iterator[Called]:
        for (_, name), found in self.by.items():
            if name == function:
                yield from found

    def at(self, process: int, function: str, at_ns: int) -> Called | None:
        """The innermost one that was under way at an instant."""
        found = self.by.get((process, function), [])
        place = bisect_right(found, at_ns, key=lambda one: one.start_ns)
        return next((one for one in reversed(found[:place]) if one.end_ns >= at_ns), None)
