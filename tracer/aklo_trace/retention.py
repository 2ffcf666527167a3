"""Which traces of a store are to go: what is too old, too many, too large, or in want of room.

Those that were closed first go first. What is pinned or being recorded stays, and so
does the newest trace unless it is too old: it is what somebody has just made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aklo_trace.quantity import DAY_NS, size_text
from aklo_trace.stored import RECORDING, Stored


@dataclass(frozen=True, slots=True)
class Limits:
    """What a store may hold: `days` since a trace was closed, traces, bytes of all of them, and
    bytes that are to be free on its disk. 0 is no limit."""

    days: int = 0
    traces: int = 0
    bytes: int = 0
    free_bytes: int = 0

    def said(self) -> str:
        """`for 7 days, up to 1,000 traces`."""
        parts = (
            (self.days, f"for {self.days:,} {'day' if self.days == 1 else 'days'}"),
            (self.traces, f"up to {self.traces:,} {'trace' if self.traces == 1 else 'traces'}"),
            (self.bytes, f"up to {size_text(self.bytes)}"),
            (self.free_bytes, f"while {size_text(self.free_bytes)} are free"),
        )
        said = ", ".join(text for limit, text in parts if limit)
        return f"kept {said or 'for ever: no limit is set'}"


@dataclass(frozen=True, slots=True)
class Removal:
    """A trace that is to go, and why: `older than 7 days`, `more than 1,000 traces`."""

    trace: Stored
    size_bytes: int
    why: str


def removals(
    traces: Iterable[Stored], limits: Limits, now_ns: int, free_bytes: int | None
) -> tuple[Removal, ...]:
    """What is to go, oldest first; `free_bytes` is what the disk has now, if that is known."""
    sized = [(one, one.size_bytes()) for one in sorted(traces, key=_age)]
    free = limits.free_bytes if free_bytes is None else free_bytes
    count, total = len(sized), sum(size for _, size in sized)
    found: list[Removal] = []
    for place, (trace, size) in enumerate(sized):
        if trace.is_pinned or trace.state == RECORDING:
            continue
        is_newest = place == len(sized) - 1
        why = _too_old(trace, limits, now_ns)
        if not why and not is_newest:
            why = _too_much(limits, count, total, free)
        if why:
            found.append(Removal(trace, size, why))
            count, total, free = count - 1, total - size, free + size
    return tuple(found)


def _age(trace: Stored) -> tuple[int, str]:
    return trace.closed_at_ns, trace.name


def _too_old(trace: Stored, limits: Limits, now_ns: int) -> str:
    if limits.days and now_ns - trace.closed_at_ns > limits.days * DAY_NS:
        return f"older than {limits.days:,} {'day' if limits.days == 1 else 'days'}"
    return ""


def _too_much(limits: Limits, count: int, total_bytes: int, free_bytes: int) -> str:
    """Why the oldest that is left is to go."""
    if limits.traces and count > limits.traces:
        return f"more than {limits.traces:,} traces"
    if limits.bytes and total_bytes > limits.bytes:
        return f"more than {size_text(limits.bytes)} of traces"
    if free_bytes < limits.free_bytes:
        return f"less than {size_text(limits.free_bytes)} free"
    return ""
