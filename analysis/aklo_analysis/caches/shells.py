"""Where the shells of a trace were in their code, and when."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aklo_analysis.caches.answer import Stack
from aklo_analysis.caches.called import Calls
from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.causes import APART
from aklo_analysis.nullable import known_values, objects, optional_int

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
FOREVER_NS = 1 << 62


class Shells:
    """Looks up stacks, and how long shells stayed within them."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._stacks: dict[int, Stack] = {}
        self._within: dict[tuple[int, Stack], tuple[Int64, Int64, Int64]] = {}

    @cached_property
    def calls(self) -> Calls:
        return Calls.of(self._case.frames)

    @cached_property
    def parents(self) -> list[int]:
        """Of each process, as rows of `frames.processes`, or `UNKNOWN`."""
        processes = self._case.frames.processes
        rows: list[int] = positions(processes, "proc_id", processes["parent_proc_id"]).tolist()
        return rows

    def of_call(self, call: int) -> Stack:
        """The functions that a call is charged to; empty if none are known."""
        return self._of_cause(int(self._case.causes.of_calls[call]))

    def of_site(self, site: int) -> Stack:
        """By the row in `frames.sites`, or `UNKNOWN`."""
        if site == UNKNOWN:
            return ()
        if site not in self._stacks:
            names, lines = self._columns
            self._stacks[site] = tuple(zip(names[site] or (), lines[site] or (), strict=False))
        return self._stacks[site]

    def depth_of(self, site: int, function: str) -> int:
        """How deep in a stack a function is called first, from 1 on; 0 if it is not in it."""
        stack = self._columns[0][site] or ()
        return stack.index(function) + 1 if function in stack else 0

    def is_born_in(self, life: int, function: str) -> bool:
        """Whether a shell was forked within a function."""
        cause = int(self._case.causes.of_lives[life])
        return any(name == function for name, _ in self._of_cause(cause))

    def is_forked(self, life: int) -> bool:
        """Whether it began as a copy of another."""
        return bool(self._case.places.copies[life])

    def exit_status(self, life: int) -> int | None:
        """Of the process."""
        process = int(self._case.lives.table["process"].iloc[life])
        return optional_int(self._case.frames.processes["exit_status"].iloc[process])

    def life_of(self, process: int, at_ns: int) -> int:
        """The life of a process at an instant."""
        table = self._case.lives.table
        rows = np.flatnonzero((table["process"] == process) & (table["start_ns"] <= at_ns))
        return int(rows[-1]) if len(rows) else UNKNOWN

    def times(self, first: int, last: int) -> tuple[int, int]:
        """When the first of some calls began, and the last ended."""
        rows = self._case.frames.syscalls
        until_ns = int(rows["ts_ns"].iloc[last]) + (optional_int(rows["dur_ns"].iloc[last]) or 0)
        return int(rows["ts_ns"].iloc[first]), until_ns

    def around(self, life: int, stack: Stack, at_ns: int) -> tuple[int, int]:
        """From when to when a shell was within these functions at an instant."""
        process = int(self._case.lives.table["process"].iloc[life])
        if called := self.calls.at(process, stack[-1][0], at_ns):
            return called.start_ns, called.end_ns
        outside_ns, starts_ns, ends_ns = self._calls_within(life, stack)
        place = int(np.searchsorted(outside_ns, at_ns, side="right"))
        low_ns = int(outside_ns[place - 1]) if place else -1
        high_ns = int(outside_ns[place]) if place < len(outside_ns) else FOREVER_NS
        first = int(np.searchsorted(starts_ns, low_ns, side="right"))
        end = int(np.searchsorted(starts_ns, high_ns, side="left"))
        return (int(starts_ns[first]), int(ends_ns[end - 1])) if first < end else (at_ns, at_ns)

    def _calls_within(self, life: int, stack: Stack) -> tuple[Int64, Int64, Int64]:
        """When the calls of a shell outside of these functions began, and when those within
        began and ended."""
        key = life, stack
        if key not in self._within:
            order, frames = self._case.order, self._case.frames
            rows = order.calls[order.slices[life] : order.slices[life + 1]]
            sites = self._case.calls["site"].to_numpy(np.int64)[rows]
            known = [site for site in np.unique(sites).tolist() if site != UNKNOWN]
            within = [site for site in known if self.of_site(site)[: len(stack)] == stack]
            inside = np.isin(sites, within)
            at_ns = frames.syscalls["ts_ns"].to_numpy(np.int64)[rows]
            until_ns = at_ns + known_values(frames.syscalls["dur_ns"].iloc[rows])
            self._within[key] = at_ns[~inside], at_ns[inside], until_ns[inside]
        return self._within[key]

    def _of_cause(self, cause: int) -> Stack:
        if cause < len(APART):
            return ()
        return self.of_site(int(self._case.causes.site[cause - len(APART)]))

    @cached_property
    def _columns(self) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
        sites = self._case.frames.sites
        return objects(sites["stack"]), objects(sites["lines"])
